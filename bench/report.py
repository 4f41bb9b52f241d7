"""What every benchmark hands back: one envelope as JSON, and a table for the eye."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

OURS = "tailorline"
"""The contender whose metrics are the results; all others are baselines."""

Value = float | int | None
Metrics = dict[str, Value]


@dataclass(slots=True)
class Report:
    """One run. Programs compare runs by these names, so a metric keeps its name for ever."""

    bench: str
    data: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    results: Metrics = field(default_factory=dict)
    baselines: dict[str, Metrics] = field(default_factory=dict)
    series: dict[str, list[list[float]]] = field(default_factory=dict)
    """What was sampled over time: rows of numbers, named after their columns."""

    def file(self, contender: str, metrics: Metrics) -> None:
        """File what a contender scored where it belongs."""
        if contender == OURS:
            self.results = metrics
        else:
            self.baselines[contender] = metrics

    @property
    def contenders(self) -> dict[str, Metrics]:
        """What all scored, ours first."""
        return {OURS: self.results, **self.baselines}

    def write(self, path: Path) -> None:
        """Write the envelope as indented JSON."""
        raw = msgspec.json.format(msgspec.json.encode(asdict(self)), indent=2)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw + b"\n")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A line per contender, a column per metric; printed as several tables where one is too wide.

    Rich would leave columns out that do not fit, without a mark, and a pipe has 80 characters.
    """

    title: str
    rows: Mapping[str, Mapping[str, Value]]
    columns: Mapping[str, str]
    """Heads by metric."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield tables of the same rows, each with as many of the next columns as fit."""
        parts: list[list[str]] = [[]]
        for name in self.columns:
            if parts[-1] and self._width([*parts[-1], name], console, options) > options.max_width:
                parts.append([])
            parts[-1].append(name)
        for place, names in enumerate(parts, 1):
            part = f" ({place} of {len(parts)})" if len(parts) > 1 else ""
            yield self._table(names, f"{self.title}{part}")

    def _width(self, names: list[str], console: Console, options: ConsoleOptions) -> int:
        """Return how many characters a table of these columns takes if nothing is cut or wrapped."""
        boundless = options.update(max_width=sys.maxsize)
        return Measurement.get(console, boundless, self._table(names)).maximum

    def _table(self, names: list[str], title: str | None = None) -> Table:
        table = Table(title=title, title_justify="left")
        table.add_column(
            "", overflow="fold"
        )  # even alone beside one column, a name may be too long
        for name in names:
            table.add_column(self.columns[name], justify="right", min_width=6, no_wrap=True)
        for label, metrics in self.rows.items():
            table.add_row(label, *(text(metrics.get(name)) for name in names))
        return table


def comparison(
    title: str, rows: Mapping[str, Mapping[str, Value]], columns: Mapping[str, str]
) -> Comparison:
    """Return a table with a line per contender and a column per metric that any of them has."""
    shown = {name: head for name, head in columns.items() if any(name in r for r in rows.values())}
    return Comparison(title, rows, shown)


def text(value: Value) -> str:
    """Return a number as people read it: four digits that matter, thousands set apart."""
    if value is None:
        return "-"
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"


@contextmanager
def progress(console: Console) -> Iterator[Progress]:
    """Show bars while long work runs; nothing stays on the screen."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bars:
        yield bars
