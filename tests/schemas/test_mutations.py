"""The bad events that other tests lean on are bad, each in the way it says."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import Any

import pytest

from schemas.decoding import DECODERS, Reject
from schemas.topics import INPUTS
from tests.mutations import HUGE_BYTES, LATER, mutated

TOPICS = [topic.name for topic in INPUTS]


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("seed", [1, 2])
def test_each_is_refused_for_the_reason_it_says(topic: str, seed: int) -> None:
    decode = DECODERS[topic]
    for index, (raw, kind) in enumerate(mutated(topic, 1000, seed)):
        result = decode(raw)
        found = result.reason if isinstance(result, Reject) else None
        assert found == (None if kind in LATER else kind), (index, raw[:200], result)


@pytest.mark.parametrize("topic", TOPICS)
def test_what_only_a_later_step_refuses_is_really_there(topic: str) -> None:
    for raw, kind in mutated(topic, 300, 3):
        if kind in LATER:
            event: Any = DECODERS[topic](raw)
            assert (event.occurred_at.year == 2090) == (kind == "future_time")
            assert kind != "unknown_unit" or event.unit == "furlong"
            assert kind != "unknown_alarm" or event.machine == "furlong"


@pytest.mark.parametrize("topic", TOPICS)
def test_every_kind_comes_up(topic: str) -> None:
    kinds = Counter(kind for _, kind in mutated(topic, 1000, 4))
    expected = {"empty", "too_large", "not_json", "not_utf8", "invalid", "future_time"}
    own = {"sensors": {"unknown_unit"}, "commands": {"unknown_alarm"}}
    assert set(kinds) == expected | own.get(topic, set())
    assert min(kinds.values()) > 10


def test_a_few_are_huge() -> None:
    sizes = [len(raw) for raw, _ in mutated("orders", 1000, 5)]
    assert 1 <= sum(size >= HUGE_BYTES for size in sizes) <= 5


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    first, again, other = (list(mutated("sensors", 200, seed)) for seed in (6, 6, 7))
    assert first == again
    assert first != other
    # A longer run starts like a shorter one.
    assert first == list(itertools.islice(mutated("sensors", 400, 6), 200))


@pytest.mark.parametrize("topic", TOPICS)
def test_ids_of_events_that_decode_are_unique(topic: str) -> None:
    decode = DECODERS[topic]
    later: list[Any] = [decode(raw) for raw, kind in mutated(topic, 500, 8) if kind in LATER]
    ids = [event.event_id for event in later]
    assert len(ids) == len(set(ids)) > 20


def test_the_time_of_the_events_can_be_set() -> None:
    at = "2031-05-06T07:08:09Z"
    units = [raw for raw, kind in mutated("sensors", 100, 9, at=at) if kind == "unknown_unit"]
    assert units
    assert all(at.encode() in raw for raw in units)


def test_a_thousand_take_less_than_two_seconds() -> None:
    started = time.perf_counter()
    assert sum(1 for _ in mutated("clickstream", 1000, 10)) == 1000
    assert time.perf_counter() - started < 2
