"""``tailorline offers``: the operator's rules for offers, checked, put in force and shown."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec

from models.campaigns.document import OfferRules, running
from streams.cli.documents import Wording, commands_for, number
from streams.documents import OFFERS


def summary(rules: OfferRules) -> str:
    """Return in a line what rules say."""
    limits = len(msgspec.to_builtins(rules.limits))
    return (
        f"{number(len(rules.campaigns), 'campaign')} ({running(rules, time.time())} "
        f"running now), {number(limits, 'limit')}, {_switched('sources', rules.sources)}, "
        f"{_switched('triggers', rules.triggers)}."
    )


def _switched(what: str, switches: Mapping[str, bool]) -> str:
    off = [name for name, on in switches.items() if not on]
    return f"{what} off: {', '.join(off) or 'none'}"


WORDING = Wording(
    OFFERS,
    "Limits, switches and campaigns for offers: check, apply, show or clear them.",
    "deploy/offers.yaml",
    summary,
    "No offer rules are in force: offers are made by the settings (TAILORLINE_OFFERS__…).",
    "Offers are made by the settings alone, and campaigns end: what shards have spent on them is "
    "forgotten.",
)
app = commands_for(WORDING)
