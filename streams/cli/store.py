"""``tailorline store``: how much the store may hold at most, and how much it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from streams.cli.console import ERR, OUT, fail
from streams.cli.opened import opened
from streams.cli.worker import load_settings
from streams.settings import Settings
from streams.store.bounds import FAMILIES, Family, Load, partitions_of, total
from streams.store.protocol import StoreError
from streams.store.usage import Usage, usage

app = typer.Typer(help="What the store may hold at most, and what it does.", no_args_is_help=True)
_PARTITIONS = 4
Rate = Annotated[float, typer.Option(min=0, help="Events a second of one shard at its busiest.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def bounds(
    *,
    partitions: Annotated[
        int,
        typer.Option(min=0, help="Number of partitions; 0: as many as the store has shards, or 4."),
    ] = 0,
    rate: Rate = 1000.0,
    measured: Annotated[
        bool,
        typer.Option("--measure", help="Measure the bytes of a unit anew, on an embedded Valkey."),
    ] = False,
    json: Json = False,
) -> None:
    """Show the most that each family of keys can come to, with the settings of now.

    Units times the bytes of a unit, over all shards. What a family holds and what bounds it is on
    the page docs/storage.md.

    Exit codes: 0 shown, 1 there is no embedded Valkey to measure on, 2 wrong settings.
    """
    settings = load_settings()
    load = Load(partitions or _in_store(settings) or _PARTITIONS, rate)
    fresh = _measured() if measured else {}
    if json:
        rows = [
            {
                "key": _key(family, settings), "type": family.kind, "unit": family.unit,
                "units": family.units(settings, load), "unit_bytes": family.unit_bytes,
                "bytes": family.size(settings, load),
            }
            | ({"measured_bytes": round(fresh[family.key], 1)} if fresh else {})
            for family in FAMILIES
        ]  # fmt: skip
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
        return
    table = _table("key", "at most", "each", *(["measured"] if fresh else []), "bytes")
    for family in FAMILIES:
        units = family.units(settings, load)
        table.add_row(
            escape(_key(family, settings)),
            "no bound" if units is None else f"{units:,.0f} {family.unit}s",
            f"{family.unit_bytes:,}",
            *([f"{fresh[family.key]:,.1f}"] if fresh else []), _size(family.size(settings, load)),
        )  # fmt: skip
    OUT.print(table, highlight=False)
    OUT.print(
        f"\nAll together at most {_size(total(settings, load))} with {load.partitions:,} partitions "
        f"and {rate:,.0f} events a second in each shard.",
        highlight=False,
    )


@app.command("usage")
def show_usage(*, rate: Rate = 1000.0, json: Json = False) -> None:
    """Show what the store holds of each family of keys, and which share of its bound that is.

    Goes through all keys with SCAN, and weighs up to 2,000 of a family (MEMORY USAGE): workers
    hardly notice, but with many keys it takes a while. Changes nothing.

    Exit codes: 0 shown, 1 the store does not answer, 2 wrong settings.
    """
    settings = load_settings()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=ERR,
        transient=True, disable=not ERR.is_terminal,
    )  # fmt: skip
    try:
        with opened(settings) as (store, run), bar:
            load = Load(partitions_of((s.flow, s.number) for s in run(store.shards())), rate)
            task = bar.add_task("looking at the keys")
            found, strangers = run(
                usage(
                    store, settings.store.prefix,
                    lambda done, of: bar.update(task, completed=done, total=of),
                )
            )  # fmt: skip
    except StoreError as error:
        fail(str(error))
    shares = {family.key: _share(found[family.key], family, settings, load) for family in FAMILIES}
    if json:
        rows = [
            {
                "key": _key(family, settings), "keys": found[family.key].keys,
                "unit": family.unit, "units": found[family.key].units,
                "bytes": round(found[family.key].size),
                "bound_bytes": family.size(settings, load), "share": shares[family.key],
            }
            for family in FAMILIES
        ]  # fmt: skip
        answer = {"families": rows, "unknown": strangers}
        typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2))
        return
    _print(found, shares, settings)
    for name in strangers[:10]:
        ERR.print(f"{name} is of no family.", style="yellow", markup=False, highlight=False)


def _print(
    found: Mapping[str, Usage], shares: Mapping[str, float | None], settings: Settings
) -> None:
    table = _table("key", "keys", "holding", "bytes", "of bound")
    for family in FAMILIES:
        own, share = found[family.key], shares[family.key]
        if own.keys:
            table.add_row(
                escape(_key(family, settings)), f"{own.keys:,}",
                f"{own.units:,.0f} {family.unit}s",
                _size(own.size), "no bound" if share is None else f"{share:.2%}",
            )  # fmt: skip
    if table.rows:
        OUT.print(table, highlight=False)
    whole = sum(own.size for own in found.values())
    OUT.print(f"\nAll together {_size(whole)}." if whole else "Nothing yet.", highlight=False)


@app.command()
def docs() -> None:
    """Print the page about what is stored (docs/storage.md) as Markdown.

    Exit code: 0.
    """
    typer.echo(page(), nl=False)


def page() -> str:
    """Return the page about what is stored."""
    defaults, load = Settings.model_construct(), Load(1)
    return _HEAD + "".join(_row(family, defaults, load) for family in FAMILIES) + _TAIL


def _row(family: Family, settings: Settings, load: Load) -> str:
    units = family.most(settings, load) if family.most else None
    cells = (
        f"`tl:{family.key}`", family.kind, family.holds, family.bound, family.per,
        "no bound" if units is None else f"{units:,.0f}", family.unit, f"{family.unit_bytes:,}",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |\n"


def _in_store(settings: Settings) -> int:
    try:
        with opened(settings) as (store, run):
            return partitions_of((shard.flow, shard.number) for shard in run(store.shards()))
    except StoreError:
        return 0


def _measured() -> dict[str, float]:
    from streams.store.measure import measure

    try:
        return measure()
    except StoreError as error:
        fail(str(error))


def _key(family: Family, settings: Settings) -> str:
    return f"{settings.store.prefix}:{family.key}"


def _share(own: Usage, family: Family, settings: Settings, load: Load) -> float | None:
    bound = family.size(settings, load)
    return own.size / bound if bound else None


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, justify="left" if head == "key" else "right", no_wrap=True)
    return table


def _size(count: float | None) -> str:
    if count is None:
        return "no bound"
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,.0f} B"


_HEAD = """\
# What is stored

