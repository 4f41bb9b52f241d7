"""The compiled FP-growth, held against mlxtend's and against counting by hand."""

import importlib
import random
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

from models.itemsets import mining
from models.itemsets.mining import MinerError, fp_growth
from tests.models.itemsets.planted import baskets, frequent


def prepared(seed: int) -> list[tuple[str, ...]]:
    return [tuple(sorted(basket)) for basket in baskets(seed).values()]


@pytest.mark.parametrize("least", [1, 2, 6, 40])
@pytest.mark.parametrize("seed", [1, 2])
def test_it_finds_what_mlxtend_finds(seed: int, least: int) -> None:
    made = prepared(seed)
    found = fp_growth(made, least)
    assert {frozenset(items): n for items, n in found.items()} == frequent(made, least)
    assert all(list(items) == sorted(items) for items in found)


def test_of_three_only_those_asked_for() -> None:
    made, rng = prepared(3), random.Random(3)
    everything = fp_growth(made, 5)
    threes = sorted(items for items in everything if len(items) == 3)
    asked = {*rng.sample(threes, 4), ("a00", "a01", "not bought"), ("x", "y", "z")}
    found = fp_growth(made, 5, asked)
    assert {items for items in found if len(items) == 3} == asked & set(threes)
    assert found == {i: n for i, n in everything.items() if len(i) < 3 or i in asked}
    assert not [items for items in fp_growth(made, 5, ()) if len(items) == 3]


def test_baskets_without_articles_and_no_baskets() -> None:
    assert fp_growth([], 1) == fp_growth([(), ()], 1) == {}
    assert fp_growth([(), ("a", "b"), ()], 1) == {("a",): 1, ("b",): 1, ("a", "b"): 1}


@pytest.fixture
def fresh():
    mining._function.cache_clear()
    yield
    mining._function.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> None:
        raise ModuleNotFoundError(f"No module named '{name}'")

    monkeypatch.setattr(importlib, "import_module", gone)
    with pytest.raises(MinerError, match=r"pip install 'tailorline\[audit\]'"):
        fp_growth([("a",)], 1)


@pytest.mark.usefixtures("fresh")
def test_a_library_that_counts_wrongly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def lazy(*_: object) -> tuple[np.ndarray, ...]:
        """Count one article and forget the rest."""
        return np.array([4], np.uint64), np.array([0, 1], np.uint32), np.array([0], np.uint32)

    library = SimpleNamespace(fpgrowth_from_csr=lazy)
    monkeypatch.setattr(importlib, "import_module", lambda _: library)
    with pytest.raises(MinerError, match="which is wrong"):
        fp_growth([("a",)], 1)


def test_sets_come_by_their_names_whatever_the_order_of_the_baskets() -> None:
    made = [("b", "z"), ("a", "z"), ("a", "b", "z")] * 3
    by_hand: dict[tuple[str, ...], int] = {}
    for basket in made:
        for size in (1, 2, 3):
            for items in combinations(basket, size):
                by_hand[items] = by_hand.get(items, 0) + 1
    assert fp_growth(made, 1) == by_hand
