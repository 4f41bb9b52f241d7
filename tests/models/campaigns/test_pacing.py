"""Budgets: spent evenly, never beyond, by each shard on its own, and the same again on a replay."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.campaigns.campaign import Campaign
from models.campaigns.document import NO_RULES, OfferRules
from models.campaigns.pacing import ALLOWANCE, BudgetPacing

START, LASTS = 1_790_000_000.0, 1000.0
END = START + LASTS - 1


def moment(second: float) -> datetime:
    return datetime.fromtimestamp(START + second, UTC)


def sale(**changes: Any) -> Campaign:
    fields = {"name": "sale", "items": ("tie",), "starts": moment(0), "ends": moment(LASTS)}
    return Campaign(**(fields | changes))


def pacing(*campaigns: Campaign, number: int = 0, shards: int = 1) -> BudgetPacing:
    found = BudgetPacing()
    found.follow(OfferRules(campaigns=campaigns), number, shards)
    return found


def test_money_is_spent_as_time_goes_by() -> None:
    campaign = sale(budget=100.0, discount=0.1)
    pace = pacing(campaign)
    made = []
    for second in range(-50, int(LASTS) + 50):
        at = START + second
        if pace.may_spend(campaign, at):
            pace.spend(campaign, 1.0, at)
            made.append(second)
    assert len(made) == 100
    for number, second in enumerate(made, start=1):
        due = min(second / LASTS + ALLOWANCE, 1.0) * 100.0
        assert number - 1 < due, "the last one was made before it was due"
        # One a second: what may be spent ahead of time takes the first seconds.
        assert number >= due - 1 or number == second + 1, "what was due was kept back"


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.lists(st.floats(-10, LASTS + 10), max_size=80))
def test_all_shards_together_make_the_offers_there_may_be_and_no_more(
    most: int, shards: int, seconds: list[float]
) -> None:
    campaign = sale(max_offers=most)
    made = 0
    for number in range(shards):
        pace = pacing(campaign, number=number, shards=shards)
        for second in [*sorted(seconds), *[LASTS - 1] * most]:
            at = START + second
            if pace.may_spend(campaign, at):
                pace.count_offer(campaign, at)
                made += 1
                due = second / LASTS + ALLOWANCE
                assert pace.spent(campaign, at).offers < due * most / shards + 2
    assert made == most


def test_a_shard_has_its_part_of_the_budget() -> None:
    campaign = sale(budget=100.0, discount=0.1)
    pace = pacing(campaign, number=3, shards=4)
    pace.spend(campaign, 24.99, END)
    assert pace.may_spend(campaign, END)
    pace.spend(campaign, 0.01, END)
    assert not pace.may_spend(campaign, END)


def test_whichever_is_used_up_first_ends_it() -> None:
    campaign = sale(budget=100.0, max_offers=1, discount=0.1)
    pace = pacing(campaign)
    pace.count_offer(campaign, START)
    assert not pace.may_spend(campaign, END)
    assert pacing(campaign).may_spend(campaign, END)


def test_an_order_taken_back_gives_its_discount_back() -> None:
    campaign = sale(budget=10.0, discount=0.1)
    pace = pacing(campaign)
    run = pace.spend(campaign, 10.0, END)
    assert run is not None
    pace.give_back("sale", run, 4.0)
    assert pace.spent(campaign, END).money == 6.0
    assert pace.may_spend(campaign, END)
    pace.give_back("another", run, 4.0)
    pace.give_back("sale", run, 40.0)
    assert pace.spent(campaign, END).money == 0.0


def test_what_comes_back_is_given_to_the_run_that_it_was_taken_from() -> None:
    first = sale(budget=10.0, discount=0.1)
    again = sale(budget=10.0, discount=0.1, starts=moment(2 * LASTS), ends=moment(3 * LASTS))
    late = START + 3 * LASTS - 1
    pace = pacing(first)
    old = pace.spend(first, 10.0, END)
    pace.follow(OfferRules(campaigns=(again,)), 0, 1)
    new = pace.spend(again, 10.0, late)
    assert old is not None
    assert new is not None
    pace.give_back("sale", old, 10.0)
    assert pace.spent(again, late).money == 10.0
    pace.give_back("sale", new, 1.0)
    assert pace.spent(again, late).money == 9.0
    pace.follow(NO_RULES, 0, 1)
    pace.follow(OfferRules(campaigns=(again,)), 0, 1)
    pace.spend(again, 5.0, late)
    pace.give_back("sale", new, 5.0)
    assert pace.spent(again, late).money == 5.0, "what was spent before went with the campaign"


def test_what_comes_back_does_not_make_an_old_run_the_new_one() -> None:
    first = sale(budget=10.0, discount=0.1)
    again = sale(budget=10.0, discount=0.1, starts=moment(2 * LASTS), ends=moment(3 * LASTS))
    pace = pacing(first)
    run = pace.spend(first, 10.0, END)
    pace.follow(OfferRules(campaigns=(again,)), 0, 1)
    assert run is not None
    pace.give_back("sale", run, 4.0)
    assert pace.spent(again, START + 2 * LASTS).money == 0.0


def test_before_and_after_its_dates_it_makes_no_offers() -> None:
    for campaign in (sale(), sale(budget=100.0, discount=0.1), sale(max_offers=100)):
        seconds = (-0.001, 0.0, LASTS - 0.001, LASTS)
        may = [pacing(campaign).may_spend(campaign, START + second) for second in seconds]
        assert may == [False, True, True, False]


def test_without_a_budget_nothing_ends_it() -> None:
    campaign = Campaign(name="always", items=("tie",), discount=0.5)
    pace = pacing(campaign)
    for _ in range(100):
        pace.count_offer(campaign, START)
        pace.spend(campaign, 1e6, START)
    assert pace.may_spend(campaign, START)


def test_campaigns_that_are_gone_are_forgotten_and_others_are_not() -> None:
    one, two = sale(max_offers=10), sale(name="two", max_offers=10)
    pace = pacing(one, two)
    pace.count_offer(one, START)
    pace.count_offer(two, START)
    pace.follow(OfferRules(campaigns=(two,)), 0, 1)
    pace.count_offer(one, START)  # it is over: nothing is kept of it
    pace.spend(one, 5.0, START)
    assert set(pace._spent) == {"two"}
    assert pace.spent(two, START).offers == 1
    pace.follow(OfferRules(campaigns=(one, two)), 0, 1)
    assert (pace.spent(one, START).offers, pace.spent(two, START).offers) == (0, 1)
    pace.follow(NO_RULES, 0, 1)
    assert not pace._spent


def test_a_campaign_with_a_larger_budget_goes_on_from_what_was_spent() -> None:
    small, large = sale(budget=10.0, discount=0.1), sale(budget=20.0, discount=0.1)
    pace = pacing(small)
    pace.spend(small, 10.0, END)
    pace.follow(OfferRules(campaigns=(large,)), 0, 1)
    assert pace.may_spend(large, END)
    pace.spend(large, 10.0, END)
    assert not pace.may_spend(large, END)


def test_the_same_name_with_later_dates_is_a_new_run() -> None:
    first = sale(max_offers=2)
    pace = pacing(first)
    for _ in range(2):
        pace.count_offer(first, START + LASTS - 1)
    again = sale(max_offers=2, starts=moment(2 * LASTS), ends=moment(3 * LASTS))
    pace.follow(OfferRules(campaigns=(again,)), 0, 1)
    assert pace.spent(again, END).offers == 2, "it has not begun"
    at = START + 2 * LASTS
    assert pace.may_spend(again, at)
    pace.count_offer(again, at)
    assert pace.spent(again, at).offers == 1
    pace.count_offer(again, END)  # a late event does not make it an old run again
    assert pace.spent(again, at).offers == 2


def test_it_comes_back_from_a_snapshot_and_says_the_same() -> None:
    campaign = sale(budget=100.0, discount=0.1)
    pace = pacing(campaign, number=1, shards=3)
    pace.spend(campaign, 7.5, START + 100)
    again = pickle.loads(pickle.dumps(pace))
    for second in range(0, 1000, 50):
        at = START + second
        assert again.may_spend(campaign, at) == pace.may_spend(campaign, at)
    assert again.spent(campaign, START + 100) == pace.spent(campaign, START + 100)


@pytest.mark.parametrize(("number", "shards"), [(-1, 2), (2, 2), (0, 0)])
def test_a_shard_that_there_is_not(number: int, shards: int) -> None:
    with pytest.raises(ValueError, match=f"no shard {number} of {shards}"):
        BudgetPacing().follow(NO_RULES, number, shards)
