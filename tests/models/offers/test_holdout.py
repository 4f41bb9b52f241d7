"""The hold-out group: drawn once, counted honestly."""

from __future__ import annotations

import random

import pytest
from scipy.stats import binom

from models.customers import Customer
from models.offers.holdout import AGAIN_S, Group, HoldOut


def held_and_offered(holdout: HoldOut) -> tuple[str, str]:
    names = [f"c{n}" for n in range(200)]
    return next(n for n in names if holdout.holds(n)), next(
        n for n in names if not holdout.holds(n)
    )


def test_customers_are_drawn_by_their_id() -> None:
    holdout = HoldOut(0.05)
    held = [name for name in (f"c{n}" for n in range(10_000)) if holdout.holds(name)]
    assert len(held) == pytest.approx(500, abs=80)
    assert all(HoldOut(0.05).holds(name) for name in held)
    # Who is in a small group is in a larger one: raising the share moves nobody back.
    assert all(HoldOut(0.2).holds(name) for name in held)
    assert not any(HoldOut(0.0).holds(name) for name in held)
    assert HoldOut(1.0).holds("anybody")


def test_a_session_counts_once_and_buys_once() -> None:
    holdout = HoldOut(0.5)
    for name, group in zip(held_and_offered(holdout), ("held", "offered"), strict=True):
        customer = Customer()
        holdout.bought(name, customer)
        assert getattr(holdout, group) == Group()
        for second in range(3):
            holdout.could_offer(name, customer, float(second))
        for _ in range(2):
            holdout.bought(name, customer)
        assert getattr(holdout, group) == Group(1, 1)


def test_an_order_of_a_later_session_is_not_of_this_one() -> None:
    holdout, customer = HoldOut(0.0), Customer()
    holdout.could_offer("c", customer, 0.0)
    customer.start_session("next", 1.0)
    holdout.bought("c", customer)
    assert holdout.offered == Group(1, 0)


def test_a_customer_is_counted_again_after_a_month() -> None:
    holdout, customer = HoldOut(0.0), Customer()
    for at in (0.0, 1.0, AGAIN_S - 1, AGAIN_S, AGAIN_S + 1):
        holdout.could_offer("c", customer, at)
    assert holdout.offered.sessions == 2


def test_with_one_group_alone_nothing_is_compared() -> None:
    holdout = HoldOut(0.0)
    assert "uplift" not in holdout.report()
    holdout.could_offer("c", Customer(), 0.0)
    assert holdout.report() == {
        "offered_sessions": 1.0, "offered_bought": 0.0,
        "held_out_sessions": 0.0, "held_out_bought": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("planted", [0.0, 0.06])
def test_the_interval_covers_what_is_planted(planted: float) -> None:
    """In 200 runs, each with its own customers, some of whom buy far more readily than others."""
    rng, covered = random.Random(7), 0
    for run in range(200):
        holdout = HoldOut(0.3)
        for number in range(300):
            name, customer = f"{run}-{number}", Customer()
            readiness = rng.choice([0.05, 0.25])
            holdout.could_offer(name, customer, 0.0)
            if rng.random() < readiness + (0.0 if holdout.holds(name) else planted):
                holdout.bought(name, customer)
        report = holdout.report()
        covered += report["uplift_low"] <= planted <= report["uplift_high"]
    assert covered >= binom.ppf(0.001, 200, 0.95)
