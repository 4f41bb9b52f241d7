"""A document of offer rules: what is taken, and that all that is wrong is said, and where."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.campaigns import checking
from models.campaigns.campaign import Campaign
from models.campaigns.checking import checked
from models.campaigns.document import Limits, OfferRules
from models.offers.candidates import SOURCES
from models.problems import Problem

CET = timezone(timedelta(hours=1))
SECONDS = "a number of seconds"
A_NAME = "name: a name of up to 63 small letters, digits and hyphens is expected, not the text"
SALE: dict[str, Any] = {"name": "sale", "items": ["tie"], "discount": 0.2}


def said(plain: object) -> list[str]:
    """All that is wrong, as an operator reads it."""
    found = checked(plain)
    assert isinstance(found, tuple), found
    return [str(problem) for problem in found]


def rules(plain: object) -> OfferRules:
    found = checked(plain)
    assert isinstance(found, OfferRules), found
    return found


def campaign(**changes: Any) -> list[str]:
    """What is wrong with one campaign, without the path to it."""
    own = {name: value for name, value in (SALE | changes).items() if value is not ...}
    return [
        line.removeprefix("campaigns[0]").removeprefix(".") for line in said({"campaigns": [own]})
    ]


def test_all_that_can_be_said() -> None:
    found = rules(
        {
            "limits": {
                "daily_cap": 4, "cooldown_s": 60, "item_cooldown_s": 3600.5, "ignored_cooldown_s": 7,
                "ignored_limit": 2, "rebuy_after_s": 0, "category_rebuy_after_s": {"wine": 10},
                "category_quota": 2, "diversity": 0.3,
            },
            "sources": dict.fromkeys(SOURCES, False),
            "triggers": {"view": False, "cart_left": True},
            "campaigns": [
                {
                    "name": "spring-26", "items": ["tie-1", "tie-2"], "categories": ["hats"],
                    "discount": 0.15, "budget": 5000, "max_offers": 900,
                    "starts": "2026-03-01T00:00:00+01:00", "ends": datetime(2026, 4, 1, tzinfo=UTC),
                    "segments": ["new", "lapsed"], "priority": -2, "boost": 2,
                    "cap_per_customer": 3,
                },
                {"name": "2", "categories": ["Kräuter & Tee"]},
            ],
        }
    )  # fmt: skip
    assert found == OfferRules(
        limits=Limits(
            daily_cap=4, cooldown_s=60.0, item_cooldown_s=3600.5, ignored_cooldown_s=7.0,
            ignored_limit=2, rebuy_after_s=0.0, category_rebuy_after_s={"wine": 10.0},
            category_quota=2, diversity=0.3,
        ),
        sources=dict.fromkeys(SOURCES, False),
        triggers={"view": False, "cart_left": True},
        campaigns=(
            Campaign(
                name="spring-26", items=("tie-1", "tie-2"), categories=("hats",), discount=0.15,
                budget=5000.0, max_offers=900, starts=datetime(2026, 3, 1, tzinfo=CET),
                ends=datetime(2026, 4, 1, tzinfo=UTC), segments=("new", "lapsed"), priority=-2,
                boost=2.0, cap_per_customer=3,
            ),
            Campaign(name="2", categories=("Kräuter & Tee",)),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    "plain", [{}, {"limits": {}}, {"limits": None, "sources": None, "campaigns": None}]
)
def test_a_document_that_says_nothing_changes_nothing(plain: object) -> None:
    assert rules(plain) == OfferRules()


def test_no_document_at_all_is_a_mistake() -> None:
    assert said(None) == ["The document is empty."]
    assert said([SALE]) == ["keys with values are expected, not a list"]


def test_all_problems_are_said_at_once_each_with_its_path() -> None:
    found = said(
        {
            "limits": {"daily_kap": 3, "cooldown_s": "x", "category_rebuy_after_s": {"wine": -1}},
            "sources": {"trendin": True, "trending": 1},
            "triggers": {False: True},
            "campains": [],
            "campaigns": [
                SALE | {"items": ["tie", 83]},
                SALE | {"ends": "2026-01-01T00:00:00Z", "starts": "2026-02-01T00:00:00Z"},
                7,
            ],
        }
    )
    assert sorted(found) == [
        "campaigns[0].items[1]: text is expected, not the number 83; put it in quotes",
        "campaigns[1].ends: before starts",
        "campaigns[1].name: 'sale' is that of campaigns[0] too",
        "campaigns[2]: keys with values are expected, not the number 7",
        "campains: is no known key; did you mean campaigns?",
        f"limits.category_rebuy_after_s.wine: {SECONDS} from 0 to 316,224,000 is expected, not -1",
        f"limits.cooldown_s: {SECONDS} is expected, not the text 'x'",
        "limits.daily_kap: is no known key; did you mean daily_cap?",
        "sources.trendin: is no known source; did you mean trending?",
        "sources.trending: true or false is expected, not the number 1",
        "triggers: a key is false, not text; put it in quotes",
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": ...}, "name: is lacking: what is spent is kept under it"),
        ({"name": "Sale!"}, f"{A_NAME} 'Sale!'"),
        ({"name": "s" * 64}, f"{A_NAME} '{'s' * 40}'"),
        ({"name": "sale\n"}, f"{A_NAME} 'sale\\n'"),
        ({"items": ...}, ": is for nothing: say items, categories or both"),
        ({"items": []}, ": is for nothing: say items, categories or both"),
        ({"items": "tie"}, "items: a list is expected, not the text 'tie'"),
        ({"items": ["a", "b", "a"]}, "items[2]: 'a' is in the list twice"),
        ({"items": ["\x1fx"]}, "items[0]: 1 to 64 printable characters are expected, not the text '\\x1fx'"),
        ({"items": [date(2026, 1, 1)]}, "items[0]: text is expected, not the day 2026-01-01; put it in quotes"),
        ({"categories": [["a"]]}, "categories[0]: text is expected, not a list"),
        ({"discount": 20}, "discount: a share (20 % is 0.2) from 0 to 0.9 is expected, not 20"),
        ({"discount": "20%"}, "discount: a share (20 % is 0.2) is expected, not the text '20%'"),
        ({"discount": float("nan")}, "discount: a share (20 % is 0.2) from 0 to 0.9 is expected, not nan"),
        ({"discount": True}, "discount: a share (20 % is 0.2) is expected, not true"),
        ({"discount": None}, "discount: a share (20 % is 0.2) is expected, not nothing"),
        ({"budget": 5}, "budget: needs starts and ends: it is spent evenly between the two"),
        ({"max_offers": 5, "starts": "2026-01-01T00:00:00Z"}, "max_offers: needs ends: it is spent evenly between the two"),
        ({"max_offers": 0}, "max_offers: a whole number from 1 to 1,000,000,000 is expected, not 0"),
        ({"max_offers": 2.5}, "max_offers: a whole number is expected, not the number 2.5"),
        ({"boost": 10**9999}, "boost: a factor from 0.1 to 10 is expected, not (very large)"),
        ({"cap_per_customer": -(10**9999)}, "cap_per_customer: a whole number from 1 to 1,000,000,000 is expected, not (very large)"),
        ({"items": [10**9999]}, "items[0]: text is expected, not the number (very large); put it in quotes"),
        ({"starts": "2026-03-01T00:00:00"}, "starts: has no time zone; write it like 2026-03-01T00:00:00+01:00"),
        ({"starts": datetime(2026, 3, 1)}, "starts: has no time zone; write it like 2026-03-01T00:00:00+01:00"),  # noqa: DTZ001
        ({"starts": date(2026, 3, 1)}, "starts: a moment is expected, not the day 2026-03-01; say from which moment on"),
        ({"starts": "soon"}, "starts: a moment is expected, not the text 'soon'; write it like 2026-03-01T00:00:00+01:00"),
        ({"ends": "0226-03-01T00:00:00Z"}, "ends: the year 226 can hardly be meant"),
        ({"starts": "2026-03-01T00:00:00Z", "ends": "2026-03-01T01:00:00+01:00"}, "ends: the same as starts"),
        ({"segments": ["knew"]}, "segments[0]: is no known segment; did you mean new?"),
        ({"segments": ["vip"]}, "segments[0]: is no known segment; known are new, returning, regular, lapsed"),
        ({"segments": [1]}, "segments[0]: one of new, returning, regular, lapsed is expected, not the number 1"),
        ({"prioritie": 1}, "prioritie: is no known key; did you mean priority?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_campaign(changes: dict[str, Any], problem: str) -> None:
    assert campaign(**changes) == [problem]


def test_a_category_is_a_name_as_a_key_too() -> None:
    (problem,) = said({"limits": {"category_rebuy_after_s": {"": 1, "tea": 2}}})
    assert "1 to 64 printable characters" in problem


@pytest.mark.parametrize("discount", [..., 0, 0.0])
def test_a_budget_without_a_discount_would_never_be_spent(discount: Any) -> None:
    dates = {"starts": "2026-03-01T00:00:00Z", "ends": "2026-04-01T00:00:00Z"}
    assert campaign(budget=5, discount=discount, **dates) == [
        "budget: needs a discount: that is what is spent of it"
    ]


def test_a_document_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MAX_CAMPAIGNS", 2)
    many = [SALE | {"name": f"sale-{n}"} for n in range(3)]
    assert rules({"campaigns": many[:2]})
    assert said({"campaigns": many}) == ["campaigns: 3 are too many; 2 may be"]
    articles = [f"sku-{n:06d}" for n in range(60_000)]
    (problem,) = said({"campaigns": [SALE | {"items": articles}]})
    assert "bytes as it is stored, and 524,288 may be" in problem


NAMES = st.sampled_from(
    ["limits", "sources", "triggers", "campaigns", "name", "items", "starts", "ends", "discount",
     "budget", "daily_cap", "category_rebuy_after_s", "segments", "view", "trending"]
)  # fmt: skip
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | NAMES
    | st.dates() | st.datetimes(),
    lambda own: st.lists(own, max_size=4) | st.dictionaries(NAMES | st.booleans(), own, max_size=6),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(NAMES, PLAIN, max_size=5) | PLAIN)
def test_whatever_is_written_is_taken_or_told(plain: object) -> None:
    found = checked(plain)
    if isinstance(found, tuple):
        assert found
        assert all(isinstance(problem, Problem) and problem.message for problem in found)
