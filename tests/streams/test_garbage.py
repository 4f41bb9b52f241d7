"""What lives on is frozen, and dead cycles still go."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from streams import garbage
from streams.garbage import Garbage


class Knot:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


async def test_what_lives_is_not_looked_at_again() -> None:
    held = [Knot() for _ in range(1_000)]
    await Garbage().tend()
    assert gc.get_freeze_count() >= len(held)
    assert not any(isinstance(each, Knot) for each in gc.get_objects())


def test_nothing_but_the_tending_goes_through_all_of_it() -> None:
    tended, before = Garbage(), gc.get_stats()[2]["collections"]
    held = [Knot() for _ in range(500_000)]
    assert gc.get_stats()[2]["collections"] == before
    tended.leave()
    held += [Knot() for _ in range(500_000)]
    assert gc.get_stats()[2]["collections"] > before, "left to itself it does"


async def test_a_dead_cycle_goes_before_anything_is_frozen() -> None:
    knot = weakref.ref(Knot())
    await Garbage().tend()
    assert knot() is None


async def test_a_cycle_that_dies_while_frozen_goes_with_the_next_look_at_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "_WHOLE_EVERY", 3)
    tended, knot = Garbage(), Knot()
    seen = weakref.ref(knot)
    await tended.tend()
    del knot
    await tended.tend()
    assert seen() is not None
    await tended.tend()
    assert seen() is None
