"""Every kind of dirt is counted exactly and is what it claims to be."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from schemas.decoding import DECODERS, Reject
from schemas.topics import COMMANDS, INPUTS
from streams.replay.records import Record
from streams.simulate.dice import dice
from streams.simulate.dirt import CAUGHT_AS, Dirt
from streams.simulate.factory import Factory
from streams.simulate.shop import Shop
from streams.simulate.stockroom import Stockroom
from streams.simulate.truth import plant

START = 1_000_000.0


@pytest.fixture(scope="module")
def records() -> list[Record]:
    truth = plant(1, 60.0)
    made = Shop(truth, 1).step(START, 5000) + Factory(truth, 1).step(START, 60.0)
    stockroom = Stockroom(truth, 1)
    return made + stockroom.step(START - 600.0) + stockroom.step(START)


def test_what_is_planted_is_what_arrives(records: list[Record]) -> None:
    dirt = Dirt(dice(1, "dirt"), 0.1)
    found: Counter[tuple[str, str]] = Counter()
    seen = set()
    for topic, _, value in dirt.spoil(records):
        event = DECODERS[topic](value)
        if isinstance(event, Reject):
            found[topic, event.reason] += 1
        elif event.event_id in seen:
            found[topic, "duplicate"] += 1
        elif event.occurred_at.timestamp() > START + 86_400:
            found[topic, "future_time"] += 1
        elif getattr(event, "unit", None) == "furlong":
            found[topic, "unknown_unit"] += 1
        else:
            found[topic, "clean"] += 1
        seen.add(getattr(event, "event_id", None))
    planted: Counter[tuple[str, str]] = Counter()
    for (topic, kind), number in dirt.planted.items():
        planted[topic, CAUGHT_AS[kind]] += number
    for topic, number in dirt.clean.items():
        planted[topic, "clean"] += number
    assert found == planted
    assert {kind for _, kind in dirt.planted} == set(CAUGHT_AS)
    simulated = {topic.name for topic in INPUTS} - {
        COMMANDS.name
    }  # nobody operates the made-up line
    assert {topic for topic, _ in dirt.planted} == simulated
    assert 0.08 < dirt.planted.total() / len(records) < 0.12


def test_no_share_leaves_everything_clean(records: list[Record]) -> None:
    messages = list(Dirt(dice(1, "dirt"), 0.0).spoil(records))
    assert [message.value for message in messages] == [
        msgspec.json.encode(record.event) for record in records
    ]


def test_one_beside_another_counts_there_and_leaves_its_dice_alone(records: list[Record]) -> None:
    alone, helped = Dirt(dice(1, "dirt"), 0.1), Dirt(dice(1, "dirt"), 0.1)
    beside = helped.beside(dice(1, "other"))
    half = len(records) // 2
    for _ in beside.spoil(records[half:]):
        pass
    there = helped.planted.total()
    assert there > 0
    assert list(helped.spoil(records[:half])) == list(alone.spoil(records[:half]))
    assert helped.planted.total() == there + alone.planted.total()