Every key in Redis is of one of the families below. Keys are `<prefix>:{<shard>}:<name>`; the prefix is
`TAILORLINE_STORE__PREFIX` (`tl` unless set), `k` a partition, `{shard}` a shard of either flow. All keys of a shard lie
in one cluster slot.

"At most" is the bound of one shard, one part of the view or the installation, in units: with the settings as they are by
default, and 1,000 events a second in a shard where the bound depends on them. "Bytes" is what a unit takes, with its
share of the key; it lies between what Valkey 9 and Redis 7 take.

`tailorline store bounds` works the whole out for the settings and partitions of an installation, `tailorline store
bounds --measure` measures the bytes anew, and `tailorline store usage` shows what a store holds.

| key | type | holds | bound | per | at most | unit | bytes |
|---|---|---|---|---|---|---|---|
"""

_TAIL = """
## What is forgotten

A shard that knows more articles than `TAILORLINE_MAX_SKUS` forgets those that were not ordered for longest, a sixteenth
at a time, in every count and in the kept baskets: as if they had never been bought. One that comes back begins anew. The
merge then deletes their rows of the view, unless another shard knows them. Pairs beyond
`TAILORLINE_ITEMSETS__MAX_PAIRS` and co-visits beyond `TAILORLINE_SEQUENCES__MAX_ITEMS` go in the same manner, the
lightest pairs and the rows that were opened first. Below the caps nothing is forgotten but what decays, and the counts
are what they would be without caps.

Of what the catalogue says a shard keeps `TAILORLINE_MAX_SKUS` articles too: those longest not told of go. An article that was
forgotten counts as one that nothing is known of, so it may be offered: keep the cap above the number of articles divided by
that of partitions.

What is forgotten is decided by the steps, from the shard's state, so a replay forgets the same.

The mark in `dirty` of an article that left long ago goes, if the merge has not come to it by then. So that its row does
not stay for ever, the merge looks at ten rows of its part each time, in turn, whether a shard still knows them.

A decayed count is dropped when it is next to nothing, and that is looked at only when the decay's landmark moves, every
30 mean lifetimes: with the default half-life years. It is the caps that bound the store, not the decay.

In memory and in the snapshot, per shard: 50 articles in each customer's cart, purchases and offers, event ids (two
generations of 50,000 per topic), `TAILORLINE_SEQUENCES__MAX_ROW` articles near an article (a quarter more in between),
offers that wait for clicks (`TAILORLINE_OFFERS__PENDING`), sensors (`TAILORLINE_FLOOR__MAX_SENSORS`), how
often alarms came of those that are not kept any more (10,000).

This page is made by `tailorline store docs`; a test refuses one that differs from the code.
"""
