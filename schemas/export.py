"""The published contract: a JSON Schema per topic and one AsyncAPI document, out of the table.

Both are generated and committed; a test refuses a commit in which they differ from the structs.
Write them anew with ``python -m schemas.export``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec

from schemas.deadletters import DeadLetter
from schemas.fields import CustomerId, Sku, field
from schemas.topics import DEAD_LETTERS, MAX_EVENT_BYTES, TOPICS, Topic

VERSION = "1.0.0"
"""The version of the contract, not of the package: the major goes up when old readers break."""

HEADERS: dict[str, str] = {
    "tailorline.id": "id",
    "tailorline.reason": "reason",
    "tailorline.field": "where",
    "tailorline.size": "size",
    "tailorline.truncated": "truncated",
    "__streams.errors.exception": "reason",
    "__streams.errors.message": "message",
    "__streams.errors.topic": "topic",
    "__streams.errors.partition": "partition",
    "__streams.errors.offset": "offset",
}
"""Each header of a dead letter, and the field of `DeadLetter` that it carries."""

_MachineKey = Annotated[
    str,
    field("internal", "Line and machine.", max_length=129, pattern=r"^[^/]+/[^/]+\Z"),
]
_KEYS: dict[str, Any] = {"customer_id": CustomerId, "line/machine": _MachineKey, "sku": Sku}
# Bytes that could not be used may hold anything, so they are classed as the worst they can be.
_RAW: dict[str, Any] = {"type": "string", "format": "binary", "x-data-class": "personal"}

_Schemas = dict[str, dict[str, Any]]


def events_of(topic: Topic) -> tuple[type[msgspec.Struct], ...]:
    """Return the event types that flow on a topic."""
    return get_args(topic.event) or (topic.event,)


def documents() -> dict[str, bytes]:
    """Return every published document by its path below ``schemas/``."""
    found = {f"json/{topic.name}.schema.json": _pretty(json_schema(topic)) for topic in TOPICS}
    found["asyncapi.json"] = _pretty(asyncapi())
    return found


def write(folder: Path) -> None:
    """Write the documents below ``folder`` and remove the schemas of topics that are gone."""
    wanted = documents()
    for path in (folder / "json").glob("*.schema.json"):
        if path.relative_to(folder).as_posix() not in wanted:
            path.unlink()
    for name, content in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def json_schema(topic: Topic) -> dict[str, Any]:
    """Return the JSON Schema of a topic's values; of dead letters, that of their headers."""
    names, schemas = _components((topic,), "#/$defs/")
    references = [{"$ref": f"#/$defs/{name}"} for name in names]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tailorline:{topic.name}:{VERSION.partition('.')[0]}",
        "title": topic.name,
        "description": topic.about,
        **(references[0] if len(references) == 1 else {"anyOf": references}),
        "$defs": schemas,
    }


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0.0 document of all topics, as seen from Tailorline."""
    _, schemas = _components(TOPICS, "#/components/schemas/")
    return {
        "asyncapi": "3.0.0",
        "id": "urn:tailorline:events",
        "info": {
            "title": "Tailorline",
            "version": VERSION,
            "description": (
                "What Tailorline reads from Kafka and what it sends back. Keys must be"
                " partitioned with the Java client's murmur2."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {_operation_id(topic): _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {
                event.__name__: _message(topic, event)
                for topic in TOPICS
                for event in events_of(topic)
            },
            "schemas": schemas,
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    about = topic.about
    if topic.direction == "in":
        about += f" An event has at most {MAX_EVENT_BYTES:,} bytes."
    return {
        "address": topic.name,
        "description": about,
        "messages": {
            event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}
            for event in events_of(topic)
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    **({"cleanup.policy": ["compact"]} if topic.compacted else {}),
                    "retention.ms": topic.retention_hours * 3_600_000,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation_id(topic: Topic) -> str:
    verb = "receive" if topic.direction == "in" else "send"
    return verb + "".join(word.capitalize() for word in topic.name.split("-"))


def _operation(topic: Topic) -> dict[str, Any]:
    return {
        "action": "receive" if topic.direction == "in" else "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": topic.about,
        "messages": [
            {"$ref": f"#/channels/{topic.name}/messages/{event.__name__}"}
            for event in events_of(topic)
        ],
    }


def _message(topic: Topic, event: type[msgspec.Struct]) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{event.__name__}"}
    content: dict[str, Any] = {"contentType": "application/json", "payload": reference}
    if topic is DEAD_LETTERS:
        content = {
            "contentType": "application/octet-stream",
            "headers": reference,
            "payload": {**_RAW, "description": "The value as it came in, cut at the size limit."},
        }
    return {
        "name": event.__name__,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip(),
        **content,
        "bindings": {"kafka": {"key": _key(topic), "bindingVersion": "0.5.0"}},
    }


def _key(topic: Topic) -> dict[str, Any]:
    if topic is DEAD_LETTERS:
        return {**_RAW, "description": "The key as it came in, if it had one."}
    schema = msgspec.json.schema(_KEYS[topic.key])
    _make_portable(schema)
    return schema


def _components(topics: tuple[Topic, ...], prefix: str) -> tuple[list[str], _Schemas]:
    """Return the names of the topics' event types, and the schemas of all structs they need."""
    events = [event for topic in topics for event in events_of(topic)]
    _, raw = msgspec.json.schema_components(events, ref_template=prefix + "{name}")
    _make_portable(raw)
    schemas = {name: _struct(schema) for name, schema in raw.items()}
    if DeadLetter in events:
        schemas["DeadLetter"] = _headers(schemas["DeadLetter"])
    return [event.__name__ for event in events], schemas


