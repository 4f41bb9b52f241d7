"""What is installed here: key, snapshots, schemas, settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version

from models.campaigns.document import OfferRules, running
from models.line.document import LineRules
from models.snapshot import SnapshotError, unseal
from streams.doctor.finding import Finding
from streams.settings import Settings
from streams.store.protocol import ShardFacts
from streams.topology import ShardId


def key_finding(settings: Settings) -> Finding:
    """Say whether the key that signs snapshots is set."""
    try:
        settings.signing_key()
    except ValueError as error:
        return Finding("wrong", "snapshot key", str(error), "set TAILORLINE_SNAPSHOTS__KEY")
    return Finding("ok", "snapshot key", "is set")


def rules_finding(rules: OfferRules | None, at: float) -> Finding:
    """Say which offer rules are in force: a store that was emptied has lost them without a trace."""
    if rules is None:
        return Finding("ok", "offer rules", "none: offers are made by the settings")
    return Finding(
        "ok", "offer rules",
        f"in force, with {len(rules.campaigns)} campaigns, {running(rules, at)} of them running",
    )  # fmt: skip


def line_rules_finding(rules: LineRules | None) -> Finding:
    """Say which line rules are in force: with the store limits are lost, and nothing else says so."""
    if rules is None:
        return Finding("ok", "line rules", "none: limits are found from what sensors do")
    machines = sum(len(line.machines) for line in rules.lines.values())
    return Finding(
        "ok", "line rules", f"in force, for {len(rules.lines)} lines and {machines} machines"
    )


def snapshot_findings(
    shards: Mapping[ShardId, ShardFacts], key: bytes, load: Callable[[ShardId], bytes | None]
) -> list[Finding]:
    """Open every snapshot with the key; ``load`` fetches them one by one, for they are large."""
    found: list[Finding] = []
    good = lacking = 0
    bad: dict[str, list[ShardId]] = {}
    for shard, facts in shards.items():
        blob = load(shard)
        if blob is None:
            lacking += bool(facts.watermarks)
            continue
        try:
            unseal(blob, key)
            good += 1
        except SnapshotError as error:
            bad.setdefault(str(error), []).append(shard)
    found += [
        Finding(
            "wrong", "snapshots", f"{', '.join(map(str, own))}: {why}",
            "put the key or version back that wrote them, or `tailorline shards reset` each",
        )
        for why, own in bad.items()
    ]  # fmt: skip
    if good or not shards:
        text = f"{good} can be read, with river {version('river')}" if good else "none yet"
        found.append(Finding("ok", "snapshots", text))
    if lacking:
        found.append(
            Finding(
                "ok", "snapshots",
                f"{lacking} shards have none yet: they would be rebuilt from their journals",
            )
        )  # fmt: skip
    return found


def schema_findings(
    running: Mapping[str, bytes], installed: Mapping[str, bytes | None]
) -> list[Finding]:
    """Hold the published schemas that are installed against those of the running code."""
    stale = [name for name, content in running.items() if installed.get(name) != content]
    if not stale:
        return [Finding("ok", "schemas", f"{len(running)} documents are those of the code")]
    return [
        Finding(
            "wrong", "schemas", f"differ from the running code: {', '.join(stale)}",
            "install the package anew; in a checkout: python -m schemas.export",
        )
    ]  # fmt: skip


def name_findings(names: Iterable[str]) -> list[Finding]:
    """Point out names that look like settings and are none."""
    return [
        Finding("warn", "settings", f"{name} is no setting: it changes nothing",
                "a slip of the pen? `tailorline config show` lists all")
        for name in sorted(names)
    ]  # fmt: skip
