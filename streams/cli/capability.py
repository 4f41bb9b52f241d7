"""``tailorline capability``: how well what sensors measure fits between the limits of a specification."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from models.line.capabilities import CAPABILITY, CapabilityRow, Why, decode
from models.spc.capability import LEAST_VALUES, Capability, Index
from models.spc.control import ControlSettings
from streams.cli.console import ERR, OUT, fail, lasting, say
from streams.cli.opened import NOBODY, opened
from streams.cli.worker import load_settings
from streams.floors import rows
from streams.store.protocol import StoreError

_INDICES = ("cp", "cpk", "pp", "ppk")
_MOST_DIGITS = 6
_USUAL = ControlSettings()
_WHAT = (
    "First lines: by the variation within subgroups; second lines: by all variation. Read the lower "
    "bounds (>=): each holds with 95 % confidence."
)
_NOTHING = (
    "No sensor with a specification has been heard of: the line rules say `spec` (tailorline line)."
)


def capability(
    *,
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    machine: Annotated[str | None, typer.Option(help="Only machines of this name.")] = None,
    sensor: Annotated[str | None, typer.Option(help="Only sensors of this name.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the capability (Cp, Cpk, Pp, Ppk) of what sensors with a specification measure.

    A specification is said in the line rules (`spec`). Values are those since the sensor's control
    chart began to learn, or since its last signal. Where there are no indices, it says why.

    Exit codes: 0 shown, also if there is none yet; 1 the store does not answer; 2 wrong settings.
    """
    try:
        with opened(load_settings()) as (store, run):
            if not run(store.shards()):
                say(NOBODY, to=ERR, style="yellow")
            found: list[CapabilityRow] = run(
                rows(store, CAPABILITY, decode, "A sensor's capability")
            )
    except StoreError as error:
        fail(str(error))
    chosen = [
        (row, row.indices())
        for row in sorted(found, key=lambda row: (row.line, row.machine, row.sensor))
        if line in {None, row.line}
        and machine in {None, row.machine}
        and sensor in {None, row.sensor}
    ]
    if json:
        page = [_plain(row, indices) for row, indices in chosen]
        typer.echo(orjson.dumps(page, option=orjson.OPT_INDENT_2))
    elif chosen:
        _print(chosen)
    else:
        say("No such sensor has a specification." if found else _NOTHING)


def _print(chosen: list[tuple[CapabilityRow, Capability | Why]]) -> None:
    known = [(row, own) for row, own in chosen if isinstance(own, Capability)]
    unknown = [(row, own) for row, own in chosen if not isinstance(own, Capability)]
    if known:
        OUT.print(_table(known), highlight=False)
        say(_WHAT)
    for row, why in unknown:
        say(f"{_name(row)}: no indices, for {_because(row, why)}.")


def _table(known: list[tuple[CapabilityRow, Capability]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("sensor\n", overflow="fold")
    for head in ("n\nover", "mean\nunit", "LSL\nUSL", "sigma\n", "Cp\nPp", "Cpk\nPpk", ">=\n"):
        table.add_column(head, justify="right", no_wrap=True)
    for row, own in known:
        spread, spec = row.spread, row.spec
        digits = _digits(spread.sigma_within)
        cells = (
            (f"{spread.n:,}", lasting(spread.until - spread.since)),
            (f"{spread.mean:,.{digits}f}", row.unit),
            (_limit(spec.lower), _limit(spec.upper)),
            tuple(f"{own:,.{digits}f}" for own in (spread.sigma_within, spread.sigma_overall)),
            (_index(own.cp), _index(own.pp)),
            (_index(own.cpk), _index(own.ppk)),
            (f"{own.cpk.at_least:.2f}", f"{own.ppk.at_least:.2f}"),
        )
        table.add_row(escape(_name(row)), *(escape("\n".join(cell)) for cell in cells))
    return table


def _name(row: CapabilityRow) -> str:
    return f"{row.line}/{row.machine}/{row.sensor}"


def _because(row: CapabilityRow, why: Why) -> str:
    spread = row.spread
    match why:
        case "too_few_values":
            return f"there are fewer than {LEAST_VALUES} values in subgroups: {spread.n}"
        case "no_variation":
            return f"its {spread.n:,} values do not vary"
        case "learning":
            of = _USUAL.phase_one
            return f"its chart still learns what is normal: {spread.subgroups} of {of} subgroups"
        case "unproven":
            of = _USUAL.quiet
            return f"it is not known yet whether it is in control: {row.quiet} of {of} subgroups"
        case "out_of_control":
            of = _USUAL.quiet
            return f"it is out of control: {row.quiet} of {of} subgroups without a signal"
        case _:
            return "its specification has no limit"


def _digits(sigma: float) -> int:
    """Return so many decimal places that sigma is told to three digits."""
    return min(max(2 - math.floor(math.log10(sigma)), 0), _MOST_DIGITS)


def _limit(limit: float | None) -> str:
    return "-" if limit is None else f"{limit:.7g}"


def _index(index: Index | None) -> str:
    return "-" if index is None else f"{index.value:.2f}"


def _plain(row: CapabilityRow, found: Capability | Why) -> dict[str, object]:
    known, spread = isinstance(found, Capability), row.spread
    indices = {name: getattr(found, name) if known else None for name in _INDICES}
    since, until = (
        datetime.fromtimestamp(at, UTC).isoformat() if spread.n else None
        for at in (spread.since, spread.until)
    )
    return {
        "line": row.line, "machine": row.machine, "sensor": row.sensor, "unit": row.unit,
        "lsl": row.spec.lower, "usl": row.spec.upper, "n": spread.n, "subgroups": spread.subgroups,
        "since": since, "until": until, "mean": spread.mean if spread.n else None,
        "sigma_within": spread.sigma_within, "sigma_overall": spread.sigma_overall,
        **{name: None if own is None else asdict(own) for name, own in indices.items()},
        "reason": None if known else found,
    }  # fmt: skip
