"""When a sensor stands still, and when it has fallen silent."""

from __future__ import annotations

import math

from models.scorers.rest import Rest, RestSettings

SETTINGS = RestSettings()


def moving(number: int = 100) -> Rest:
    rest = Rest()
    for n in range(number):
        rest.learn(float(n % 7), SETTINGS, quiet=True)
    return rest


def test_equal_samples_in_a_row_are_a_flat_line_once_it_is_known_that_it_moves() -> None:
    rest = moving()
    flat = []
    for _ in range(25):
        flat.append(rest.is_flat(3.3, SETTINGS))
        rest.learn(3.3, SETTINGS, quiet=False)
    assert flat == [False] * 20 + [True] * 5
    fresh = moving(2)
    for _ in range(25):
        fresh.learn(3.3, SETTINGS, quiet=True)
    assert not fresh.is_flat(3.3, SETTINGS)


def test_bad_samples_are_counted_in_a_row() -> None:
    rest = Rest()
    assert [rest.bad_sample() for _ in range(3)] == [1, 2, 3]
    rest.bad = 0
    assert rest.bad_sample() == 1


def test_a_sensor_never_heard_of_is_not_stale() -> None:
    rest = Rest()
    assert rest.stale_at(SETTINGS) == math.inf
    rest.hear(100.0)
    assert rest.stale_at(SETTINGS) == math.inf, "how often it speaks is not known yet"


def test_it_is_stale_after_five_usual_intervals_and_half_a_minute_at_least() -> None:
    often, seldom = Rest(), Rest()
    for n in range(20):
        often.hear(1000.0 + n)
        seldom.hear(1000.0 + 60 * n)
    assert often.stale_at(SETTINGS) == 1019.0 + 30.0
    assert seldom.stale_at(SETTINGS) == 1000.0 + 60 * 19 + 5 * 60.0


def test_a_pause_is_no_interval() -> None:
    rest = Rest()
    for n in range(20):
        rest.hear(1000.0 + 60 * n)
    rest.hear(90_000.0)
    assert rest.interval == 66.0
    rest.hear(80_000.0)
    assert rest.heard_at == 90_000.0
