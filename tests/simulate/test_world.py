"""The whole simulation repeats itself by seed, keeps its rate, and every clean event decodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.decoding import DECODERS, Reject
from schemas.outputs import Offer, OfferItem, Reason
from streams.simulate.messages import Message
from streams.simulate.world import World, sampling_period

START = 1_700_000_000.0


def decoded(messages: Iterable[Message]) -> Iterator[Any]:
    for topic, _, value in messages:
        event = DECODERS[topic](value)
        assert not isinstance(event, Reject), event
        yield event


def run(world: World, seconds: float, step: float = 0.25) -> list[Message]:
    messages = []
    for turn in range(int(seconds / step) + 1):
        messages += world.advance(START + turn * step)
    return messages


def test_equal_seeds_make_equal_messages() -> None:
    first, again, other = (run(World(seed, 200.0, 20.0), 20.0) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_clean_message_decodes_under_its_key_and_has_its_own_id() -> None:
    ids = set()
    messages = run(World(3, 500.0, 20.0, dirt_share=0.0), 20.0)
    for message, event in zip(messages, decoded(messages), strict=True):
        match message.topic:
            case "sensors":
                owner = f"{event.line}/{event.machine}"
            case "catalogue":
                owner = event.sku
            case _:
                owner = event.customer_id
        assert message.key == owner.encode()
        assert START <= event.occurred_at.timestamp() <= START + 20.001
        ids.add(event.event_id)
    assert len(ids) == len(messages)


def test_a_second_run_uses_other_ids() -> None:
    one, two = World(3, 200.0, dirt_share=0.0), World(3, 200.0, dirt_share=0.0)
    ids = [
        {event.event_id for event in decoded(world.advance(at) + world.advance(at + 5.0))}
        for world, at in ((one, START), (two, START + 600.0))
    ]
    assert ids[0].isdisjoint(ids[1])


@pytest.mark.parametrize("rate", [20.0, 200.0, 1000.0])
def test_the_rate_is_kept_and_no_topic_is_crowded_out(rate: float) -> None:
    topics = Counter(message.topic for message in run(World(4, rate, 30.0), 30.0))
    assert topics.pop("catalogue") > 120, "all articles, and what changed; not part of the rate"
    assert topics.total() == pytest.approx(rate * 30.0, rel=0.08)
    assert topics["clickstream"] > 0.3 * topics.total()
    assert topics["sensors"] > 0.15 * topics.total()
    assert topics["orders"] > 0


def test_sensors_are_thinned_at_low_rates() -> None:
    assert sampling_period(10_000.0) == 0.1
    assert sampling_period(100.0) == 0.5
    assert sampling_period(20.0) == pytest.approx(2.4)


def test_the_demand_shifts_and_production_does_not() -> None:
    world = World(5, 1000.0, 40.0, dirt_share=0.0)
    shift = world.truth.shift
    sold: dict[bool, Counter[bool]] = {False: Counter(), True: Counter()}
    made: dict[bool, Counter[bool]] = {False: Counter(), True: Counter()}
    for event in decoded(run(world, 40.0)):
        late = event.occurred_at.timestamp() - START >= shift.start_s
        for line in getattr(event, "lines", ()):
            sold[late][line.sku in shift.skus] += line.quantity
        if hasattr(event, "good"):
            made[late][event.sku in shift.skus] += event.good
    before, after = (sold[late][True] / sold[late].total() for late in (False, True))
    planned = made[True][True] / made[True].total()
    assert after > 1.6 * before
    assert planned == pytest.approx(before, rel=0.25)


def test_offers_come_back_as_clicks() -> None:
    world = World(6, 200.0, dirt_share=0.0)
    world.advance(START)
    sku = world.truth.articles[0].sku
    for number, customer in enumerate(sorted(world.truth.consenting)[:50]):
        world.offer_arrived(
            Offer(
                offer_id=f"offer-{number}",
                decided_at=datetime.fromtimestamp(START, UTC),
                expires_at=datetime.fromtimestamp(START + 60, UTC),
                customer_id=customer,
                session_id=None,
                trigger="view",
                items=(OfferItem(sku=sku, score=1.0, reason=Reason(kind="trending", text="")),),
                propensity=0.5,
                policy="test",
            )
        )
    kinds = Counter(type(event).__name__ for event in decoded(world.advance(START + 0.1)))
    assert kinds["OfferShown"] == world.shop.offers.shown > 30
    assert kinds["OfferClicked"] == world.shop.offers.clicked > 0
