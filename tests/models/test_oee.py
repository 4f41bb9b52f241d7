"""OEE: sums only, the same in whatever order the news comes."""

from __future__ import annotations

import random
from typing import get_args

import pytest

from models.oee import IdealCycles, MachineTimes, Oee, time_spent, units_made
from schemas.sensors import State

STATES: tuple[State, ...] = get_args(get_args(State)[0])
Change = tuple[float, State]


def total(times: MachineTimes, *changes: Change, until: float) -> Oee:
    added = sum((times.change(state, at) for at, state in changes), Oee())
    return added + times.until(until)


def in_order(changes: list[Change], until: float) -> Oee:
    """The sums worked out from the whole history at once."""
    ordered = sorted(changes)
    ends = [at for at, _ in ordered[1:]] + [until]
    return sum(
        (time_spent(state, end - at) for (at, state), end in zip(ordered, ends, strict=True)), Oee()
    )


def sums(oee: Oee) -> tuple[float, float]:
    return pytest.approx((oee.planned_s, oee.production_s), abs=1e-6)


def test_a_shift_of_the_textbook() -> None:
    """480 planned minutes of which 420 produced, 0.5 minutes a unit, 800 made and 760 good."""
    times = MachineTimes()
    added = total(
        times,
        (0.0, "maintenance"),
        (1800.0, "running"),
        (1800.0 + 300 * 60, "fault"),
        (1800.0 + 360 * 60, "running"),
        until=1800.0 + 480 * 60,
    )
    oee = added + units_made(760, 40, 30.0)
    assert (oee.planned_s, oee.production_s) == (480 * 60, 420 * 60)
    assert (oee.ideal_s, oee.produced, oee.good) == (24_000, 800, 760)
    assert oee.availability == pytest.approx(0.875)
    assert oee.performance == pytest.approx(400 / 420)
    assert oee.quality == pytest.approx(0.95)
    assert oee.oee == pytest.approx(0.875 * 400 / 420 * 0.95)
    assert not oee.wrong_cycle_time


@pytest.mark.parametrize("state", STATES)
def test_each_state_counts_as_the_standard_says(state: State) -> None:
    planned = 0.0 if state == "maintenance" else 10.0
    assert time_spent(state, 10.0) == Oee(planned, 10.0 if state == "running" else 0.0)


def test_what_is_divided_by_nothing_is_none() -> None:
    nothing = Oee()
    assert nothing.availability is nothing.performance is nothing.quality is nothing.oee is None
    assert not nothing.wrong_cycle_time
    assert Oee(planned_s=10.0).availability == 0.0
    for part in (
        Oee(10.0, 5.0, 0.0, 0, 0),
        Oee(0.0, 0.0, 9.0, 3, 3),
        Oee(10.0, 0.0, 9.0, 3, 3),
        Oee(0.0, 5.0, 9.0, 3, 3),
    ):
        assert part.oee is None
    assert Oee(planned_s=-1e-12, production_s=1e-12).availability is None
    assert Oee(1e-12, 1e-12).availability is None, "a rounding error is no time"


def test_sums_are_merged_not_ratios() -> None:
    """A good short shift and a bad long one: the mean of both OEE would be 0.55."""
    good, bad = Oee(100.0, 100.0, 100.0, 10, 10), Oee(900.0, 450.0, 180.0, 18, 9, 0)
    assert (good.oee, bad.oee) == (pytest.approx(1.0), pytest.approx(0.1))
    both = good + bad
    assert both == bad + good == Oee(1000.0, 550.0, 280.0, 28, 19)
    assert both.oee == pytest.approx(0.55 * 280 / 550 * 19 / 28)
    assert good + Oee() == good
    assert Oee(unrated=2) + Oee(unrated=3) == Oee(unrated=5)


def test_faster_than_possible_is_flagged() -> None:
    fast = Oee(100.0, 50.0, 60.0, 30, 30)
    assert fast.performance == 1.2
    assert fast.wrong_cycle_time
    assert not Oee(100.0, 0.1 + 0.2, 0.1 * 3, 3, 3).wrong_cycle_time, "that is arithmetic"


def test_units_of_unknown_cycle_time_leave_performance_open() -> None:
    oee = Oee(100.0, 50.0) + units_made(8, 2, 4.0) + units_made(5, 1, None)
    assert (oee.ideal_s, oee.produced, oee.good, oee.unrated) == (40.0, 16, 13, 6)
    assert (oee.performance, oee.oee, oee.wrong_cycle_time) == (None, None, False)
    assert oee.quality == 13 / 16


