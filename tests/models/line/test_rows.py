"""A machine's samples, put together to rows."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Mapping

import pytest

from models.line.rows import Row, Rows

MOST = 64
T0 = 1_790_000_000.0


class Hall:
    """Sensors that speak, and the rows that come of it."""

    def __init__(self, names: str, intervals: Mapping[str, float] | None = None, most: int = MOST):
        self.rows = Rows()
        self.intervals = dict.fromkeys(names, 1.0) | dict(intervals or {})
        self.most, self.at = most, 0.0
        self.others = 0
        """How often other sensors made rows from then on."""

    def says(
        self, name: str, x: float | None, at: float | None = None, certain: bool = True
    ) -> list[float | None] | None:
        """Take a sample in; return the row that it completes, None for who is absent."""
        if self.rows.due:
            self.others += self.rows.look(self.intervals, self.most)
        when = self.at if at is None else at
        return values(self.rows.take(name, x, T0 + when, certain=certain))

    def speak(
        self, rounds: int, said: Callable[[str, int], float | None] = lambda name, n: float(n)
    ) -> list[list[float | None]]:
        """Have each sensor speak at its interval for so many seconds; nan: it does not."""
        found = []
        for n in range(rounds):
            self.at += 1.0
            for name, interval in self.intervals.items():
                x = said(name, n) if n % interval == 0 else math.nan
                if x is None or x == x:  # noqa: PLR0124 - no nan
                    row = self.says(name, x)
                    found += [] if row is None else [row]
        return found


def values(row: Row | None) -> list[float | None] | None:
    return None if row is None else [None if x != x else x for x in row.values.tolist()]  # noqa: PLR0124


def known(names: str, **intervals: float) -> Hall:
    hall = Hall(names, intervals)
    hall.speak(150)
    assert hall.rows.names == tuple(sorted(names))
    return hall


def test_it_is_found_out_first_which_sensors_make_a_row() -> None:
    hall = Hall("ba")
    assert hall.speak(20) == []
    assert hall.rows.names == ()
    assert hall.speak(2) == [[0.0, 0.0], [1.0, 1.0]]
    assert hall.rows.names == ("a", "b")


def test_a_row_is_full_when_all_have_spoken() -> None:
    hall = known("ab")
    hall.at += 1.0
    assert hall.says("b", 2.0) is None
    assert hall.says("a", 1.0) == [1.0, 2.0]


@pytest.mark.parametrize("slow", [2.0, 3.0])
def test_rows_are_as_often_as_the_slowest_and_of_what_was_said_last(slow: float) -> None:
    hall = known("abcd", b=slow, c=slow, d=slow)
    found = hall.speak(60, lambda name, n: float(n))
    assert len(found) == pytest.approx(60 / slow, abs=1)
    assert all(max(row) - min(row) <= slow for row in found)  # type: ignore[operator, type-var]


def test_a_sensor_that_speaks_seldom_is_left_to_itself() -> None:
    hall = Hall("abc", {"c": 5.0})
    found = hall.speak(100)
    assert hall.rows.names == ("a", "b")
    assert len(found) > 60


def test_who_is_silent_is_absent_and_waited_for_no_longer() -> None:
    hall = known("abcd")
    found = hall.speak(50, lambda name, n: math.nan if name == "d" and n >= 10 else float(n))
    whole = [row for row in found if None not in row]
    assert len(whole) == 10
    # Two and a half intervals it is waited for; from then on there is a row each second.
    assert 36 <= len(found) - len(whole) <= 39
    assert all(row[3] is None and None not in row[:3] for row in found[10:])
    assert found[-1] == [49.0, 49.0, 49.0, None]


def test_who_comes_back_is_there_again_with_its_samples_of_the_same_time() -> None:
    hall = known("abcd")
    away = lambda name, n: math.nan if name == "a" and 10 <= n < 30 else float(n)  # noqa: E731
    found = hall.speak(60, away)
    assert found[-1] == [59.0] * 4
    back = [row for row in found if row[0] is not None and row[1] is not None and row[1] >= 30]
    assert len(back) >= 29
    assert all(len(set(row)) == 1 for row in back)
    late = lambda name, n: math.nan if name == "d" and 10 <= n < 30 else float(n)  # noqa: E731
    found = hall.speak(60, late)
    assert all(len(set(row)) == 1 for row in found if None not in row)
    assert found[-1] == [59.0] * 4


def test_a_bad_sample_leaves_its_sensor_out() -> None:
    hall = known("abc")
    found = hall.speak(30, lambda name, n: None if name == "b" and n == 10 else float(n))
    assert [n for n, row in enumerate(found) if None in row] == [10]
    assert found[10] == [10.0, None, 10.0]


def test_who_is_never_good_makes_no_row() -> None:
    hall = Hall("abc")
    found = hall.speak(100, lambda name, n: None if name == "b" else float(n))
    assert hall.rows.names == ("a", "c")
    assert found[-1] == [99.0, 99.0]


def test_an_uncertain_sample_makes_its_row_so() -> None:
    rows = known("ab").rows
    assert rows.take("a", 1.0, T0 + 200.0, certain=True) is None
    row = rows.take("b", 1.0, T0 + 200.0, certain=False)
    assert row is not None
    assert not row.certain
    rows.take("a", 1.0, T0 + 201.0, certain=True)
    row = rows.take("b", 1.0, T0 + 201.0, certain=True)
    assert row is not None
    assert row.certain


def test_a_sensor_that_is_added_joins_and_one_that_is_gone_leaves() -> None:
    hall = known("abc")
    hall.intervals["d"] = 1.0
    hall.others = 0
    found = hall.speak(60)
    assert hall.others == 1
    assert hall.rows.names == ("a", "b", "c", "d")
    assert found[-1] == [59.0] * 4
    found = hall.speak(1100, lambda name, n: math.nan if name == "b" else float(n))
    assert hall.rows.names == ("a", "c", "d")
    assert found[-1] == [1099.0] * 3
    assert hall.others == 2
    hall.intervals.pop("b")
    hall.speak(60)
    assert hall.others == 2


def test_who_is_in_a_row_stays_though_it_gets_slower_for_a_while() -> None:
    hall = known("abc")
    hall.others = 0
    hall.intervals["c"] = 3.0
    hall.speak(100)
    assert hall.others == 0
    hall.intervals["c"] = 5.0
    found = hall.speak(100)
    assert hall.rows.names == ("a", "b")
    assert found[-1] == [99.0, 99.0]


def test_sensors_that_are_sent_one_after_the_other_make_rows_of_the_same_time() -> None:
    hall = known("abc")
    found = []
    for batch in range(20):
        for name in "abc":
            for n in range(10):
                at = hall.at + 1.0 + 10 * batch + n
                row = hall.says(name, at, at)
                found += [] if row is None else [row]
    # At first who comes last is taken to be absent; then all are waited for.
    assert len(found) >= 20
    assert all(len(set(row)) == 1 for row in found[-15:])


@pytest.mark.parametrize("behind", [-40.0, 600.0])
def test_a_clock_of_its_own_is_no_matter(behind: float) -> None:
    hall = Hall("abc")
    found = []
    for n in range(100):
        for name in "abc":
            row = hall.says(name, float(n), n - behind if name == "b" else float(n))
            found += [] if row is None else [row]
    assert len(found) >= 70
    assert all(len(set(row)) == 1 for row in found[2:])


def test_when_a_clock_is_set_it_begins_anew() -> None:
    hall = known("abc")
    found = []
    for n in range(200):
        for name in "abc":
            at = hall.at + 1.0 + n + (240.0 if name == "b" and n >= 20 else 0.0)
            row = hall.says(name, float(n), at)
            found += [] if row is None else [row]
    assert len(found) > 120
    assert len({row[0] - row[2] for row in found[-50:]}) == 1  # type: ignore[operator]


def test_there_are_no_more_than_so_many() -> None:
    hall = Hall("dcba", most=2)
    hall.speak(60)
    assert hall.rows.names == ("c", "d"), "those that were heard of first"


def test_one_sensor_makes_rows_of_one() -> None:
    hall = known("a")
    hall.at += 1.0
    assert hall.says("a", 3.0) == [3.0]


def test_a_copy_goes_on_as_the_original_does() -> None:
    hall = known("abcd")
    hall.says("a", 1.0, hall.at + 1.0)
    copy = pickle.loads(pickle.dumps(hall))
    gaps = lambda name, n: math.nan if (n * 7 + ord(name)) % 5 == 0 else float(n)  # noqa: E731
    assert copy.speak(100, gaps) == hall.speak(100, gaps)
