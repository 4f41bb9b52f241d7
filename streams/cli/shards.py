"""``tailorline shards``: what the store keeps, shard by shard, and beginning one anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer
from rich.table import Table

from streams.cli.console import OUT, fail
from streams.cli.opened import opened
from streams.cli.worker import load_settings
from streams.settings import Settings
from streams.store.protocol import ShardFacts, StoreError
from streams.topology import FLOWS, ShardId

app = typer.Typer(help="Look at the shards in the store, or begin one anew.", no_args_is_help=True)


@app.command("list")
def list_shards(
    *, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show when each shard was taken over last (its epoch), offsets, journal, outbox and snapshot.

    The snapshot covers the events below the offsets shown; the journal says how to learn the rest.

    Exit codes: 0 shown, 1 the store does not answer, 2 wrong settings.
    """
    settings = load_settings()
    try:
        with opened(settings) as (store, run):
            found = {shard: run(store.describe(shard)) for shard in run(store.shards())}
    except StoreError as error:
        fail(str(error))
    if json:
        rows = [{"shard": str(shard)} | _plain(facts) for shard, facts in found.items()]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    elif not found:
        OUT.print("No shards yet: no worker has run with this store and prefix.")
    else:
        _print(found)


def _plain(facts: ShardFacts) -> dict[str, object]:
    return {
        "epoch": facts.epoch,
        "watermarks": facts.watermarks,
        "journal": len(facts.journal),
        "outbox": facts.outbox,
        "snapshot_bytes": facts.snapshot_bytes,
        "snapshot_covers": facts.covers,
    }


def _print(found: Mapping[ShardId, ShardFacts]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("shard", no_wrap=True)
    for head in ("taken over", "applied up to", "journal", "outbox", "snapshot", "covers up to"):
        table.add_column(head, justify="right", no_wrap=True)
    for shard, facts in found.items():
        table.add_row(
            str(shard), _taken(facts.epoch), _offsets(facts.watermarks), f"{len(facts.journal):,}",
            f"{facts.outbox:,}", _size(facts.snapshot_bytes),
            "all of it" if facts.covers and facts.covers == facts.watermarks
            else _offsets(facts.covers),
        )  # fmt: skip
    OUT.print(table, highlight=False)


def _taken(epoch: int) -> str:
    # The store's clock in microseconds, unless owners come faster than that.
    return f"{datetime.fromtimestamp(epoch / 1e6, UTC):%Y-%m-%d %H:%M:%S}Z"


def _offsets(marks: Mapping[str, int]) -> str:
    return "\n".join(f"{topic} {offset:,}" for topic, offset in sorted(marks.items())) or "-"


def _size(count: int) -> str:
    if count < 10_000:
        return f"{count:,} B" if count else "-"
    return f"{count / 1e6:,.1f} MB" if count >= 10_000_000 else f"{count / 1e3:,.0f} kB"


@app.command()
def reset(
    name: Annotated[str, typer.Argument(metavar="SHARD", help="For example shop-3 or floor-0.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Really delete; without it nothing is done.")
    ] = False,
) -> None:
    """Delete what the store keeps of SHARD, so that it is rebuilt from the events in Kafka.

    Stop all workers first. When they are back, the shard reads its topics from the oldest event
    that Kafka still has. What was learnt from older events is lost: counts, customers' profiles,
    models, sensors' normal levels. Offers and alerts of the events read again are sent again,
    with the same ids, so that consumers can drop them. Other shards stay as they are.

    Exit codes: 0 deleted, 1 refused or failed (the message says why), 2 wrong call or settings.
    """
    shard = shard_named(name)
    settings = load_settings()
    try:
        with opened(settings) as (store, run):
            known = run(store.shards())
            if shard not in known:
                listed = ", ".join(map(str, known)) or "none"
                fail(f"The store has no shard {shard}. It has: {listed}.")
            if not yes:
                _refuse(shard, run(store.describe(shard)))
            _rewind(settings, shard)
            gone = run(store.reset(shard))
    except StoreError as error:
        fail(str(error))
    OUT.print(f"Shard {shard} is deleted ({gone:,} keys).", highlight=False)
    if settings.kafka.start == "latest":
        OUT.print(
            "TAILORLINE_KAFKA__START is latest: the shard would begin empty with the next event. "
            "Start the workers once with TAILORLINE_KAFKA__START=earliest to have it rebuilt.",
            style="yellow", highlight=False,
        )  # fmt: skip
    else:
        OUT.print("Start the workers: it is rebuilt from the oldest events that Kafka has.")


def shard_named(name: str) -> ShardId:
    """Return the shard that is meant on the command line."""
    flow, _, number = name.rpartition("-")
    if flow not in {each.name for each in FLOWS} or not number.isdecimal():
        raise typer.BadParameter(
            f"{name!r} is no shard; they are called shop-0, shop-1, … and floor-0, floor-1, …",
            param_hint="SHARD",
        )
    return ShardId(flow, int(number))


def _refuse(shard: ShardId, facts: ShardFacts) -> None:
    fail(
        f"Shard {shard} has applied {_offsets(facts.watermarks).replace(chr(10), ', ')}. Reset "
        "deletes its counts, profiles, models and snapshot; it is then rebuilt from what Kafka "
        "still has, and what is older than the topics' retention is lost. Stop all workers, then "
        f"say `tailorline shards reset {shard} --yes`. Nothing was deleted."
    )


def _rewind(settings: Settings, shard: ShardId) -> None:
    from streams.errors import Misconfigured
    from streams.runtime.admin import rewind

    topics = next(flow.topics for flow in FLOWS if flow.name == shard.flow)
    try:
        rewind(settings, [(topic, shard.number) for topic in topics])
    except Misconfigured as error:
        fail(str(error))
