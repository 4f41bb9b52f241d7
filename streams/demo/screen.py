"""The live view: a pure function of the snapshot, made to fit any terminal from 80 x 24 on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from models.itemsets.rules import Rule
from schemas.outputs import Alert, Offer
from streams.demo.snapshot import Planted, Snapshot

_FIXED = 14
"""Lines that are always there: title, topics, headings, and the three lines at the bottom."""
_ROOMY = 28
_PRIORITY = {"high": "bold red", "medium": "yellow", "low": "blue"}
_WORRYING_LAG = 2_000


@dataclass(slots=True)
class Screen:
    """What is on the screen; set ``snapshot`` and render again."""

    title: str
    progress: str = ""
    hint: str = "Ctrl-C stops"
    snapshot: Snapshot = field(default_factory=Snapshot)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render for the size of the terminal."""
        yield screen(self, options.max_width, options.height or console.height)


def screen(shown: Screen, width: int, height: int) -> RenderableType:
    """Return the whole view."""
    snapshot = shown.snapshot
    gap: list[RenderableType] = [Text("")] if height >= _ROOMY else []
    free = max(height - _FIXED - 3 * len(gap), 4)
    offers, rows = free // 2, free - free // 2
    half = (width - 2) // 2
    lower = Table.grid(expand=True, padding=(0, 1, 0, 0))
    lower.add_column(width=half)
    lower.add_column(width=half)
    alarms, rules = snapshot.heard.alarms, snapshot.rules
    lower.add_row(_heading(_alarms_title(snapshot)), _heading(_rules_title(snapshot)))
    lower.add_row(
        _filled(_alarms(alarms[:rows]), rows), _filled(_rules(rules[:rows], snapshot.planted), rows)
    )
    return Group(
        _header(shown),
        topics(snapshot),
        *gap,
        _heading("Latest offers, and why"),
        _filled(_offers(snapshot.heard.offers[:offers]), offers),
        *gap,
        lower,
        *gap,
        _one_line("Dead letters", _dead_letters(snapshot)),
        _one_line("Will they buy?", propensity(snapshot)),
        _one_line("Workers", _workers(snapshot)),
    )


