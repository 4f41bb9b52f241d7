"""What one run over a batch asks of the store, to the letter."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from models.effects import Effects, Origin, Output
from models.view import View
from schemas.deadletters import DeadLetter
from schemas.decoding import Reject
from streams.guard import Guard
from streams.processor import _LOOK_EVERY, Message, Processor, in_time_order
from streams.settings import GuardSettings
from streams.store.protocol import TICK_ENTRY, VIEW_ENTRY, Entry
from streams.topology import ShardId
from tests.streams.events import START, order, view

SHOP = ShardId("shop", 1)


NOTHING_NEW = (9, 9)
"""Versions of the view that have nothing new for the core."""


class Counting:
    """A core of which each step adds one and says something; what it does is in the article."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.settings = None
        self.seen: list[tuple[str, int, float]] = []
        self.at: list[float] = []
        self.views: list[tuple[int, ...]] = []
        self.processor: Processor | None = None
        self.in_hand: list[Origin | None] = []

    def accept(self, event: Any, origin: Origin, effects: Effects) -> Any:
        self.in_hand.append(self.processor.in_hand if self.processor else None)
        sku = getattr(event, "sku", "")
        self.seen.append((origin.topic, origin.offset, origin.timestamp))
        effects.add("count:seen", str(len(self.seen)), 1)
        for _ in range({"two": 2, "raises": 1}.get(sku, 0)):
            effects.send(Output("offers", b"k", effects.new_id(), {"at": origin.offset}))
        if sku == "raises":
            raise ZeroDivisionError("boom")
        if sku == "refused":
            return Reject("too_early", "not yet")
        return "duplicate" if sku == "again" else "accepted"

    def reads(self, view: View) -> bool:
        return view.versions != NOTHING_NEW

    def adopt(self, view: View, effects: Effects) -> None:
        self.views.append(view.versions)
        effects.add("count:views", "n", 1)

    def tick(self, at: float, effects: Effects) -> None:
        self.at.append(at)
        effects.add("count:ticks", effects.new_id(), 1)


def message(offset: int, sku: str = "a", topic: str = "clickstream", at: float = 0.0) -> Message:
    event = view(offset, sku) if topic == "clickstream" else order(offset, sku)
    return Message(topic, 1, offset, START + at, b"key", msgspec.json.encode(event))


@pytest.fixture
def core() -> Counting:
    return Counting()


@pytest.fixture
def processor(core: Counting) -> Processor:
    own = Processor(SHOP, core, 2, Guard(GuardSettings()))
    core.processor = own
    return own


def test_a_run_says_what_it_covers_counts_and_sends(processor: Processor):
    messages = [message(5), message(6, "two"), message(7, "again"), message(8, "refused"),
                Message("clickstream", 1, 9, START + 3, b"key", b'{"type":'),
                message(10, "raises"), message(11, "two")]  # fmt: skip
    done = processor.run(messages)
    assert done.work.covers == {"clickstream": (5, 12)}
    assert done.work.journal == [Entry("clickstream", 5, 12)]
    assert processor.positions == {"clickstream": 12}
    assert done.taken == 7
    assert done.work.tally == {
        "clickstream:read": 7, "clickstream:accepted": 3, "clickstream:duplicate": 1,
        "clickstream:rejected": 3, "clickstream:rejected:too_early": 1,
        "clickstream:rejected:not_json": 1, "clickstream:rejected:step_failed": 1,
        "offers:sent": 4, "dead-letters:sent": 3,
    }  # fmt: skip
    assert done.rejects == {
        ("clickstream", reason): 1 for reason in ("too_early", "not_json", "step_failed")
    }
    # What a step wanted to send before it raised is not sent, and its place is the dead letter's.
    topics = [record.topic for record in done.records]
    assert topics == ["offers"] * 2 + ["dead-letters"] * 3 + ["offers"] * 2
    assert len(done.work.outputs) == 7
    assert dict(done.records[0].headers)["ce_source"] == b"tailorline/shop-1"
    assert [record.caused_at for record in done.records[:3]] == [START, START, START]
    assert done.records[3].caused_at == START + 3


def test_two_refusals_for_one_reason_are_counted_as_two(processor: Processor):
    done = processor.run([message(0, "refused"), message(1, "refused")])
    assert done.rejects == {("clickstream", "too_early"): 2}


def test_repeats_are_passed_over_and_count_as_taken(processor: Processor, core: Counting):
    processor.run([message(0), message(1), message(2)])
    done = processor.run([message(1), message(2), message(3)])
    assert [offset for _, offset, _ in core.seen] == [0, 1, 2, 3]
    assert done.work.covers == {"clickstream": (3, 4)}
    assert done.taken == 3


def test_topics_that_alternate_are_entries_of_their_own(processor: Processor):
    both = [message(0, at=0), message(1, at=2), message(0, topic="orders", at=1),
            message(1, topic="orders", at=3)]  # fmt: skip
    done = processor.run(both)
    assert done.work.covers == {"clickstream": (0, 2), "orders": (0, 2)}
    assert done.work.journal == [
        Entry("clickstream", 0, 1), Entry("orders", 0, 1), Entry("clickstream", 1, 2),
        Entry("orders", 1, 2),
    ]  # fmt: skip