def test_the_cycle_time_of_an_article_goes_before_that_of_a_machine() -> None:
    cycles = IdealCycles({"s1": 0.5}, {"l1/m1": 5.0})
    assert cycles.of("l1", "m1", "s1") == 0.5
    assert cycles.of("l1", "m1", "s2") == 5.0
    assert cycles.of("l1", "m2", "s2") is None
    assert IdealCycles().of("l1", "m1", "s1") is None


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_a_cycle_takes_time(seconds: float) -> None:
    for cycles in ({"per_sku": {"s1": seconds}}, {"per_machine": {"s1": seconds}}):
        with pytest.raises(ValueError, match="s1"):
            IdealCycles(**cycles)


def test_time_counts_as_it_passes_and_only_once() -> None:
    times = MachineTimes()
    assert times.until(5.0) == Oee(), "nobody knows what it did"
    assert times.change("running", 10.0) == Oee()
    assert times.until(15.0) == Oee(5.0, 5.0)
    assert times.until(15.0) == times.until(12.0) == Oee()
    assert times.change("idle", 18.0) == Oee(3.0, 3.0)
    assert times.until(20.0) == Oee(2.0, 0.0)


def test_a_late_change_corrects_what_was_counted() -> None:
    times = MachineTimes()
    assert total(times, (0.0, "running"), (100.0, "idle"), until=150.0) == Oee(150.0, 100.0)
    assert times.change("maintenance", 60.0) == Oee(-40.0, -40.0)
    assert times.change("stopped", 20.0) == Oee(0.0, -40.0), "up to 60 only"
    assert times.change("running", 140.0) == Oee(0.0, 10.0), "up to what is counted"
    assert times.until(160.0) == Oee(10.0, 10.0)


def test_what_was_before_the_first_change_counts_when_it_comes_to_be_known() -> None:
    times = MachineTimes()
    times.until(100.0)
    assert times.change("running", 80.0) == Oee(20.0, 20.0)
    assert times.change("idle", 50.0) == Oee(30.0, 0.0)


def test_a_state_that_is_said_again_holds_from_there_on() -> None:
    times = MachineTimes()
    before = total(times, (0.0, "running"), (50.0, "running"), until=100.0)
    assert before == Oee(100.0, 100.0)
    assert times.change("fault", 30.0) == Oee(0.0, -20.0)


def test_of_two_changes_at_the_same_moment_the_last_one_holds() -> None:
    times = MachineTimes()
    assert total(times, (0.0, "running"), (0.0, "idle"), until=10.0) == Oee(10.0, 0.0)
    assert times.change("running", 0.0) == Oee(0.0, 10.0)


@pytest.mark.parametrize("seed", range(40))
def test_the_order_in_which_changes_come_makes_no_difference(seed: int) -> None:
    rng = random.Random(seed)
    number = rng.randint(1, 64)
    changes = [(at * 7.3, rng.choice(STATES)) for at in rng.sample(range(1000), number)]
    times, clock, added = MachineTimes(), 0.0, Oee()
    for at, state in changes:
        added += times.change(state, at)
        if rng.random() < 0.3:  # now and then time is counted up to somewhere
            clock = rng.uniform(0, 8000)
            added += times.until(clock)
    end = max(times.until_s, 7300.0)
    added += times.until(end)
    assert (added.planned_s, added.production_s) == sums(in_order(changes, end))
    assert times.changes == sorted(changes, key=lambda change: change[0])


def test_what_is_older_than_all_that_is_remembered_corrects_nothing() -> None:
    times = MachineTimes()
    turns: list[Change] = [(float(n), STATES[n % 2]) for n in range(100)]
    assert total(times, *turns, until=100.0) == Oee(100.0, 50.0)
    assert (len(times.changes), times.changes[0][0]) == (64, 36.0)
    assert times.change("fault", 35.5) == Oee()
    assert times.too_late == 1
    assert times.change("fault", 36.5) == Oee(0.0, -0.5)
    assert (len(times.changes), times.changes[0][0]) == (64, 36.5)
    assert times.change("fault", 36.2) == Oee()
    assert times.too_late == 2


def test_the_first_of_too_many_late_changes_is_still_counted() -> None:
    times = MachineTimes()
    total(times, *((float(n), "running") for n in range(1, 65)), until=70.0)
    assert not times.cut
    assert times.change("idle", 0.0) == Oee(1.0, 0.0)
    assert times.cut
    assert times.change("idle", -1.0) == Oee()
    assert times.too_late == 1
