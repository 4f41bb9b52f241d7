"""OEE of machines by day: sums that late news correct, in whatever order it comes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.effects import SEPARATOR, Effects
from models.floor import FloorSettings, FloorShard
from models.line import effectiveness
from models.line.document import LineRules
from models.line.effectiveness import DAYS, OEE, SUMS, Effectiveness, Key, MachineDay, summed
from models.oee import Oee
from schemas.sensors import State
from tests.models.events import T0, Feed, made, state
from tests.models.line.floors import floor, reading, restart, ruled, shard_of, tick

DAY = 86_400.0
MIDNIGHT = T0 - T0 % DAY + DAY
NAMES = ("2027-01-16", "2027-01-17", "2027-01-18")
"""The days that begin at `MIDNIGHT`, and after it."""
BEFORE = "2027-01-15"
M1: Key = ("l1", "m1")


class Book:
    """An `Effectiveness`, and the sums as the store has them."""

    def __init__(self) -> None:
        self.own = Effectiveness()
        self.rows: dict[str, float] = {}

    def state(self, name: State, at: float, key: Key = M1) -> None:
        self._apply(lambda effects: self.own.state(key, name, at, effects))

    def made(
        self, at: float, good: int, scrap: int = 0, ideal: float | None = 2.0, key: Key = M1
    ) -> None:
        self._apply(lambda effects: self.own.made(key, at, good, scrap, ideal, effects))

    def tick(self, at: float) -> None:
        self._apply(lambda effects: self.own.tick(at, effects))

    def sums(self, key: Key = M1) -> dict[str, Oee]:
        """The sums of each day that has any."""
        found = {day: oee for day, oee in summed([self.rows]).items() if day[:2] == key}
        return {day.day: oee for day, oee in found.items()}

    def _apply(self, step: Any) -> None:
        effects = Effects()
        step(effects)
        for field in effects.drops.get(OEE, ()):  # the order of the store: drops, then deltas
            self.rows.pop(field, None)
        for field, amount in effects.deltas.get(OEE, {}).items():
            self.rows[field] = self.rows.get(field, 0.0) + amount


def times(book: Book) -> dict[str, tuple[float, float]]:
    """Planned and production time of each day, in seconds."""
    return {
        day: (round(own.planned_s, 6), round(own.production_s, 6))
        for day, own in book.sums().items()
        if own.planned_s or own.production_s
    }


def test_time_is_of_the_day_it_passes_in() -> None:
    book = Book()
    book.state("running", MIDNIGHT - 3600.0)
    book.state("fault", MIDNIGHT + 600.0)
    book.state("maintenance", MIDNIGHT + 1000.0)
    book.tick(MIDNIGHT + 2000.0)
    assert times(book) == {BEFORE: (3600.0, 3600.0), NAMES[0]: (1000.0, 600.0)}


def test_a_machine_that_runs_for_days_runs_on_each() -> None:
    book = Book()
    book.state("running", MIDNIGHT - 10.0)
    book.tick(MIDNIGHT + 2 * DAY + 5.0)
    assert times(book) == {
        BEFORE: (10.0, 10.0), NAMES[0]: (DAY, DAY), NAMES[1]: (DAY, DAY), NAMES[2]: (5.0, 5.0),
    }  # fmt: skip


def test_counts_are_of_the_day_they_are_from_late_or_not() -> None:
    book = Book()
    book.made(MIDNIGHT + 5.0, 10, 1)
    book.made(MIDNIGHT - 5.0, 4, 2)
    book.made(MIDNIGHT + 6.0, 1, ideal=None)
    assert book.sums() == {
        BEFORE: Oee(ideal_s=12.0, produced=6, good=4),
        NAMES[0]: Oee(ideal_s=22.0, produced=12, good=11, unrated=1),
    }


def test_a_state_that_comes_late_corrects_the_sums() -> None:
    book = Book()
    book.state("running", MIDNIGHT)
    book.tick(MIDNIGHT + 1000.0)
    book.state("stopped", MIDNIGHT + 400.0)
    assert times(book) == {NAMES[0]: (1000.0, 400.0)}
    book.state("running", MIDNIGHT + 600.0)
    assert times(book) == {NAMES[0]: (1000.0, 800.0)}
    book.state("maintenance", MIDNIGHT - 100.0)
    book.state("maintenance", MIDNIGHT + 900.0)
    assert times(book) == {NAMES[0]: (900.0, 700.0)}


def test_a_correction_over_midnight_is_of_both_days() -> None:
    book = Book()
    book.state("running", MIDNIGHT - 3600.0)
    book.tick(MIDNIGHT + 3600.0)
    book.state("stopped", MIDNIGHT - 600.0)
    assert times(book) == {BEFORE: (3600.0, 3000.0), NAMES[0]: (3600.0, 0.0)}


def test_a_first_state_that_comes_last_is_of_all_its_days() -> None:
    book = Book()
    book.state("stopped", MIDNIGHT + DAY + 50.0)
    book.tick(MIDNIGHT + DAY + 60.0)
    book.state("running", MIDNIGHT - 50.0)
    assert times(book) == {
        BEFORE: (50.0, 50.0), NAMES[0]: (DAY, DAY), NAMES[1]: (60.0, 50.0),
    }  # fmt: skip


CHANGES: list[tuple[State, float]] = [
    ("running", -5000.0), ("stopped", -1200.0), ("running", -300.0), ("maintenance", 40.0),
    ("idle", 900.0), ("running", DAY - 30.0), ("fault", DAY + 70.0),
]  # fmt: skip
END = DAY + 500.0


def replayed(order: Iterable[int]) -> dict[str, tuple[float, float]]:
    book = Book()
    for n in order:
        name, at = CHANGES[n]
        book.state(name, MIDNIGHT + at)
    book.tick(MIDNIGHT + END)
    return times(book)


def test_any_order_of_arrival_gives_the_same_sums() -> None:
    expected = replayed(range(len(CHANGES)))
    assert expected == {
        BEFORE: (5000.0, 4100.0), NAMES[0]: (DAY - 860.0, 70.0), NAMES[1]: (500.0, 70.0),
    }  # fmt: skip
    orders = list(itertools.permutations(range(len(CHANGES))))
    for order in random.Random(1).sample(orders, 300):
        assert replayed(order) == expected


@given(
    changes=st.dictionaries(
        st.integers(-200_000, 200_000), st.sampled_from(["running", "idle", "maintenance", "fault"]),
        min_size=1, max_size=12,
    ),
    seed=st.integers(0, 1000),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_the_sums_are_those_of_the_states_in_order(changes: dict[int, Any], seed: int) -> None:
    book, arrival = Book(), list(changes.items())
    random.Random(seed).shuffle(arrival)
    for at, name in arrival:
        book.state(name, MIDNIGHT + at)
    book.tick(MIDNIGHT + 200_000)
    expected = dict.fromkeys(("planned_s", "production_s"), 0.0)
    moments = [*sorted(changes), 200_000]
    for begun, until in itertools.pairwise(moments):
        expected["planned_s"] += (until - begun) * (changes[begun] != "maintenance")
        expected["production_s"] += (until - begun) * (changes[begun] == "running")
    sums = book.sums().values()
    for name, seconds in expected.items():
        assert sum(getattr(own, name) for own in sums) == pytest.approx(seconds, abs=1e-5)
    for own in sums:
        assert -1e-6 <= own.production_s <= own.planned_s + 1e-6 <= DAY + 2e-6


def test_two_weeks_are_kept() -> None:
    book = Book()
    for n in range(20):
        book.made(MIDNIGHT + n * DAY, 1)
    assert len(book.sums()) == DAYS
    assert min(book.sums()) == "2027-01-22"
    book.made(MIDNIGHT, 1)
    assert min(book.sums()) == "2027-01-22", "later than anybody looks at"
    book.made(MIDNIGHT + 19 * DAY, 1)
    assert book.sums()["2027-02-04"].produced == 2


@pytest.mark.parametrize("first", [MIDNIGHT - 400 * DAY, 0.0, -62_000_000_000.0])
def test_a_clock_that_was_set_back_for_decades_makes_no_decades_of_sums(first: float) -> None:
    book = Book()
    book.state("running", first)
    book.state("stopped", MIDNIGHT + 100.0)
    assert len(book.sums()) == DAYS
    assert book.sums()[BEFORE] == Oee(DAY, DAY)
    assert book.sums()[NAMES[0]] == Oee(100.0, 100.0)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effectiveness, "MACHINES", 3)


@pytest.mark.usefixtures("few")
def test_those_that_had_no_new_day_for_longest_go() -> None:
    book = Book()
    for n in range(4):
        book.made(MIDNIGHT + n, 1, key=("l1", f"m{n}"))
    assert len(book.own) == 3
    assert {day.machine for day in summed([book.rows])} == {"m1", "m2", "m3"}
    book.made(MIDNIGHT + DAY, 1, key=("l1", "m1"))
    book.made(MIDNIGHT + DAY, 1, key=("l1", "m4"))
    assert {day.machine for day in summed([book.rows])} == {"m1", "m3", "m4"}


@pytest.mark.usefixtures("few")
def test_more_machines_than_are_kept_go_on_at_midnight() -> None:
    book = Book()
    for n in range(6):
        book.state("running", MIDNIGHT - 100.0, key=("l1", f"m{n}"))
    book.tick(MIDNIGHT + 10.0)
    book.tick(MIDNIGHT + 20.0)
    assert len(book.own) <= 3
    assert len({day.machine for day in summed([book.rows])}) == 3
    assert len(book.own._times) <= 6


def test_machines_that_say_their_state_once_are_no_endless_memory() -> None:
    feed = floor(max_sensors=2)
    for n in range(2):
        feed(reading(1.0, float(n), "t", f"m{n}"))
    for n in range(30):
        feed(state("running", 10.0 + n, machine=f"x{n}"))
    assert len(shard_of(feed).machines) == 2
    assert len(shard_of(feed).effectiveness._times) <= 3


def test_a_machine_that_is_forgotten_leaves_nothing() -> None:
    feed = Feed(FloorShard(FloorSettings(max_sensors=2)))
    feed(made("s1", 3, at=0.0), state("running", 1.0), state("stopped", 5.0))
    assert OEE in feed.effects.deltas
    feed(*(state("running", 6.0 + n, machine=f"x{n}") for n in range(3)))
    assert ("l1", "m1") not in shard_of(feed).machines
    left = {field.split(SEPARATOR)[1] for field in feed.effects.deltas[OEE]}
    assert "m1" not in left
    assert {field.split(SEPARATOR)[1] for field in feed.effects.drops[OEE]} == {"m1"}


# -- several shards -------------------------------------------------------------------------------


def field(machine: str, name: str, day: str = BEFORE) -> str:
    return SEPARATOR.join(("l1", machine, day, name))


def test_shards_are_added_up() -> None:
    rows = [
        {field("m1", "planned_s"): 10.0, field("m1", "good"): 3.0, field("m2", "produced"): 1.0},
        {field("m1", "planned_s"): 5.0, field("m1", "good", NAMES[0]): 1.0},
        {},
    ]
    assert summed(rows) == {
        MachineDay("l1", "m1", BEFORE): Oee(planned_s=15.0, good=3),
        MachineDay("l1", "m1", NAMES[0]): Oee(good=1),
        MachineDay("l1", "m2", BEFORE): Oee(produced=1),
    }
    assert list(summed(rows)) == sorted(summed(rows))


def test_what_is_no_sum_is_passed_over() -> None:
    rows = [{field("m1", "unheard_of"): 1.0, "nothing": 2.0, SEPARATOR.join(["l1", "good"]): 1.0}]
    assert summed(rows) == {}
    assert set(SUMS) == {"planned_s", "production_s", "ideal_s", "produced", "good", "unrated"}


# -- on a floor -----------------------------------------------------------------------------------

RULES: LineRules = ruled(ideal_cycle_s={"s1": 2.0})


def test_a_floor_adds_up_as_time_passes_and_says_so() -> None:
    feed = floor(RULES)
    feed(state("running", 0.0), made("s1", 20, 5, at=30.0))
    tick(feed, 60.0)
    feed(state("stopped", 60.0))
    tick(feed, 120.0)
    ((day, own),) = summed([feed.effects.deltas[OEE]]).items()
    assert day == MachineDay("l1", "m1", BEFORE)
    assert own == Oee(planned_s=120.0, production_s=60.0, ideal_s=50.0, produced=25, good=20)
    report = shard_of(feed).report()
    assert report["oee", "availability"] == 0.5
    assert report["oee", "oee"] == pytest.approx(0.5 * 50 / 60 * 20 / 25)
    feed(made("s2", 1, at=130.0))
    assert ("oee", "performance") not in shard_of(feed).report(), "of s2 nobody said what it takes"


def test_a_late_state_corrects_what_ran_and_not_what_is() -> None:
    feed = floor()
    feed(state("running", 0.0), state("running", 100.0))
    feed(state("stopped", 50.0))
    assert shard_of(feed).machines["l1", "m1"].state == "running"
    (own,) = summed([feed.effects.deltas[OEE]]).values()
    assert own == Oee(planned_s=100.0, production_s=50.0)
    assert shard_of(feed).report()["sensors", "late"] == 1


def test_sums_go_on_after_a_restart() -> None:
    def run(*, again: bool) -> dict[MachineDay, Oee]:
        feed = floor(RULES)
        for event in (
            state("running", 0.0, event_id="a"), made("s1", 5, at=60.0, event_id="b"),
            state("fault", 400.0, event_id="c"), state("idle", 200.0, event_id="d"),
            made("s1", 5, at=86_000.0, event_id="e"), state("running", 90_000.0, event_id="f"),
        ):  # fmt: skip
            feed(event)
            if again:
                restart(feed)
        return summed([feed.effects.deltas[OEE]])

    assert run(again=True) == run(again=False)
    assert len(run(again=False)) == 2
