"""The tables that a demo ends with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from streams.demo.screen import milliseconds, propensity, topics
from streams.demo.snapshot import Snapshot

_NAMES_SHOWN = 6


def print_summary(console: Console, snapshot: Snapshot, results: Mapping[str, Any]) -> None:
    """Print what the demo came to."""
    console.print()
    console.print(topics(snapshot))
    console.print()
    console.print(Group(*_tables(snapshot, results)))
    wrong = results["differences"]
    if wrong:
        console.print(Text("These do not add up:", "bold red"))
        for line in wrong:
            console.print(Text(f"  {line}", "red"))
    else:
        console.print(
            Text(
                f"Every event accounted for: {results['read']:,} published and read, "
                "each accepted, dropped as a duplicate, or in the dead letters.",
                "bold green",
            )
        )


def _tables(snapshot: Snapshot, results: Mapping[str, Any]) -> list[RenderableType]:
    tables: list[RenderableType] = []
    if "faults_planted" in results:
        tables.append(_truth(results))
    if results["dirt"]:
        tables.append(_dirt(results["dirt"]))
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    facts.add_row(
        "events a second", f"{results['events_per_s']:,.0f} over {results['seconds']:.0f} s"
    )
    facts.add_row("will they buy?", propensity(snapshot))
    facts.add_row("rules", f"{results['rules']:,}")
    offers = results.get("offers")
    if offers:
        facts.add_row(
            "offers",
            f"{offers['shown']:,} shown, {offers['clicked']:,} clicked "
            f"({offers['click_rate']:.1%}; best sellers would get "
            f"{offers['click_rate_if_popular']:.1%}, who knows all {offers['click_rate_if_best']:.1%})",
        )
    catalogue = results.get("catalogue")
    if catalogue:
        facts.add_row(
            "catalogue",
            f"{catalogue['articles']:,} articles, {catalogue.get('price_cut', 0):,} price cuts, "
            f"{catalogue.get('sold_out', 0):,} sold out, {catalogue.get('withdrawn', 0):,} withdrawn",
        )
    operator = results.get("operator")
    if operator:
        facts.add_row("operator", _operator(operator))
    for worker in snapshot.workers:
        if worker.peak_mb is not None:
            facts.add_row(worker.name, f"{worker.peak_mb:,.0f} MB at most")
    return [*tables, facts, Text("")]


def _operator(kpis: Mapping[str, Any]) -> str:
    """Return in a line how many alarms people hear."""
    shares = ", ".join(f"{share:.0%} {name}" for name, share in kpis["priorities"].items())
    return (
        f"{kpis['annunciated']} alarms ({shares}), {kpis['per_10_min']['peak']} in 10 minutes at most, "
        f"{len(kpis['chattering'])} chattering, {kpis['standing']} stand"
    )


def _truth(results: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold cyan")
    table.add_column("planted")
    table.add_column("found", justify="right")
    table.add_column("missed")
    for name, label in (
        ("faults", "faults"),
        ("affinities", "bought together"),
        ("configurations", "usual options"),
    ):
        table.add_row(
            label,
            f"{results[f'{name}_found']} of {results[f'{name}_planted']}",
            _listed(results[f"{name}_missed_names"]),
        )
    delay = results["faults_delay_s"]
    if delay is not None:
        told = f"{results['alerts_raised']} alerts, {results['alerts_false']} false"
        table.add_row("", milliseconds(delay * 1000.0) + " ms", f"mean delay of an alarm; {told}")
    return table


def _dirt(dirt: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Table:
    kinds = sorted({kind for one in dirt.values() for kind in one})
    table = Table(box=box.SIMPLE_HEAD, header_style="bold cyan")
    table.add_column("dirt caught of planted")
    for kind in kinds:
        table.add_column(kind.replace("_", " "), justify="right")
    for topic, one in dirt.items():
        cells = []
        for kind in kinds:
            count = one.get(kind)
            if count is None:
                cells.append(Text("-", "dim"))
                continue
            good = count["planted"] == count["caught"]
            text = f"{count['caught']:,} of {count['planted']:,}"
            cells.append(Text(text, "" if good else "bold red"))
        table.add_row(topic, *cells)
    return table


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
