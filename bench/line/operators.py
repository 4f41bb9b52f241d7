"""The figures of ISA-18.2 for the eye, each beside what the standard finds acceptable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from models.alarms.kpi import PRIORITY_TARGET

_SHOWN = 5


def operators(kpis: Mapping[str, Any]) -> Table:
    """Return a table of what operators heard: `models.alarms.kpi.AlarmKpis` as plain values."""
    table = Table(title="What operators hear (ISA-18.2)", title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("here", overflow="fold")
    table.add_column("acceptable")
    for row in _rows(kpis):
        table.add_row(*row)
    return table


def _rows(kpis: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    hour, ten = kpis["per_hour"], kpis["per_10_min"]
    targets = ", ".join(f"{share:.0%} {name}" for name, share in PRIORITY_TARGET.items())
    return [
        ("alarms", f"{kpis['annunciated']:,}", ""),
        ("an hour", f"{hour['mean']:.1f}, {hour['peak']} at most", "6, 12 at most"),
        ("in 10 minutes", f"{ten['mean']:.1f}, {ten['peak']} at most", "1, 10 at most"),
        ("10 minutes with more than 10", f"{kpis['busy_share']:.1%}", "1 %"),
        ("floods", f"{kpis['floods']}, {kpis['flood_share']:.1%} of the time", "1 %"),
        ("priorities", _priorities(kpis["priorities"]), targets),
        ("ten most frequent", f"{kpis['most_frequent_share']:.0%} of all", "5 %"),
        ("  of these", _alarms(kpis["most_frequent"]), ""),
        ("chattering", _alarms(kpis["chattering"]), "none"),
        ("fleeting", _alarms(kpis["fleeting"]), "none"),
        ("stand for a day", _alarms(kpis["stale"]), "5"),
        ("stand at the end", str(kpis["standing"]), ""),
        ("stood, on average", _seconds(kpis["mean_standing_s"]), ""),
        ("acknowledged", f"{kpis['acknowledged']}", ""),
        ("  after, on average", _seconds(kpis["mean_to_acknowledge_s"]), ""),
        (
            "kept quiet",
            _quiet(kpis),
            "",
        ),
    ]


def _quiet(kpis: Mapping[str, Any]) -> str:
    ways = ("suppressed", "shelved", "out_of_service")
    return ", ".join(f"{kpis[way]} {way.replace('_', ' ')}" for way in ways)


def _priorities(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{share:.0%} {name}" for name, share in shares.items())


def _alarms(counts: tuple[Mapping[str, Any], ...] | list[Mapping[str, Any]]) -> str:
    """Name the first few alarms by place and condition, each with how often."""
    if not counts:
        return "none"
    named = [
        "/".join(str(count[level]) for level in ("line", "machine", "sensor") if count[level])
        + f" {count['condition']} {count['times']}x"
        for count in counts[:_SHOWN]
    ]
    more = len(counts) - _SHOWN
    return "\n".join([*named, f"and {more} more"] if more > 0 else named)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} s"
