"""How long a sensor may be silent that does not speak at a regular pace."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from models.scorers.pauses import LONGEST_S
from models.scorers.rest import Rest, RestSettings
from models.scorers.silences import Silences

SETTINGS = RestSettings()
Pace = Callable[[random.Random, int], float]


def by_piece(rng: random.Random, n: int) -> float:
    """Pieces come by chance, one in ten seconds."""
    return rng.expovariate(0.1)


def with_tool_changes(rng: random.Random, n: int) -> float:
    return 60.0 if n % 10 == 9 else 10.0


def on_change(rng: random.Random, n: int) -> float:
    """Bursts of a sample a second, with pauses of any length in between."""
    return rng.uniform(30.0, 300.0) if rng.random() < 0.05 else 1.0


def every(seconds: float) -> Pace:
    return lambda rng, n: seconds


def spoken(pace: Pace, hours: float, seed: int) -> tuple[Rest, list[float]]:
    """A sensor, and the times (in hours) at which it was found to be silent for too long."""
    rng, rest, at, n, found = random.Random(seed), Rest(), 1e6, 0, []
    while at < 1e6 + 3600.0 * hours:
        at += pace(rng, n)
        n += 1
        if at > rest.stale_at(SETTINGS):
            found.append((at - 1e6) / 3600.0)
        rest.arrive(at, SETTINGS)
        rest.hear(at)
    return rest, found


@pytest.mark.parametrize(
    ("pace", "longest"), [(by_piece, 150.0), (with_tool_changes, 90.5), (on_change, LONGEST_S)]
)
def test_an_irregular_sensor_is_stale_once_a_day_at_most_after_an_hour(
    pace: Pace, longest: float
) -> None:
    late = 0
    for seed in range(5):
        rest, found = spoken(pace, 25.0, seed)
        late += sum(hour > 1.0 for hour in found)
        allowed = rest.stale_at(SETTINGS) - rest.heard_at
        assert SETTINGS.stale_s < allowed <= longest, "a dead one is told all the same"
    assert late <= 5


@pytest.mark.parametrize(("seconds", "allowed"), [(1.0, 30.0), (10.0, 50.0), (60.0, 300.0)])
def test_a_regular_sensor_has_what_it_ever_had(seconds: float, allowed: float) -> None:
    rest, found = spoken(every(seconds), 10.0, 0)
    assert not found
    assert rest.stale_at(SETTINGS) - rest.heard_at == pytest.approx(allowed)


def test_one_outage_teaches_next_to_nothing_and_many_now_and_then_neither() -> None:
    own = Silences()
    for _ in range(20):
        for _ in range(900):
            own.learn(1.0, 30.0, 30.0)
        own.learn(300.0, 30.0, 30.0)
        assert own.allowed_s(1.0, 30.0) < 40.0
    for _ in range(900):
        own.learn(1.0, 30.0, 30.0)
    assert own.allowed_s(1.0, 30.0) == pytest.approx(30.0, abs=0.1), "and that is forgotten"


def test_an_outage_teaches_nothing_however_often_it_happens() -> None:
    own = Silences()
    for _ in range(1000):
        own.learn(1.0, 30.0, 30.0)
        own.learn(LONGEST_S + 1.0, 30.0, 30.0)
    assert own.allowed_s(1.0, 30.0) == pytest.approx(30.0)


def test_what_is_allowed_is_bounded() -> None:
    own = Silences()
    for n in range(5000):
        own.learn(600.0 if n % 50 == 0 else 1.0, 30.0, 30.0)
    assert own.allowed_s(1.0, 30.0) == LONGEST_S
    seldom = Silences()
    for n in range(5000):
        seldom.learn(2900.0 if n % 20 == 0 else 300.0, 1500.0, 30.0)
    assert seldom.allowed_s(300.0, 1500.0) == 3000.0, "or twice what would be overdue"


def test_no_silence_moves_a_quantile_beyond_itself() -> None:
    own = Silences()
    for _ in range(200):
        own.learn(60.0, 30.0, 30.0)
        assert max(own.often, own.seldom) <= 60.0
    assert own.seldom == pytest.approx(60.0, rel=0.001)


def test_what_arrives_together_is_no_silence() -> None:
    own = Silences()
    for _ in range(200):
        own.learn(60.0, 30.0, 30.0)
        for _ in range(59):
            own.learn(0.0, 30.0, 30.0)
    assert own.often == pytest.approx(60.0, rel=0.005)


def test_both_quantiles_are_what_they_say() -> None:
    rng, own = random.Random(1), Silences()
    over = [0, 0]
    for n in range(60_000):
        silent = rng.expovariate(0.1)
        if n >= 10_000:
            over[0] += silent > own.often
            over[1] += silent > own.seldom
        own.learn(silent, 50.0, 30.0)
    assert over[0] / 50_000 == pytest.approx(0.02, rel=0.5)
    assert over[1] / 50_000 == pytest.approx(0.002, rel=0.5)


def test_beyond_what_was_seen_a_tail_goes_on_as_it_fell() -> None:
    own = Silences(often=10.0 * math.log(50), seldom=10.0 * math.log(500))
    five_days = 10.0 * math.log(5 * 86_400 / 10.0)
    assert own.allowed_s(10.0, 50.0) == pytest.approx(five_days)
    steep = Silences(often=59.0, seldom=60.0)
    assert steep.allowed_s(10.0, 50.0) == 90.0, "half as long again at least"