def _struct(schema: dict[str, Any]) -> dict[str, Any]:
    properties = {name: _property(name, each) for name, each in schema["properties"].items()}
    return {**schema, "properties": properties}


def _property(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a property's schema with its data class where every tool finds it: on top."""
    if name == "type" and "enum" in schema:
        # The tag, which msgspec adds itself: the one property that no struct describes.
        return {
            **schema,
            "type": "string",
            "description": "Which event it is.",
            "x-data-class": "internal",
        }
    if "anyOf" in schema:
        # msgspec leaves the notes of `X | None` inside the branch of X.
        first, *others = schema["anyOf"]
        notes = {key: first[key] for key in ("description", "x-data-class") if key in first}
        bare = {key: value for key, value in first.items() if key not in notes}
        return {**notes, **schema, "anyOf": [bare, *others]}
    if "$ref" in schema and len(schema) > 1:
        # Draft 7, which AsyncAPI builds on, ignores whatever stands beside a reference.
        return {
            **{key: value for key, value in schema.items() if key != "$ref"},
            "allOf": [{"$ref": schema["$ref"]}],
        }
    return schema


def _make_portable(schema: object) -> None:
    r"""Make the patterns in a schema mean the same in ECMAScript, which has no ``\Z``."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            schema["pattern"] = schema["pattern"].replace(r"\Z", "$")
        for each in schema.values():
            _make_portable(each)
    elif isinstance(schema, list):
        for each in schema:
            _make_portable(each)


def _headers(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the headers on the wire, where every value is text."""
    properties = {header: _as_text(schema["properties"][name]) for header, name in HEADERS.items()}
    return {**schema, "properties": properties, "required": list(HEADERS)}


def _as_text(schema: dict[str, Any]) -> dict[str, Any]:
    notes = {key: schema[key] for key in ("description", "x-data-class")}
    match schema.get("type"):
        case "integer":
            return {**notes, "type": "string", "pattern": "^[0-9]+$"}
        case "boolean":
            return {**notes, "type": "string", "enum": ["false", "true"]}
        case _:
            return schema


def _pretty(document: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


if __name__ == "__main__":  # pragma: no cover
    write(Path(__file__).parent)
