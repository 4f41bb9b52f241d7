"""The document as workers hold it: which campaign holds, what is on, and that it travels whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from models.campaigns.campaign import Campaign
from models.campaigns.document import NO_RULES, TRIGGERS, OfferRules, active, decode, encode
from models.campaigns.limits import limits_in_force
from models.offers.settings import OfferSettings
from models.segments import SEGMENTS


def moment(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


SKUS, CATEGORIES = "abc", "xyz"
MOMENTS = st.sampled_from([*[None] * 5, *map(moment, range(5))])


def some(names: Iterable[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """None, one or two of the names, each as often. One draw: sets of draws take longer than the test."""
    one, two = (list(permutations(sorted(names), size)) for size in (1, 2))
    return st.sampled_from([*[()] * len(two), *one * (len(two) // len(one)), *two])


CAMPAIGNS = st.lists(
    st.builds(
        Campaign,
        name=st.just(""), items=some(SKUS), categories=some(CATEGORIES), starts=MOMENTS, ends=MOMENTS,
        segments=some(SEGMENTS), priority=st.integers(-1, 1),
    ),
    max_size=6,
).map(lambda found: tuple(msgspec.structs.replace(own, name=f"c{n}") for n, own in enumerate(found)))  # fmt: skip


def holds(one: Campaign, sku: str, category: str | None, segment: str | None, at: float) -> bool:
    """The definition, campaign by campaign."""
    return (
        (sku in one.items or category in one.categories)
        and (one.starts is None or one.starts.timestamp() <= at)
        and (one.ends is None or at < one.ends.timestamp())
        and (not one.segments or segment in one.segments)
    )


@settings(max_examples=300, deadline=None)
@given(
    CAMPAIGNS, st.sampled_from(SKUS), st.none() | st.sampled_from(CATEGORIES),
    st.none() | st.sampled_from(SEGMENTS), st.integers(-1, 5).map(float),
    st.sets(st.integers(0, 6).map("c{}".format)),
)  # fmt: skip
def test_the_campaign_is_that_which_a_search_finds(
    found: tuple[Campaign, ...], sku: str, category: str | None, segment: str | None, at: float,
    spent: set[str],
) -> None:  # fmt: skip
    rules = OfferRules(campaigns=found)
    mine = [one for one in found if holds(one, sku, category, segment, at)]
    first = max(mine, key=lambda one: one.priority, default=None)
    assert active(rules, sku, category, segment, at) == first
    left = [one for one in mine if one.name not in spent]
    assert active(
        rules, sku, category, segment, at, lambda one: one.name not in spent
    ) == max(left, key=lambda one: one.priority, default=None)  # fmt: skip


def test_a_campaign_begins_at_its_start_and_is_over_at_its_end() -> None:
    rules = OfferRules(
        campaigns=(Campaign(name="c", items=("a",), starts=moment(5), ends=moment(9)),)
    )
    held = [at for at in (4.999, 5.0, 8.999, 9.0) if active(rules, "a", None, None, at)]
    assert held == [5.0, 8.999]


def test_the_index_is_made_once() -> None:
    rules = OfferRules(campaigns=(Campaign(name="c", items=("a",)),))
    assert rules.index is rules.index


def test_what_is_not_named_is_as_it_was_without_rules() -> None:
    assert [name for name in TRIGGERS if NO_RULES.trigger_on(name)] == [
        "view",
        "add_to_cart",
        "order_placed",
    ]
    assert NO_RULES.source_on("whatever comes")
    rules = OfferRules(sources={"trending": False}, triggers={"view": False, "cart_left": True})
    assert [name for name in TRIGGERS if rules.trigger_on(name)] == [
        "add_to_cart",
        "order_placed",
        "cart_left",
    ]
    assert (rules.source_on("trending"), rules.source_on("next_order")) == (False, True)


def test_it_comes_back_from_a_row_as_it_went_in() -> None:
    rules = OfferRules(
        sources={"trending": False},
        campaigns=(Campaign(name="c", items=("ä",), starts=moment(5.5), boost=0.5),),
    )
    assert decode(encode(rules)) == rules
    assert encode(NO_RULES) == b"{}"


def test_a_row_of_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    plain: dict[str, Any] = {
        "limits": {"daily_cap": 2, "hourly_cap": 1}, "weather": {"rain": True},
        "sources": {"by_weather": True},
        "campaigns": [{"name": "c", "items": ["a"], "segments": ["vip"], "colour": "red"}],
    }  # fmt: skip
    rules = decode(json.dumps(plain).encode())
    assert rules.limits.daily_cap == 2
    assert active(rules, "a", None, "new", 0.0) is None
    assert active(rules, "a", None, "vip", 0.0) == rules.campaigns[0]


def test_limits_come_from_the_settings_where_the_rules_say_nothing() -> None:
    own = OfferSettings(daily_cap=3, cooldown_s=1.0, item_cooldown_s=2.0, rebuy_after_s=3.0)
    found = limits_in_force(NO_RULES, own)
    assert (found.daily_cap, found.cooldown_s, found.item_cooldown_s) == (3, 1.0, 2.0)
    assert (found.rebuy_after("wine"), found.rebuy_after(None)) == (None, None)
    assert found.unlearnt_rebuy_after_s == 3.0
    assert (found.ignored_cooldown_s, found.category_quota, found.diversity) == (0.0, 3, 0.1)


def test_what_the_rules_say_holds_over_the_settings_zero_too() -> None:
    said = {
        "daily_cap": 0, "cooldown_s": 0.0, "item_cooldown_s": 0.0, "rebuy_after_s": 0.0,
        "category_rebuy_after_s": {"wine": 9.0}, "ignored_cooldown_s": 5.0, "ignored_limit": 2,
        "category_quota": 2, "diversity": 0.5,
    }  # fmt: skip
    found = limits_in_force(decode(json.dumps({"limits": said}).encode()), OfferSettings())
    assert {name: getattr(found, name) for name in said} == said
    assert set(said) == set(msgspec.structs.asdict(NO_RULES.limits)), "a limit is not looked at"
    assert (found.rebuy_after("wine"), found.rebuy_after("tea")) == (9.0, 0.0)
