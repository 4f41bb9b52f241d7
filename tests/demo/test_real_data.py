"""Several data sets at once."""

from __future__ import annotations

from itertools import islice

from streams.demo.real_data import interleave
from streams.replay.records import BadRow
from tests.replay.samples import views

BAD = BadRow("f.csv", 3, "missing", "1,caf", "sku is empty")


def test_all_sets_last_about_as_long() -> None:
    small, large = list(views(1.0, 2.0)), list(views(*map(float, range(10, 18))))
    mixed = interleave(
        {"small": lambda _=None: iter([BAD, *small]), "large": lambda _=None: iter(large)},
        {"small": 2, "large": 8},
    )
    taken = list(islice(mixed, 6))
    assert taken.count(small[0]) == 1
    assert small[1] not in taken
    rest = list(mixed)
    assert [*taken, *rest].count(BAD) == 1
    assert len(taken) + len(rest) == 11
    assert small[1] in rest