def topics(snapshot: Snapshot) -> Table:
    """Return the table of the topics."""
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="bold cyan")
    table.add_column("topic", no_wrap=True)
    for name in ("read", "accepted", "dupl.", "rejected", "ev/s", "lag", "p50 ms", "p95", "p99"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, one in snapshot.inputs.items():
        table.add_row(
            Text(name, "bold"), f"{one.read:,}", f"{one.accepted:,}", f"{one.duplicates:,}",
            Text(f"{one.rejected:,}", "yellow" if one.rejected else ""), f"{one.rate:,.0f}",
            Text(f"{one.lag:,}", "red" if one.lag > _WORRYING_LAG else "green"),
            milliseconds(one.latency.p50_ms), milliseconds(one.latency.p95_ms),
            milliseconds(one.latency.p99_ms),
        )  # fmt: skip
    for name, out in snapshot.outputs.items():
        if out.sent or name != "advice":
            table.add_row(
                Text(f"→ {name}", "magenta"), f"{out.sent:,}", "", "", "", "", "",
                milliseconds(out.latency.p50_ms), milliseconds(out.latency.p95_ms),
                milliseconds(out.latency.p99_ms),
            )  # fmt: skip
    return table


def status_line(shown: Screen) -> str:
    """Return everything that matters in one line, for logs and pipes."""
    snapshot = shown.snapshot
    inputs, outputs = snapshot.inputs.values(), snapshot.outputs
    slowest = max((one.latency.p95_ms or 0.0 for one in inputs), default=0.0)
    parts = [
        shown.progress,
        f"read {sum(one.read for one in inputs):,} ({sum(one.rate for one in inputs):,.0f}/s)",
        f"lag {sum(one.lag for one in inputs):,}",
        f"p95 {milliseconds(slowest)} ms",
        *(f"{name} {out.sent:,}" for name, out in outputs.items() if out.sent or name != "advice"),
        f"alarms active {len(snapshot.heard.alarms)}",
        f"rules {snapshot.rules_total:,}",
    ]
    if snapshot.planted is not None:
        parts.append(
            f"found {snapshot.planted.faults_found} of {snapshot.planted.faults} faults, "
            f"{snapshot.planted.affinities_found} of {snapshot.planted.affinities} pairs"
        )
    return " · ".join(filter(None, parts))


def propensity(snapshot: Snapshot) -> str:
    """Say in words how well buying is foretold."""
    found = snapshot.propensity
    if not found.examples:
        return "no session has ended yet"
    if found.auc is None:
        kind = "bought" if found.positives else "did not buy"
        return f"all of {found.examples:,} examples so far {kind}"
    return (
        f"AUC {found.auc:.2f}, log loss {found.log_loss:.3f} "
        f"(base rate {found.base_rate_log_loss:.3f}), {found.examples:,} examples"
    )


def milliseconds(value: float | None) -> str:
    """Return a latency; a decimal only where it says something."""
    if value is None:
        return "-"
    return f"{value:.1f}" if value < 10.0 else f"{value:,.0f}"


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _header(shown: Screen) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column(justify="right", no_wrap=True)
    left = Text.assemble(("tailorline", "bold green"), " ", (shown.title, "dim"))
    grid.add_row(left, Text(f"{shown.progress}  {shown.hint}", "bold"))
    return grid


def _heading(text: str) -> Line:
    return Line(Text(text, "bold cyan"), align="left", style="dim cyan")


def _one_line(name: str, text: RenderableType) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    grid.add_row(Text(name, "bold cyan"), text)
    return grid


def _filled(table: Table, rows: int) -> Table:
    """Fill up with empty rows, so that nothing jumps."""
    for _ in range(rows - table.row_count):
        table.add_row("")
    return table


def _offers(offers: Sequence[Offer]) -> Table:
    table = Table(box=None, show_header=False, expand=True, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, max_width=16, overflow="ellipsis")
    table.add_column(no_wrap=True, max_width=12, overflow="ellipsis")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for offer in offers:
        best = offer.items[0]
        table.add_row(Text(offer.customer_id), Text(best.sku, "magenta"), Text(best.reason.text))
    return table


def _alarms_title(snapshot: Snapshot) -> str:
    title = f"Alarms: {len(snapshot.heard.alarms)} active"
    planted = snapshot.planted
    if planted is None:
        return title
    return f"{title}, {planted.faults_found}/{planted.faults} faults found"


def _alarms(alarms: Iterable[Alert]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(no_wrap=True)
    for alarm in alarms:
        place = "/".join(filter(None, (alarm.line, alarm.machine, alarm.sensor)))
        style = _PRIORITY[alarm.priority]
        table.add_row(Text("●", style), Text(place), Text(alarm.condition.replace("_", " "), style))
    return table


def _rules_title(snapshot: Snapshot) -> str:
    planted = snapshot.planted
    if planted is None:
        return f"Bought together: {snapshot.rules_total:,} rules"
    return f"Bought together: {planted.affinities_found}/{planted.affinities} planted found"


def _rules(rules: Iterable[Rule], planted: Planted | None) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True, justify="right")
    pairs = planted.pairs if planted is not None else frozenset()
    for rule in rules:
        known = frozenset((rule.antecedent, rule.consequent)) in pairs
        table.add_row(
            Text(f"{rule.antecedent} → {rule.consequent}", "green" if known else ""),
            f"{rule.n_ab:,.0f}/{rule.n_a:,.0f}",
            f"{rule.lift:,.1f}x",
        )
    return table


def _dead_letters(snapshot: Snapshot) -> Text:
    reasons = snapshot.heard.dead_letters
    listed = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return Text(" · ".join(f"{reason} {count:,}" for reason, count in listed) or "none")


def _workers(snapshot: Snapshot) -> Text:
    text = Text()
    for number, worker in enumerate(snapshot.workers):
        memory = "" if worker.memory_mb is None else f", {worker.memory_mb:,.0f} MB"
        style = "green" if worker.state == "ready" else "yellow"
        text.append(" · " if number else "")
        text.append(f"{worker.name.removeprefix('worker-')} ")
        text.append(worker.state, style)
        text.append(f", {worker.shards} partitions{memory}")
    return text
