"""One line of a check-up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check-up. ``wrong``: it cannot work, or loses data; ``warn``: look at it."""

    level: Literal["ok", "warn", "wrong"]
    subject: str
    text: str
    remedy: str = ""


def worst(findings: Sequence[Finding]) -> Literal["ok", "warn", "wrong"]:
    """Return the worst level."""
    levels = Counter(finding.level for finding in findings)
    return "wrong" if levels["wrong"] else "warn" if levels["warn"] else "ok"
