"""What everything else takes for granted about the topic table."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from schemas.export import events_of, json_schema
from schemas.topics import (
    BY_NAME,
    CATALOGUE,
    CLICKSTREAM,
    DEAD_LETTERS,
    INPUTS,
    MAX_EVENT_BYTES,
    ORDERS,
    OUTPUTS,
    TOPICS,
    Area,
    topics_of,
)

AREAS: tuple[Area, ...] = get_args(Area)


def test_names_are_unique_and_legal_in_kafka() -> None:
    assert len(BY_NAME) == len(TOPICS)
    for name, topic in BY_NAME.items():
        assert name == topic.name
        assert re.fullmatch(r"[a-z][a-z0-9-]{0,100}", name)


def test_inputs_and_outputs_are_the_whole_table() -> None:
    assert {*INPUTS, *OUTPUTS} == set(TOPICS)
    assert not {*INPUTS} & {*OUTPUTS}


def test_every_input_and_no_output_belongs_to_an_area() -> None:
    assert all(topic.area in AREAS for topic in INPUTS)
    assert all(topic.area is None for topic in OUTPUTS)


@pytest.mark.parametrize("area", AREAS)
def test_the_topics_of_an_area_are_co_partitioned(area: Area) -> None:
    topics = topics_of(area)
    assert topics
    assert len({topic.partitions for topic in topics}) == 1


def test_what_meets_in_a_step_has_the_same_key() -> None:
    # The catalogue does not: what is known of an article reaches the shards by the merged view.
    assert CLICKSTREAM.key == ORDERS.key != CATALOGUE.key


def test_the_topic_that_is_compacted_tells_all_with_each_event_and_nothing_of_persons() -> None:
    compacted = [topic for topic in TOPICS if topic.compacted]
    assert compacted == [CATALOGUE]
    for field in json_schema(CATALOGUE)["$defs"]["ArticleChanged"]["properties"].values():
        assert field["x-data-class"] != "personal"


def test_areas_share_no_topic() -> None:
    assert sorted(topic.name for area in AREAS for topic in topics_of(area)) == sorted(
        topic.name for topic in INPUTS
    )


def test_an_event_of_the_largest_size_fits_its_topic_and_the_dead_letters() -> None:
    assert all(topic.max_message_bytes > MAX_EVENT_BYTES for topic in TOPICS)
    assert max(topic.max_message_bytes for topic in TOPICS) == DEAD_LETTERS.max_message_bytes


def test_dead_letters_are_kept_the_longest() -> None:
    assert max(topic.retention_hours for topic in TOPICS) == DEAD_LETTERS.retention_hours


def test_every_row_is_filled_in() -> None:
    for topic in TOPICS:
        assert topic.key
        assert topic.about.endswith(".")
        assert topic.partitions > 0
        assert topic.retention_hours > 0


def test_an_event_type_belongs_to_one_topic_and_its_name_is_unique() -> None:
    names = [event.__name__ for topic in TOPICS for event in events_of(topic)]
    assert len(names) == len(set(names))
