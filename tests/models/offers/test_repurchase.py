"""After how long something is bought again."""

from __future__ import annotations

import math
import random

import pytest

from models.offers.repurchase import Repurchase

DAY = 86_400.0
WEEK = 7 * DAY


def learnt(*gaps: float, sku: str = "milk", category: str | None = None) -> Repurchase:
    repurchase = Repurchase(100)
    for gap in gaps:
        repurchase.learn(sku, category, gap)
    return repurchase


def test_while_little_is_known_the_default_holds() -> None:
    assert Repurchase(10).wait_s("milk", None, WEEK) == WEEK
    assert learnt(*[DAY] * 4).wait_s("milk", None, WEEK) == WEEK
    assert learnt(*[DAY] * 5).wait_s("milk", None, WEEK) == pytest.approx(DAY)


def test_most_are_not_back_before_the_wait_is_over() -> None:
    rng = random.Random(1)
    gaps = [rng.lognormvariate(math.log(WEEK), 0.5) for _ in range(400)]
    wait = learnt(*gaps).wait_s("milk", None, DAY)
    earlier = sum(gap < wait for gap in gaps) / len(gaps)
    assert 0.1 < earlier < 0.35
    assert DAY < wait < WEEK


def test_regular_buyers_are_waited_for_longer_than_irregular_ones() -> None:
    regular = learnt(*[WEEK] * 20).wait_s("milk", None, DAY)
    irregular = learnt(*[WEEK / 4, WEEK * 4] * 10).wait_s("milk", None, DAY)
    assert regular == pytest.approx(WEEK)
    assert WEEK / 4.5 < irregular < WEEK / 2


def test_an_article_of_which_little_is_known_goes_by_its_category() -> None:
    repurchase = learnt(*[DAY] * 3, category="dairy")
    for _ in range(3):
        repurchase.learn("cheese", "dairy", DAY)
    assert repurchase.wait_s("milk", "dairy", WEEK) == pytest.approx(DAY)
    assert repurchase.wait_s("butter", "dairy", WEEK) == pytest.approx(DAY)
    assert repurchase.wait_s("butter", None, WEEK) == WEEK
    assert repurchase.wait_s("butter", "bread", WEEK) == WEEK
    for _ in range(5):
        repurchase.learn("cheese", "dairy", 30 * DAY)
    assert repurchase.wait_s("milk", "dairy", WEEK) > DAY
    for _ in range(2):
        repurchase.learn("milk", "dairy", DAY)
    assert repurchase.wait_s("milk", "dairy", WEEK) == pytest.approx(DAY), "its own gaps say more"


def test_an_article_called_like_a_category_is_not_taken_for_it() -> None:
    repurchase = learnt(*[DAY] * 9, sku="dairy")
    assert repurchase.wait_s("milk", "dairy", WEEK) == WEEK


def test_two_orders_in_a_row_are_no_shorter_gap_than_an_hour() -> None:
    for gap in (0.0, -5.0, 3_600.0):
        assert learnt(*[gap] * 9).wait_s("milk", None, WEEK) == pytest.approx(3_600.0)


def test_the_latest_gaps_count_most() -> None:
    repurchase = learnt(*[DAY] * 1_000)
    for _ in range(300):
        repurchase.learn("milk", None, 30 * DAY)
    assert 20 * DAY < repurchase.wait_s("milk", None, WEEK) <= 30 * DAY


def test_what_is_not_bought_again_for_longest_is_forgotten() -> None:
    repurchase = Repurchase(4)
    for sku in ("a", "b", "a", "c"):
        for _ in range(5):
            repurchase.learn(sku, "all", DAY)
    assert {sku: repurchase.wait_s(sku, None, WEEK) < WEEK for sku in "abc"} == dict.fromkeys(
        "abc", True
    )
    repurchase.learn("d", "all", DAY)
    assert repurchase.wait_s("b", None, WEEK) == WEEK
    assert repurchase.wait_s("a", None, WEEK) < WEEK
    for number in range(100):
        repurchase.learn(f"s{number}", f"k{number}", DAY)
    assert len(repurchase._gaps) == 4
