"""Numbers of alarms that are forgotten and come again."""

from __future__ import annotations

import random

import pytest

from models.alarms.occurrences import Occurrences


def test_numbers_go_on_where_they_were() -> None:
    own = Occurrences[str]()
    assert own.before("a") == 0
    own.keep("a", 3)
    own.keep("b", 1)
    assert (own.before("a"), own.before("b"), own.before("c")) == (3, 1, 0)
    own.keep("a", 2)
    assert own.before("a") == 5


def test_what_never_came_takes_no_room() -> None:
    own = Occurrences[str](capacity=1)
    own.keep("a", 3)
    own.keep("b", 0)
    own.keep("a", 0)
    assert (own.before("a"), own.before("b")) == (3, 0)


def test_those_longest_gone_are_forgotten_and_none_of_them_goes_back() -> None:
    own = Occurrences[str](capacity=2)
    own.keep("a", 7)
    own.keep("b", 1)
    own.keep("a", 1)
    own.keep("c", 1)
    assert (own.before("a"), own.before("c")) == (8, 1), "exact, for they are remembered"
    assert own.before("b") == own.before("new") == 1


@pytest.mark.parametrize("capacity", [1, 3, 100])
def test_whatever_is_forgotten_no_number_goes_back(capacity: int) -> None:
    rng, own = random.Random(capacity), Occurrences[int](capacity)
    records, told = dict[int, int](), dict[int, int]()
    for _ in range(5000):
        key = rng.randrange(20)
        if rng.random() < 0.3:
            own.keep(key, records.pop(key, 0))
        else:
            records[key] = records.get(key, 0) + 1
            number = own.before(key) + records[key]
            assert number > told.get(key, 0)
            told[key] = number