def test_an_offset_that_is_missing_is_covered_by_the_next_one(processor: Processor):
    processor.run([message(0)])
    done = processor.run([message(3), message(4)])
    assert done.work.covers == {"clickstream": (1, 5)}
    assert done.work.journal == [Entry("clickstream", 1, 5)]


def test_work_that_was_begun_is_gone_on_with(processor: Processor):
    work = processor.begin()
    work.effects.send(Output("offers", b"", "mine", {}))
    done = processor.run([message(0, "two")], work)
    assert done.work is work
    assert [record.topic for record in done.records] == [
        "offers",
        *(r.topic for r in done.records[1:]),
    ]
    assert done.work.tally["offers:sent"] == len(done.records) == len(done.work.outputs)


@pytest.mark.parametrize(
    ("most", "taken"), [(None, 100), (200, 100), (0, 16), (15, 16), (16, 32), (31, 32)]
)
def test_a_run_ends_once_it_wants_more_changes_than_it_may(processor, most, taken):
    done = processor.run([message(n) for n in range(100)], most=most)
    assert done.taken == taken
    assert taken == 100 or taken % _LOOK_EVERY == 0
    assert processor.positions == {"clickstream": taken}


def test_a_run_gets_on_even_if_more_is_wanted_before_its_first_event(processor: Processor):
    work = processor.begin()
    for n in range(100):  # a newer view was adopted, say
        work.effects.add("count:triples", str(n), 1)
    assert processor.run([message(n) for n in range(40)], work, most=50).taken == _LOOK_EVERY


def test_the_event_in_hand_is_known_while_its_step_runs_and_not_after(processor, core):
    processor.run([message(4, at=7.0), message(5)])
    assert [own.offset for own in core.in_hand] == [4, 5]
    assert core.in_hand[0] == Origin("clickstream", 1, 4, START + 7)
    assert processor.in_hand is None
    assert processor.last_timestamp == START + 7


def test_what_is_quarantined_is_a_dead_letter_with_its_reason(processor, core):
    processor.quarantine = {("clickstream", 1): "It hung.", ("orders", 0): "Another."}
    done = processor.run([message(0), message(1), message(2)])
    assert [offset for _, offset, _ in core.seen] == [0, 2]
    assert done.rejects == {("clickstream", "step_overran"): 1}
    (letter,) = done.records
    assert (letter.topic, letter.key) == ("dead-letters", b"key")
    assert DeadLetter.from_headers(dict(letter.headers)).message == "It hung."


def test_failures_count_until_a_step_goes_well(processor: Processor):
    processor._guard = Guard(GuardSettings(max_consecutive=3, max_ratio=1.0))
    for first in (0, 3, 6):
        processor.run([message(first, "raises"), message(first + 1, "raises"), message(first + 2)])
    assert processor.positions == {"clickstream": 9}


def test_a_view_is_adopted_once_and_noted(processor: Processor, core: Counting):
    work = processor.begin()
    processor.adopt(View(2), work)
    assert (core.views, work.journal) == ([], [])
    newer = View(2, versions=(3, 0))
    processor.adopt(newer, work)
    processor.adopt(newer, work)
    assert core.views == [(3, 0)]
    assert processor.versions == (3, 0)
    assert work.journal == [Entry(VIEW_ENTRY, versions=(3, 0))]
    assert work.effects.deltas == {"count:views": {"n": 1}}


def test_a_tick_is_of_whole_milliseconds_as_its_replay_will_be(
    processor: Processor, core: Counting
):
    work = processor.begin()
    processor.tick(12.34567, work)
    assert core.at == [12.345]
    assert work.journal == [Entry(TICK_ENTRY, 12345, 0)]
    replayed = processor.begin()
    processor.tick(work.journal[0].first / 1000, replayed)
    assert replayed.effects.deltas == work.effects.deltas


def test_a_snapshot_is_gone_back_to(processor: Processor, core: Counting):
    processor.run([message(0)])
    processor.adopt(View(2, versions=(1, 2)), processor.begin())
    snapshot = processor.snapshot()
    processor.run([message(1)])
    assert (snapshot.watermarks, snapshot.views) == ({"clickstream": 1}, (1, 2))
    other = Processor(SHOP, Counting(), 2, Guard(GuardSettings()))
    other.restore(snapshot)
    other.run([message(1)])
    assert other.core is core
    assert (other.positions, other.versions) == ({"clickstream": 2}, (1, 2))
    assert snapshot.watermarks == {"clickstream": 1}


def test_equal_times_are_taken_by_topic_and_offset_and_times_never_go_back():
    one = [message(n, topic="orders", at=at) for n, at in enumerate([5.0, 1.0, 5.0])]
    two = [message(n, at=at) for n, at in enumerate([5.0, 4.0, 6.0])]
    assert [(m.topic, m.offset) for m in in_time_order([*one, *two])] == [
        ("clickstream", 0), ("clickstream", 1), ("orders", 0), ("orders", 1), ("orders", 2),
        ("clickstream", 2),
    ]  # fmt: skip
    assert list(in_time_order(one)) == one


def test_times_of_before_1970_are_in_order_too():
    early = [message(0, at=-START - 5.0), message(0, topic="orders", at=-START - 9.0)]
    assert len(list(in_time_order(early))) == 2
