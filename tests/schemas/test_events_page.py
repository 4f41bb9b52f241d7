"""The page for producers and consumers shows events that really decode, one of each type."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator

from schemas.deadletters import DeadLetter, Reason
from schemas.decoding import Reject, decoder_of
from schemas.export import HEADERS, events_of, json_schema
from schemas.fields import DataClass
from schemas.topics import BY_NAME, MAX_EVENT_BYTES, TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")


def examples() -> Iterator[tuple[str, str]]:
    """Yield each JSON block with the topic of the heading that it stands under."""
    topic = ""
    for heading, block in re.findall(
        r"^### ([^\n]*)$|^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    ):
        if heading:
            topic = heading.strip("`")
        else:
            yield topic, block


def decoded(topic: str, block: str) -> msgspec.Struct:
    if topic == "dead-letters":
        return DeadLetter.from_headers(
            {name: text.encode() for name, text in json.loads(block).items()}
        )
    event: Any = decoder_of(BY_NAME[topic])(block.encode())
    assert not isinstance(event, Reject), event
    assert isinstance(event, msgspec.Struct)
    return event


@pytest.mark.parametrize(("topic", "block"), list(examples()))
def test_each_example_decodes_and_fits_its_schema(topic: str, block: str) -> None:
    event = decoded(topic, block)
    Draft202012Validator(json_schema(BY_NAME[topic])).validate(json.loads(block))
    if topic != "dead-letters":
        # A misspelt field would be skipped as an unknown one.
        assert set(json.loads(block)) <= {"type", *event.__struct_fields__}


def test_there_is_one_example_of_every_event_type() -> None:
    shown = [type(decoded(topic, block)) for topic, block in examples()]
    assert shown == [event for topic in TOPICS for event in events_of(topic)]


def test_every_topic_and_key_is_in_the_table() -> None:
    for topic in TOPICS:
        row = re.search(rf"^\| `{topic.name}` \| (\w+) \| (.*?) \|", PAGE, re.MULTILINE)
        assert row, topic.name
        assert row[1] == ("reads" if topic.direction == "in" else "writes")
        if topic.name != "dead-letters":
            assert row[2].startswith(f"`{topic.key}`")


@pytest.mark.parametrize("name", [*HEADERS, *get_args(Reason), *get_args(DataClass)])
def test_every_header_reason_and_data_class_is_explained(name: str) -> None:
    assert re.search(rf"^\| `{re.escape(name)}` \|", PAGE, re.MULTILINE)


def test_the_size_limit_is_the_real_one() -> None:
    assert set(re.findall(r"([0-9]+,[0-9]+) bytes", PAGE)) == {f"{MAX_EVENT_BYTES:,}"}


def test_producers_are_told_which_partitioner_to_use() -> None:
    assert "partitioner=murmur2_random" in PAGE
