"""Dead letters on the terminal: tables, totals, one in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from streams.cli.console import ERR, OUT
from streams.dlq.letters import Letter
from streams.dlq.listing import Listing, iso
from streams.dlq.marks import Mark
from streams.dlq.sending import Report
from streams.dlq.showing import printable, text_of, value_lines

_TOLD = 50
"""So many lines of what went wrong; more than that nobody reads."""


def say(text: str, style: str = "") -> None:
    """Print a sentence as it is."""
    OUT.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def counts(by_name: Counter[str]) -> str:
    """Return counts in a line, largest first."""
    found = sorted(by_name.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{printable(name)} {count:,}" for name, count in found if count)


def show_rows(rows: Sequence[tuple[Letter, Mark]], *, states: bool) -> None:
    """Print letters in columns, with what was done about each if ``states``.

    No rich table: it would cut ids to fit a narrow terminal, and ids are there to be copied.
    """
    lines = [("id", "when", "from", "reason", "bytes", "state", "message")]
    for letter, mark in rows:
        told = letter.told
        size = f"{told.size:,}" + (" (cut)" if told.truncated else "")
        lines.append(
            (told.id, iso(letter.at), letter.source, told.reason, size, str(mark), told.message)
        )
    shown = [[printable(cell) for cell in line] for line in lines]
    if not states:
        shown = [[*line[:5], line[6]] for line in shown]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for line in shown:
        cells = [cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False)]
        cells[4] = line[4].rjust(widths[4])
        OUT.print("  ".join([*cells, line[-1]]), markup=False, highlight=False, soft_wrap=True)


def show_totals(listing: Listing) -> None:
    """Print totals over all that matched."""
    say(f"by topic:  {counts(listing.by_topic)}")
    say(f"by reason: {counts(listing.by_reason)}")


def show_one(letter: Letter, mark: Mark) -> None:
    """Print a letter in full."""
    told = letter.told
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    rows = [
        ("id", told.id),
        ("state", _done(mark)),
        ("when", iso(letter.at)),
        ("from", letter.source),
        ("key", text_of(letter.key)),
        ("reason", told.reason),
        ("field", told.where),
        ("message", told.message),
        ("lies at", f"dead-letters[{letter.partition}]@{letter.offset}"),
    ]
    for name, text in rows:
        table.add_row(name, escape(printable(text)))
    table.add_row("headers", "")
    for name, raw in letter.headers:
        table.add_row("  " + escape(printable(name)), escape(text_of(raw)))
    OUT.print(table, highlight=False)
    cut = f", cut from {told.size:,}" if told.truncated else ""
    say(f"value ({len(letter.value):,} bytes{cut})")
    for line in value_lines(letter.value):
        OUT.print(line, markup=False, highlight=False, soft_wrap=True)


def _done(mark: Mark) -> str:
    if mark.claimed_for_s:
        return f"being replayed by somebody (for at most {mark.claimed_for_s} s more)"
    if mark.state == "replayed":
        times = "once" if mark.replays == 1 else f"{mark.replays:,} times"
        return f"replayed {times}, last {iso(mark.at)}"
    if mark.state == "discarded":
        return f"discarded {iso(mark.at)}: {mark.because}"
    return "open"


def complain(lines: Sequence[str]) -> None:
    """Print what went wrong, a line each, up to a bound."""
    for line in lines[:_TOLD]:
        ERR.print(printable(line), style="red", markup=False, highlight=False)
    if len(lines) > _TOLD:
        ERR.print(f"… and {len(lines) - _TOLD:,} more", style="red", highlight=False)


def tell(report: Report) -> None:
    """Print what became of letters that were sent, or were to be."""
    if report.sent:
        total = report.sent.total()
        say(f"Sent {total:,} events again, confirmed by Kafka: {counts(report.sent)}")
    complain([f"{name} not sent: {why}." for name, why in report.failed])
    complain(
        [
            f"{name} sent, but so late that another replay may have sent it too."
            for name in report.late
        ]
    )
    handled = Counter(report.passed)
    del handled["claimed"]
    if handled:
        say(f"Left alone, for they were handled before: {counts(handled)}")
    if report.passed["claimed"]:
        wait = f"and for {report.claimed_for_s} s more if it died; then try again"
        complain(
            [f"{report.passed['claimed']:,} left alone: another replay has claimed them, {wait}."]
        )
