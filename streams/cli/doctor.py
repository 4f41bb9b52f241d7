"""``tailorline doctor``: look at everything that has to fit together, and say what does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from importlib.resources import files
from typing import Annotated, Any

import typer

from schemas.export import documents
from schemas.topics import INPUTS
from streams.cli import findings
from streams.cli.catalogue import unknown_names, without_password
from streams.cli.opened import opened
from streams.cli.worker import load_settings
from streams.doctor.events import newest_findings, partitioner_findings
from streams.doctor.facts import BrokerFacts, Position
from streams.doctor.finding import Finding
from streams.doctor.installation import (
    key_finding,
    line_rules_finding,
    name_findings,
    rules_finding,
    schema_findings,
    snapshot_findings,
)
from streams.doctor.offsets import offset_findings, shard_findings
from streams.doctor.server import server_findings
from streams.doctor.topics import layout_finding, topic_findings
from streams.documents import LINE, OFFERS, Document, Unreadable, applied
from streams.layout import layout_of
from streams.settings import Settings
from streams.store.bounds import Load, partitions_of, total
from streams.store.protocol import Store, StoreError


def doctor(*, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check broker, topics, store, snapshots, schemas and settings; say what to do about each.

    Changes nothing, and never waits long: what does not answer within seconds is reported.

    Exit codes: 0 nothing is wrong (warnings do not count), 1 something is, 2 wrong settings.
    """
    settings = load_settings()
    found = [
        *name_findings(unknown_names()),
        *schema_findings(documents(), _installed()),
        key_finding(settings),
    ]
    broker, where, more = _broker(settings)
    found += more
    found += _store(settings, broker, where)
    findings.show(found, as_json=json)
    raise typer.Exit(findings.exit_code(found))


def _installed() -> dict[str, bytes | None]:
    folder = files("schemas")
    return {
        name: path.read_bytes() if (path := folder.joinpath(name)).is_file() else None
        for name in documents()
    }


def _broker(
    settings: Settings,
) -> tuple[BrokerFacts | None, Mapping[tuple[str, int], Position], list[Finding]]:
    from streams.errors import Misconfigured
    from streams.runtime.admin import broker_facts, positions, samples

    try:
        broker = broker_facts(settings)
    except Misconfigured as error:
        return None, {}, [Finding("wrong", "broker", str(error), "start it, or set the address")]
    kind = "embedded, for trying out" if broker.embedded else f"cluster {broker.cluster}"
    number = "1 broker" if broker.brokers == 1 else f"{broker.brokers} brokers"
    found = [Finding("ok", "broker", f"{kind}, {number}, client {broker.client}")]
    found += topic_findings(broker)
    counts = _counts(broker)
    try:
        where = positions(settings, counts)
    except Misconfigured as error:
        remedy = "let this user describe topics and the group"
        return broker, {}, [*found, Finding("wrong", "offsets", str(error), remedy)]
    newest = samples(settings, where)
    found += partitioner_findings(newest, counts)
    found += newest_findings(newest, time.time())
    return broker, where, found


def _store(
    settings: Settings, broker: BrokerFacts | None, where: Mapping[tuple[str, int], Position]
) -> list[Finding]:
    address = without_password(settings.store.url.get_secret_value())
    try:
        with opened(settings) as (store, run):
            shards = {shard: run(store.describe(shard)) for shard in run(store.shards())}
            number = partitions_of((shard.flow, shard.number) for shard in shards)
            bound = total(settings, Load(number)) if number else 0.0
            found = server_findings(run(store.server()), bound)
            if broker is not None:
                if layout := _layout(settings, broker):
                    found.append(layout_finding(run(store.layout({})), layout))
                found += shard_findings(shards, _counts(broker))
                found += offset_findings(where, shards, settings)
            found += _rules(run, store)
            if settings.snapshots.key.get_secret_value():
                key = settings.signing_key()
                found += snapshot_findings(shards, key, lambda each: run(store.load_snapshot(each)))
    except StoreError as error:
        return [
            Finding(
                "wrong", "store", f"{address}: {str(error).removesuffix(_SELF)}",
                "start Redis or Valkey, or set TAILORLINE_STORE__URL",
            )
        ]  # fmt: skip
    return found


def _rules(run: Callable[[Coroutine[Any, Any, Any]], Any], store: Store) -> list[Finding]:
    return [
        _readable(OFFERS, lambda: rules_finding(run(applied(store, OFFERS)), time.time())),
        _readable(LINE, lambda: line_rules_finding(run(applied(store, LINE)))),
    ]


def _readable(document: Document[Any], look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Unreadable as error:
        command = f"tailorline {document.command}"
        remedy = f"`{command} apply FILE`, or `{command} clear --yes`"
        return Finding("wrong", document.name, str(error), remedy)


_SELF = " See `tailorline doctor`."


def _layout(settings: Settings, broker: BrokerFacts) -> dict[str, str]:
    """Return what a worker would hold against the state; nothing while topics are lacking."""
    from streams.runtime.admin import topic_ids

    inputs = [topic.name for topic in INPUTS]
    if not all(name in broker.topics for name in inputs):
        return {}
    return layout_of(_counts(broker), topic_ids(settings, inputs))


def _counts(broker: BrokerFacts) -> dict[str, int]:
    return {name: facts.partitions for name, facts in broker.topics.items()}
