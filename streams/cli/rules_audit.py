"""``tailorline rules audit``: the counts behind the rules, held against exact mining."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from models.itemsets.audit import Audit, Finding, audit
from models.itemsets.mining import MinerError, fp_growth
from models.shop import ShopShard
from models.snapshot import SnapshotError, unseal
from streams.cli.console import OUT, fail
from streams.cli.opened import opened
from streams.cli.shards import shard_named
from streams.cli.worker import load_settings
from streams.settings import Settings
from streams.store.protocol import StoreError
from streams.topology import ShardId

Audited = Mapping[ShardId, tuple[Audit, float] | None]
"""By shard what was found and in how many seconds; None: there is no snapshot."""


def audit_counts(
    name: Annotated[
        str, typer.Argument(metavar="SHARD", help="For example shop-3; all if left out.")
    ] = "",
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with full numbers.")] = False,
) -> None:
    """Hold a shard's counts of articles, pairs and triples against FP-growth over its kept baskets.

    Reads the shard's snapshot, the counts of half a minute ago, and changes nothing. What may be
    off, by how much and why is in docs/operating.md. Needs the extra ``audit``.

    Exit codes: 0 all counts are within their bounds, 1 some are not, or it failed (the message
    says why), 2 wrong call or settings.
    """
    asked = shard_named(name) if name else None
    if asked and asked.flow != "shop":
        raise typer.BadParameter("Only shop shards count itemsets.", param_hint="SHARD")
    settings = load_settings()
    try:
        found = _audited(settings, settings.signing_key(), asked)
    except ValueError as error:
        fail(str(error), code=2)
    except (StoreError, MinerError) as error:
        fail(str(error))
    if json:
        typer.echo(
            orjson.dumps([_plain(*each) for each in found.items()], option=orjson.OPT_INDENT_2)
        )
    elif found:
        _print(found)
    else:
        OUT.print("Nothing to audit: the store knows no shop yet.", highlight=False)
    if any(each and each[0].violations for each in found.values()):
        raise typer.Exit(1)


def _audited(settings: Settings, key: bytes, asked: ShardId | None) -> Audited:
    found: dict[ShardId, tuple[Audit, float] | None] = {}
    with opened(settings) as (store, run):
        shards = [shard for shard in run(store.shards()) if shard.flow == "shop"]
        if asked and asked not in shards:
            listed = ", ".join(map(str, shards)) or "none"
            fail(f"The store has no shard {asked}. It has: {listed}.")
        for shard in [asked] if asked else shards:
            blob = run(store.load_snapshot(shard))
            if blob is None:
                found[shard] = None
                continue
            try:
                state = unseal(blob, key).state
            except SnapshotError as error:
                fail(f"The snapshot of shard {shard} cannot be used: {error}")
            if not isinstance(state, ShopShard):
                fail(f"The snapshot of shard {shard} holds no shop.")
            started = time.perf_counter()
            rules = settings.rules
            audited = audit(state.itemsets, fp_growth, rules.min_support, rules.min_count)
            found[shard] = (audited, time.perf_counter() - started)
    return found


def _plain(shard: ShardId, found: tuple[Audit, float] | None) -> dict[str, Any]:
    if found is None:
        return {"shard": str(shard), "snapshot": False}
    audited, seconds = found
    return {"shard": str(shard), "snapshot": True, "seconds": seconds} | asdict(audited)


def _print(found: Audited) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("shard", no_wrap=True)
    for head in (
        "baskets", "kept of all", "from", "compared", "wrong", "missing", "largest off", "share", "s"
    ):  # fmt: skip
        table.add_column(head, justify="right", no_wrap=True)
    for shard, each in found.items():
        if each is None:
            table.add_row(str(shard), "no snapshot yet")
            continue
        audited, seconds = each
        table.add_row(
            str(shard), f"{audited.baskets:,}", "all" if audited.complete else "the last",
            f"{audited.least:,}", f"{audited.compared:,}", f"{audited.violations:,}",
            f"{audited.missing:,}", f"{audited.largest_difference:,.1f}",
            f"{audited.largest_relative:.2%}", f"{seconds:.2f}",
        )  # fmt: skip
    OUT.print(table, highlight=False)
    for shard, each in found.items():
        for wrong in each[0].worst if each else ():
            OUT.print(f"{shard}: {escape(_told(wrong))}", style="red", highlight=False)


def _told(wrong: Finding) -> str:
    names = ", ".join(wrong.items) or "the weight of all baskets"
    return f"{names}: {wrong.held:,.3f} held, must be from {wrong.low:,.3f} to {wrong.high:,.3f}"
