"""``tailorline oee``: how well machines were used, from their states and counts."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from models.line.effectiveness import DAYS, OEE, MachineDay, summed
from models.oee import Oee
from streams.cli.console import ERR, OUT, fail, say
from streams.cli.opened import NOBODY, opened
from streams.cli.worker import load_settings
from streams.floors import hashes
from streams.store.protocol import Store, StoreError, counts_in

_PARTS = ("availability", "performance", "quality", "oee")


def oee(
    *,
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    machine: Annotated[str | None, typer.Option(help="Only machines of this name.")] = None,
    days: Annotated[int, typer.Option(min=1, max=DAYS, help="The last days, in UTC.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with the sums.")] = False,
) -> None:
    """Show the overall equipment effectiveness (OEE, ISO 22400) of machines, and of all together.

    Performance, and with it OEE, needs ideal cycle times (`ideal_cycle_s` in the line rules); without
    them it is not shown. Days that a machine said nothing in are not there.

    Exit codes: 0 shown, also if there is none yet; 1 the store does not answer; 2 wrong settings.
    """
    try:
        with opened(load_settings()) as (store, run):
            if not run(store.shards()):
                say(NOBODY, to=ERR, style="yellow")
            found: dict[MachineDay, Oee] = run(_read(store))
    except StoreError as error:
        fail(str(error))
    newest = sorted({key.day for key in found})[-days:]
    chosen: dict[tuple[str, str], Oee] = {}
    for key, sums in found.items():
        if key.day in newest and line in {None, key.line} and machine in {None, key.machine}:
            place = (key.line, key.machine)
            chosen[place] = chosen.get(place, Oee()) + sums
    total = sum(chosen.values(), Oee())
    if json:
        rows = [_row(*place, sums) for place, sums in chosen.items()]
        page = {"days": newest, "machines": rows, "all": _row("", "", total)}
        typer.echo(orjson.dumps(page, option=orjson.OPT_INDENT_2))
    elif chosen:
        OUT.print(_table(chosen, total), highlight=False)
        say(f"As it was {_stretch(newest)}.")
    elif found:
        say(f"No such machine told anything {_stretch(newest)}: --days looks further back.")
    else:
        say("No machine has told its state or what it made yet.")


async def _read(store: Store) -> dict[MachineDay, Oee]:
    return summed(counts_in(row) for row in (await hashes(store, OEE)).values())


def _row(line: str, machine: str, sums: Oee) -> dict[str, object]:
    return {
        "line": line, "machine": machine,
        **{part: getattr(sums, part) for part in _PARTS},
        "planned_s": sums.planned_s, "production_s": sums.production_s, "ideal_s": sums.ideal_s,
        "produced": sums.produced, "good": sums.good, "wrong_cycle_time": sums.wrong_cycle_time,
    }  # fmt: skip


def _table(chosen: dict[tuple[str, str], Oee], total: Oee) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("machine", overflow="fold")
    for head in ("avail.", "perform.", "quality", "OEE", "run h", "made", "good"):
        table.add_column(head, justify="right", no_wrap=True)
    rows = {"/".join(place): sums for place, sums in chosen.items()} | {"all": total}
    for name, sums in rows.items():
        too_fast = " !" if sums.wrong_cycle_time else ""
        table.add_row(
            escape(name), *(f"{_share(getattr(sums, part))}" for part in _PARTS),
            f"{sums.production_s / 3600:,.1f}", f"{sums.produced:,}{too_fast}", f"{sums.good:,}",
            style="bold" if name == "all" else "",
        )  # fmt: skip
    if any(sums.wrong_cycle_time for sums in rows.values()):
        table.caption = "!: faster than its ideal cycle time, which must be wrong"
    return table


def _stretch(days: list[str]) -> str:
    return f"on {days[0]} (UTC)" if len(days) == 1 else f"from {days[0]} to {days[-1]} (UTC)"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
