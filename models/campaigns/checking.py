"""Checks a document of offer rules: plain data in, the rules out or all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from models.campaigns.campaign import Campaign
from models.campaigns.document import TRIGGERS, Limits, OfferRules, encode
from models.offers.candidates import SOURCES
from models.problems import Path, Problem, Problems, Reader, fitting, told
from models.segments import SEGMENTS

MAX_CAMPAIGNS = 500
MAX_BYTES = 512 * 1024
"""Of the document as it is stored: each version of it is sent to each worker."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_TEN_YEARS_S = 10 * 366 * 86_400.0
_MOST_MONEY = 1e9


def checked(plain: object) -> OfferRules | tuple[Problem, ...]:
    """Return the rules that ``plain`` (as YAML or JSON is read) says, or all that is wrong with it."""
    problems = Problems()
    if plain is None:
        return (Problem((), "The document is empty."),)
    limits = _limits(problems)
    campaign = _campaign(problems)
    readers: dict[str, Reader] = {
        "limits": lambda value, path: Limits(**problems.section(value, path, limits)),
        "sources": lambda value, path: problems.named(
            value, path, problems.flag, SOURCES, "source"
        ),
        "triggers": lambda value, path: problems.named(
            value, path, problems.flag, TRIGGERS, "trigger"
        ),
        "campaigns": lambda value, path: problems.listed(
            value, path, lambda own, where: _checked_campaign(problems, own, where, campaign)
        ),
    }  # fmt: skip
    said = problems.section(plain, (), readers)
    _names_are_unique(problems, plain)
    number = len(said.get("campaigns", ()))
    if number > MAX_CAMPAIGNS:
        problems.note(("campaigns",), f"{number:,} are too many; {MAX_CAMPAIGNS} may be")
    if problems.found:
        return tuple(problems.found)
    rules = OfferRules(**said)
    return fitting(rules, encode(rules), MAX_BYTES, "say categories instead of articles")


def _limits(problems: Problems) -> Mapping[str, Reader]:
    seconds = partial(problems.number, low=0.0, high=_TEN_YEARS_S, what="a number of seconds")
    return {
        "daily_cap": partial(problems.whole, low=0, high=1000),
        "cooldown_s": seconds,
        "item_cooldown_s": seconds,
        "rebuy_after_s": seconds,
        "category_rebuy_after_s": lambda value, path: problems.named(
            value, path, seconds, None, "category"
        ),
        "ignored_cooldown_s": seconds,
        "ignored_limit": partial(problems.whole, low=1, high=1000),
        "category_quota": partial(problems.whole, low=1, high=50),
        "diversity": partial(problems.number, low=0.0, high=1.0, what="a number"),
    }


def _campaign(problems: Problems) -> Mapping[str, Reader]:
    counted = partial(problems.whole, low=1, high=1_000_000_000)
    return {
        "name": partial(_slug, problems),
        "items": partial(problems.distinct, reader=problems.name),
        "categories": partial(problems.distinct, reader=problems.name),
        "discount": partial(
            problems.number, low=0.0, high=0.9, what="a share (20 % is 0.2)"
        ),
        "budget": partial(
            problems.number, low=0.01, high=_MOST_MONEY, what="an amount of money"
        ),
        "max_offers": counted,
        "starts": problems.moment,
        "ends": problems.moment,
        "segments": partial(
            problems.distinct,
            reader=partial(problems.choice, known=SEGMENTS, what="segment"),
        ),
        "priority": partial(problems.whole, low=-1000, high=1000),
        "boost": partial(problems.number, low=0.1, high=10.0, what="a factor"),
        "cap_per_customer": counted,
    }  # fmt: skip


def _slug(problems: Problems, value: object, path: Path) -> str | None:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    problems.note(
        path,
        f"a name of up to 63 small letters, digits and hyphens is expected, not {told(value)}",
    )
    return None


def _checked_campaign(
    problems: Problems, value: object, path: Path, readers: Mapping[str, Reader]
) -> Campaign | None:
    if not isinstance(value, dict):
        problems.note(path, f"keys with values are expected, not {told(value)}")
        return None
    said = problems.section(value, path, readers)
    if "name" not in value:
        problems.note((*path, "name"), "is lacking: what is spent is kept under it")
    if not value.get("items") and not value.get("categories"):
        problems.note(path, "is for nothing: say items, categories or both")
    _dates(problems, value, said, path)
    if "budget" in said and not value.get("discount"):
        problems.note((*path, "budget"), "needs a discount: that is what is spent of it")
    return Campaign(**said) if "name" in said else None


def _dates(
    problems: Problems, value: Mapping[str, Any], said: Mapping[str, Any], path: Path
) -> None:
    starts, ends = said.get("starts"), said.get("ends")
    if starts is not None and ends is not None and ends <= starts:
        problems.note((*path, "ends"), "before starts" if ends < starts else "the same as starts")
    lacking = [name for name in ("starts", "ends") if name not in value]
    for limit in ("budget", "max_offers"):
        if limit in said and lacking:
            problems.note(
                (*path, limit),
                f"needs {' and '.join(lacking)}: it is spent evenly between the two",
            )


def _names_are_unique(problems: Problems, plain: object) -> None:
    listed = plain.get("campaigns") if isinstance(plain, dict) else None
    first: dict[str, int] = {}
    for place, own in enumerate(listed if isinstance(listed, list) else ()):
        name = own.get("name") if isinstance(own, dict) else None
        if not isinstance(name, str):
            continue
        if name in first:
            problems.note(
                ("campaigns", place, "name"), f"{name!r} is that of campaigns[{first[name]}] too"
            )
        first.setdefault(name, place)
