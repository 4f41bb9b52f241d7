"""Deadbands of limits: how far a value must come back for an alarm to end, and whether it ever can.

The alarm of an upper limit ends below the limit less its deadband, that of a lower one above the limit
and its deadband (`models.line.limits`). What lies beyond the span, or beyond the limits of the other side,
is no place to come back to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from models.line.document import KindChoice, SensorChoice
from models.line.findings import LIMITS
from models.line.kinds import KINDS, OTHER


def share_of(kind: str | None, kinds: Mapping[str, KindChoice]) -> float:
    """Return which share of the span the deadband of a kind is; of an unknown kind, the least of all."""
    if kind is None:
        return min(share_of(name, kinds) for name in KINDS)
    own = kinds.get(kind)
    if own is not None and own.deadband is not None:
        return own.deadband
    return KINDS.get(kind, KINDS[OTHER]).deadband


def deadband_of(choice: SensorChoice, share: float) -> float:
    """Return a sensor's deadband in the unit of its limits: as is said, or a share of the span."""
    return share * _span(choice) if choice.deadband is None else choice.deadband


def _span(choice: SensorChoice) -> float:
    """Return over which range the values lie, as far as is said, in the unit of what is said."""
    if choice.span is not None:
        return choice.span[1] - choice.span[0]
    limits = choice.limits.values()
    if len(limits) > 1:
        return max(limits) - min(limits)
    return max((abs(limit) for limit in limits), default=0.0)


def endless(choice: SensorChoice, deadband: float) -> Iterator[tuple[str, str]]:
    """Yield each limit whose alarm would never end while nothing else is wrong, and why."""
    for rule in LIMITS:
        at = choice.limits.get(rule)
        if at is None:
            continue
        upper = rule.startswith("high")
        sign = 1.0 if upper else -1.0
        end = at - sign * deadband
        others = [
            (limit, f"{name} begins at {_told(limit)}")
            for name, limit in choice.limits.items()
            if name.startswith("high") is not upper
        ]
        if choice.span is not None:
            edge, word = (choice.span[0], "begins") if upper else (choice.span[1], "ends")
            others.append((edge, f"the span {word} at {_told(edge)}"))
        if not others:
            continue
        nearest, reached = max(others, key=lambda other: sign * other[0])
        if sign * (end - nearest) <= 0.0:
            side = "below" if upper else "above"
            yield rule, f"would end only {side} {_told(end)}, and {reached}"


def _told(value: float) -> str:
    return f"{value:,.12g}"
