"""How articles fare when offered."""

from __future__ import annotations

import math

import pytest

from models.offers.records import Records


def shown(records: Records, sku: str, expected: float, times: int, clicks: int) -> None:
    for number in range(times):
        records.learn(sku, expected, clicked=number < clicks)


def test_an_article_clicked_as_often_as_expected_is_neither_good_nor_bad() -> None:
    records = Records(10)
    shown(records, "first place", 0.5, 20, 10)
    shown(records, "last place", 0.05, 20, 1)
    found = records.of(["first place", "last place", "never shown"])
    assert found == {"first place": pytest.approx(0.0), "last place": pytest.approx(0.0)}


def test_more_clicks_than_expected_are_a_good_record_and_fewer_a_bad_one() -> None:
    records = Records(10)
    shown(records, "good", 0.25, 40, 30)
    shown(records, "bad", 0.25, 40, 2)
    found = records.of(["good", "bad"])
    assert found == {
        "good": pytest.approx(math.log(34 / 14)),
        "bad": pytest.approx(math.log(6 / 14)),
    }
    assert records.expected("good") == pytest.approx(10.0)


def test_one_lucky_click_proves_little_and_many_prove_much() -> None:
    records = Records(10)
    shown(records, "lucky", 0.1, 1, 1)
    shown(records, "good", 0.1, 100, 100)
    found = records.of(["lucky", "good"])
    assert 0.1 < found["lucky"] < 0.25
    assert found["good"] > 1.5


def test_what_was_never_shown_is_as_uncertain_as_can_be() -> None:
    records = Records(10)
    unknown = records.certainty("a")
    shown(records, "a", 0.5, 5, 0)
    assert records.certainty("a") == unknown
    shown(records, "a", 0.5, 5, 5)
    assert records.certainty("a") == unknown + 5
    assert records.expected("b") == 0.0


def test_what_was_not_shown_for_longest_goes() -> None:
    records = Records(2)
    for sku in ("a", "b", "a", "c"):
        shown(records, sku, 0.5, 1, 1)
    assert records.of("abc").keys() == {"a", "c"}
    for number in range(100):
        shown(records, f"s{number}", 0.5, 1, 0)
    assert len(records._by_sku) == 2


def test_to_fade_halves_what_is_known() -> None:
    records = Records(10)
    shown(records, "a", 0.25, 40, 30)
    shown(records, "b", 0.25, 4, 0)
    before, certain = records.of("ab"), records.certainty("a")
    records.fade()
    after = records.of("ab")
    assert after["a"] == pytest.approx(math.log(19 / 9))
    assert records.expected("a") == pytest.approx(5.0)
    assert 0 < after["a"] < before["a"]
    assert before["b"] < after["b"] < 0
    assert records.certainty("a") == certain - 15
