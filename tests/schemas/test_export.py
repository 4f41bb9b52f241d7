"""The published contract: up to date, valid, and the same as what the decoders do."""

from __future__ import annotations

import json
import re
import string
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from schemas.deadletters import DeadLetter
from schemas.decoding import DECODERS, Reject, decoder_of
from schemas.export import HEADERS, asyncapi, documents, events_of, json_schema, write
from schemas.fields import DataClass
from schemas.topics import BY_NAME, DEAD_LETTERS, INPUTS, TOPICS
from tests.mutations import LATER, mutated

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = Path(__file__).parents[2] / "schemas"
ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "samples" / "v1.jsonl").read_text("utf-8").splitlines()
]
NAMES = [topic.name for topic in TOPICS]
CLASSES = get_args(DataClass)
HINT = "run `python -m schemas.export`"

formats = FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def is_time(value: object) -> bool:
    # The library checks no times without a further package; this is RFC 3339 in short.
    if not isinstance(value, str):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
        return False
    return datetime.fromisoformat(value).tzinfo is not None


def validator(topic: str) -> Draft202012Validator:
    return Draft202012Validator(json_schema(BY_NAME[topic]), format_checker=formats)


def walk(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object in a document."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each)


def resolve(document: dict[str, Any], reference: str) -> dict[str, Any]:
    assert reference.startswith("#/")
    found = document
    for part in reference[2:].split("/"):
        found = found[part]
    return found


# The files.


def test_the_committed_files_are_up_to_date() -> None:
    for name, content in documents().items():
        assert (SCHEMAS / name).read_bytes() == content, HINT


def test_there_are_no_other_committed_files() -> None:
    found = {f"json/{path.name}" for path in (SCHEMAS / "json").iterdir()}
    assert found | {"asyncapi.json"} == set(documents()), HINT


def test_write_writes_all_and_removes_what_is_gone(tmp_path: Path) -> None:
    stale = tmp_path / "json" / "gone.schema.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    other = tmp_path / "json" / "README.md"
    other.write_text("stays")
    write(tmp_path)
    write(tmp_path)
    assert not stale.exists()
    assert other.exists()
    for name, content in documents().items():
        assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("name", sorted(documents()))
def test_files_are_sorted_and_end_with_a_newline(name: str) -> None:
    content = documents()[name]
    assert content.endswith(b"}\n")
    for each in walk(json.loads(content)):
        assert list(each) == sorted(each)


# The JSON Schemas.


@pytest.mark.parametrize("topic", NAMES)
def test_json_schemas_are_valid(topic: str) -> None:
    Draft202012Validator.check_schema(json_schema(BY_NAME[topic]))


@pytest.mark.parametrize("topic", NAMES)
def test_references_lead_somewhere(topic: str) -> None:
    document = json_schema(BY_NAME[topic])
    for each in walk(document):
        if "$ref" in each:
            assert resolve(document, each["$ref"])["type"] == "object"


@pytest.mark.parametrize("name", sorted(documents()))
def test_patterns_mean_the_same_in_every_language(name: str) -> None:
    # ECMAScript reads a backslash and a capital that it does not know as that letter.
    for each in walk(json.loads(documents()[name])):
        if isinstance(each.get("pattern"), str):
            escapes = set(re.findall(r"\\(.)", each["pattern"]))
            assert not escapes & set(string.ascii_letters), each["pattern"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["topic"])
def test_samples_fit_the_schema_as_well_as_the_decoder(row: dict[str, Any]) -> None:
    validator(row["topic"]).validate(row["event"])
    if row["topic"] != "dead-letters":
        decoded = decoder_of(BY_NAME[row["topic"]])(json.dumps(row["event"]).encode())
        assert not isinstance(decoded, Reject)
        # What we send must fit too, with the defaults written out.
        validator(row["topic"]).validate(json.loads(msgspec.json.encode(decoded)))


@pytest.mark.parametrize("topic", [topic.name for topic in INPUTS])
def test_the_schema_refuses_what_the_decoder_refuses_and_nothing_else(topic: str) -> None:
    checks = validator(topic)
    for raw, kind in mutated(topic, 400, 11):
        # Python's own reader gives up on the deep ones, which are no objects anyway.
        if (kind == "invalid" or kind in LATER) and not raw.startswith(b"[["):
            decoded = DECODERS[topic](raw)
            fits = checks.is_valid(json.loads(raw, parse_int=float_if_huge))
            assert fits == (not isinstance(decoded, Reject)), (raw[:200], decoded)


def float_if_huge(digits: str) -> int | float:
    # Python refuses to read an integer of thousands of digits.
    return int(digits) if len(digits) < 100 else float(digits)


# The data classes.


def structs_in(kind: msgspec.inspect.Type) -> Iterator[msgspec.inspect.StructType]:
    """Yield every struct that a type is made of."""
    match kind:
        case msgspec.inspect.Metadata():
            yield from structs_in(kind.type)
        case msgspec.inspect.UnionType():
            for each in kind.types:
                yield from structs_in(each)
        case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
            yield from structs_in(kind.item_type)
        case msgspec.inspect.DictType():
            yield from structs_in(kind.value_type)
        case msgspec.inspect.StructType():
            yield kind
            for field in kind.fields:
                yield from structs_in(field.type)


def note(kind: msgspec.inspect.Type) -> dict[str, Any]:
    """Return what a field's type says about it, be it optional or not."""
    if isinstance(kind, msgspec.inspect.Metadata):
        return kind.extra_json_schema or {}
    if isinstance(kind, msgspec.inspect.UnionType):
        return next(filter(None, map(note, kind.types)), {})
    return {}


@pytest.mark.parametrize("topic", NAMES)
def test_every_field_of_every_struct_has_a_data_class_and_a_description(topic: str) -> None:
    structs = list(structs_in(msgspec.inspect.type_info(BY_NAME[topic].event)))
    assert {each.cls for each in structs} >= set(events_of(BY_NAME[topic]))
    for struct in structs:
        for field in struct.fields:
            found = note(field.type)
            assert found.get("x-data-class") in CLASSES, f"{struct.cls.__name__}.{field.name}"
            assert found.get("description"), f"{struct.cls.__name__}.{field.name}"


@pytest.mark.parametrize("name", sorted(documents()))
def test_every_published_property_has_its_data_class_on_top(name: str) -> None:
    document = json.loads(documents()[name])
    schemas = document.get("$defs") or document["components"]["schemas"]
    assert schemas
    for struct, schema in schemas.items():
        for key, value in schema["properties"].items():
            assert value["x-data-class"] in CLASSES, (struct, key)
            assert value["description"], (struct, key)


def test_what_a_customer_did_is_personal() -> None:
    search = json_schema(BY_NAME["clickstream"])["$defs"]["Search"]["properties"]
    personal = {name for name, each in search.items() if each["x-data-class"] == "personal"}
    assert personal == {"customer_id", "session_id", "consent", "query"}


# The dead letters' headers.


def test_the_schema_of_dead_letters_is_that_of_their_headers() -> None:
    letter = DeadLetter(
        id="letter-1",
        reason="invalid",
        message="No.",
        where="$",
        topic="orders",
        partition=0,
        offset=9,
        size=2,
        truncated=True,
    )
    headers = letter.headers()
    assert [name for name, _ in headers] == list(HEADERS)
    assert set(HEADERS.values()) == set(DeadLetter.__struct_fields__)
    wire = {name: value.decode() for name, value in headers}
    checks = validator("dead-letters")
    checks.validate(wire)
    for name in wire:
        assert not checks.is_valid({key: value for key, value in wire.items() if key != name})
    assert not checks.is_valid({**wire, "tailorline.reason": "bad_mood"})
    assert not checks.is_valid({**wire, "tailorline.truncated": "True"})
    assert not checks.is_valid({**wire, "__streams.errors.offset": "-1"})


# The AsyncAPI document. By hand it was also checked against the official schema of 3.0.0 and
# with the official parser, which are too large to carry; this checks what a change could break.


def test_asyncapi_has_what_every_document_needs() -> None:
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    assert document["info"]["title"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["info"]["version"])
    allowed = {"asyncapi", "id", "info", "defaultContentType", "channels", "operations"}
    assert set(document) == allowed | {"components"}
    for part in ("channels", "operations"):
        assert all(re.fullmatch(r"[\w.-]+", name) for name in document[part])
    for part in ("messages", "schemas"):
        assert all(re.fullmatch(r"[\w.-]+", name) for name in document["components"][part])


def test_asyncapi_references_lead_somewhere() -> None:
    document = asyncapi()
    references = [each["$ref"] for each in walk(document) if "$ref" in each]
    assert references
    for reference in references:
        assert resolve(document, reference)


def test_asyncapi_channels_are_the_topic_table() -> None:
    document = asyncapi()
    assert set(document["channels"]) == set(NAMES)
    for topic in TOPICS:
        channel = document["channels"][topic.name]
        assert channel["address"] == topic.name
        assert set(channel["messages"]) == {event.__name__ for event in events_of(topic)}
        kafka = channel["bindings"]["kafka"]
        assert set(kafka) <= {"topic", "partitions", "topicConfiguration", "bindingVersion"}
        assert kafka["partitions"] == topic.partitions
        assert kafka["topicConfiguration"] == {
            "retention.ms": topic.retention_hours * 3600 * 1000,
            "max.message.bytes": topic.max_message_bytes,
        } | ({"cleanup.policy": ["compact"]} if topic.compacted else {})


def test_asyncapi_operations_are_seen_from_tailorline() -> None:
    document = asyncapi()
    actions = {}
    for operation in document["operations"].values():
        name = operation["channel"]["$ref"].removeprefix("#/channels/")
        actions[name] = operation["action"]
        prefix = f"#/channels/{name}/messages/"
        sent = [each["$ref"].removeprefix(prefix) for each in operation["messages"]]
        assert sent == list(document["channels"][name]["messages"])
    assert actions == {
        topic.name: "receive" if topic.direction == "in" else "send" for topic in TOPICS
    }
    assert {"receiveClickstream", "sendDeadLetters"} <= set(document["operations"])


def test_asyncapi_messages_carry_payload_and_key() -> None:
    document = asyncapi()
    for name, message in document["components"]["messages"].items():
        assert message["name"] == name
        assert message["summary"].endswith(".")
        key = message["bindings"]["kafka"]["key"]
        assert key["type"] == "string"
        assert key["x-data-class"] in CLASSES
        if name != "DeadLetter":
            assert message["contentType"] == "application/json"
            assert message["payload"] == {"$ref": f"#/components/schemas/{name}"}


def test_asyncapi_dead_letters_are_raw_bytes_with_headers() -> None:
    message = asyncapi()["components"]["messages"]["DeadLetter"]
    assert message["contentType"] == "application/octet-stream"
    assert message["payload"]["format"] == "binary"
    assert message["payload"]["x-data-class"] == "personal"
    assert message["headers"] == {"$ref": "#/components/schemas/DeadLetter"}
    headers = asyncapi()["components"]["schemas"]["DeadLetter"]
    assert headers == json_schema(DEAD_LETTERS)["$defs"]["DeadLetter"]


def test_asyncapi_schemas_stay_within_draft_7() -> None:
    # AsyncAPI's own schema format is a superset of draft 7, but for `discriminator`, a text there.
    newer = {"$defs", "prefixItems", "dependentRequired", "unevaluatedProperties", "discriminator"}
    for schema in asyncapi()["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)
        for each in walk(schema):
            assert not newer & set(each)
            assert "$ref" not in each or len(each) == 1
