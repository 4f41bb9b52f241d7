"""Runs faults: load, fault in the middle, orderly stop, verdict."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr
from redis.exceptions import RedisError

from bench.faults.catalogue import BY_NAME, SESSION_S, Fault, Scene
from bench.faults.crew import Crew
from bench.faults.feed import Feed
from bench.faults.load import Load, load
from bench.faults.outcome import Outcome, inputs_of, outputs_of, shards_of
from bench.faults.site import FaultSite
from bench.faults.truth import ShardTruth, truth_of
from bench.faults.verdict import Verdict, against, judge, judge_next
from bench.workers import BenchError, Watch, wait_until
from models.view import View
from schemas.topics import DEAD_LETTERS
from streams.processor import Message
from streams.routing import partition_of
from streams.settings import Settings, StoreSettings
from streams.store.redis import RedisStore
from streams.topology import FLOW_OF_TOPIC, ShardId, shard_of

PARTITIONS = 4
_KEY = "bench-faults"
_APPLY_S = 240.0
_READY_S = 60.0
_NEXT = 500


@dataclass(slots=True)
class Ran:
    """One fault's run."""

    fault: str
    events: int
    verdict: Verdict
    recovery_s: float | None = None
    seconds: float = 0.0
    exits: list[int] = field(default_factory=list)
    outcome: Outcome | None = None

    @property
    def good(self) -> bool:
        """Whether all came out as it must."""
        return not self.verdict.wrong


@dataclass(frozen=True, slots=True)
class Plan:
    """How a fault is run."""

    events: int
    rate: float
    seed: int
    began: float
    """Event time of the first event, the same for all runs that are to be compared."""
    workers: int = 2


def environment(site: FaultSite, prefix: str) -> dict[str, str]:
    """Return the workers' settings: small times, the whole journal kept."""
    return {
        "TAILORLINE_KAFKA__BOOTSTRAP_SERVERS": site.bootstrap,
        "TAILORLINE_KAFKA__GROUP": f"tailorline-{prefix}",
        # The least that real brokers allow; with less the embedded one forgets to answer joins.
        "TAILORLINE_KAFKA__SESSION_TIMEOUT_MS": str(int(SESSION_S * 1000)),
        "TAILORLINE_KAFKA__FETCH_WAIT_MS": "10",
        "TAILORLINE_STORE__URL": site.url,
        "TAILORLINE_STORE__PREFIX": prefix,
        "TAILORLINE_STORE__KEEP_HISTORY": "true",
        "TAILORLINE_SNAPSHOTS__KEY": _KEY,
        "TAILORLINE_SNAPSHOTS__EVERY_S": "2",
        "TAILORLINE_LOG_LEVEL": "info",
    }


def run_fault(
    fault: Fault, site: FaultSite, plan: Plan, calm: Outcome | None,
    advance: Callable[[int], None] = lambda _: None,
) -> Ran:  # fmt: skip
    """Run one fault; ``calm`` is the outcome of the same load without one."""
    began = time.monotonic()
    site.fresh()
    prefix = f"f{time.time_ns():x}"
    messages = load(plan.seed, plan.events, plan.began)
    settings = environment(site, prefix) | dict(fault.environment)
    watch = Watch(site.url, prefix, PARTITIONS)
    feed = Feed(site.bootstrap, messages.messages, plan.rate)
    module = "bench.faults.choking" if fault.chokes else "streams.cli.main"
    try:
        with Crew(settings, plan.workers, module=module) as crew:
            crew.wait_ready(_READY_S, "the workers to be ready")
            feed.start()
            applied = Progress(watch, advance)
            wait_until(lambda: feed.share() >= 1 / 3, _APPLY_S, "a third of the load")
            scene = Scene(site, crew, feed, random.Random(plan.seed), prefix, applied)
            recovery = _Recovery(watch) if fault.kills_worker else None
            fault.do(scene)
            recovery_s = recovery.wait() if recovery else None
            feed.finish()
            _wait_applied(crew, applied, len(messages.messages))
            exits = [ended.code for ended in crew.exits]
            unasked = [ended for ended in crew.exits if ended.code not in fault.exits]
            crew.wait_ready(_READY_S, "all workers to be ready in the end")
            stopped = crew.stop_all()
    finally:
        feed.stop()
        watch.close()
    verdict, outcome = asyncio.run(_verdict(site, prefix, fault, plan, calm))
    if unasked:
        verdict.wrong.append(f"a worker ended with {unasked[0].code}:\n{unasked[0].log}")
    if any(stopped):
        verdict.wrong.append(f"asked to stop, the workers ended with {stopped}")
    return Ran(
        fault.name, len(messages.messages), verdict, recovery_s, time.monotonic() - began, exits,
        outcome,
    )  # fmt: skip


class Progress:
    """How many events are applied; the store may be away at times."""

    def __init__(self, watch: Watch, advance: Callable[[int], None]) -> None:
        self._watch = watch
        self._advance = advance
        self._shown = self._last = 0

    def __call__(self) -> int:
        """Return how many are applied, as far as is known."""
        try:
            self._last = sum(self._watch.next_offsets().values())
        except (OSError, RedisError):
            return self._last
        self._advance(max(self._last - self._shown, 0))
        self._shown = max(self._shown, self._last)
        return self._last


def _wait_applied(crew: Crew, applied: Progress, events: int) -> None:
    until = time.monotonic() + _APPLY_S
    while applied() < events:
        if time.monotonic() > until:
            raise BenchError(
                f"{applied():,} of {events:,} were applied after {_APPLY_S:g} s. "
                f"The last worker that ended: {crew.last_words()}"
            )
        time.sleep(0.1)


class _Recovery:
    """The time from now until every shard that still has events has gone on."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._since = time.monotonic()
        self._before = watch.next_offsets()

    def wait(self) -> float:
        """Wait until all went on from where they were after the kill; return how long it took."""
        at_kill = self._applied()
        waiting = set(at_kill)

        def all_went_on() -> bool:
            now = self._applied()
            waiting.difference_update({s for s in waiting if now.get(s, 0) > at_kill[s]})
            return not waiting

        wait_until(all_went_on, _APPLY_S, "the orphaned shards to go on")
        return time.monotonic() - self._since

    def _applied(self) -> Counter[ShardId]:
        """Return how many events each shard has applied, of any topic: some have few events."""
        applied: Counter[ShardId] = Counter()
        for where, after in self._watch.next_offsets().items():
            applied[shard_of(*where)] += after
        return applied


async def _verdict(
    site: FaultSite, prefix: str, fault: Fault, plan: Plan, calm: Outcome | None
) -> tuple[Verdict, Outcome]:
    outcome = Outcome(await shards_of(site.url, prefix, _KEY.encode()))
    outcome.inputs = inputs_of(site.bootstrap)
    outcome.outputs, outcome.changed = outputs_of(site.bootstrap)
    settings = Settings(_env_file=None)
    store = RedisStore(StoreSettings(url=SecretStr(site.url), prefix=prefix))
    views: dict[tuple[int, int], dict[str, bytes]] = {}

    async def view_at(versions: tuple[int, ...]) -> View:
        rows: dict[str, bytes] = {}
        for part, version in enumerate(versions):
            if (part, version) not in views:
                views[part, version] = await store.view_at(part, version)
            rows |= views[part, version]
        return View(PARTITIONS, rows, versions)

    from bench.faults.choking import choking  # noqa: PLC0415 - patches the core only in its context

    truths: dict[ShardId, ShardTruth] = {}
    try:
        with choking(raises="step_failed" in fault.poison, hangs=False):
            for shard in outcome.shards:
                truths[shard] = await truth_of(shard, outcome, settings, PARTITIONS, view_at)
    finally:
        await store.close()
    verdict = judge(outcome, truths, store_lost=fault.store_loses)
    verdict.wrong += judge_next(outcome, truths, _further(plan, outcome), settings)
    verdict.wrong += _poisoned(fault, outcome)
    if calm is not None and not fault.poison:
        verdict.wrong += against(outcome, calm)
    return verdict, outcome


def _poisoned(fault: Fault, outcome: Outcome) -> list[str]:
    reasons = [
        sent.letter.reason
        for sent in outcome.outputs.values()
        if sent.topic == DEAD_LETTERS.name and sent.letter is not None
    ]
    return [
        f"{reasons.count(reason)} dead letters of reason {reason}, not 1"
        for reason in ("step_failed", "step_overran")
        if reasons.count(reason) != (reason in fault.poison)
    ]


def _further(plan: Plan, outcome: Outcome) -> dict[ShardId, list[Message]]:
    """Return the next events after the load, for each shard, where they would be."""
    ahead: Load = load(plan.seed + 1, _NEXT, plan.began + plan.events / 100.0)
    ends = {where: len(events) for where, events in outcome.inputs.items()}
    found: dict[ShardId, list[Message]] = {}
    for sent in ahead.messages[:_NEXT]:
        where = (sent.topic, partition_of(sent.key, PARTITIONS))
        shard = ShardId(FLOW_OF_TOPIC[sent.topic].name, where[1])
        own = found.setdefault(shard, [])
        own.append(Message(*where, ends.get(where, 0), sent.at_ms / 1000, sent.key, sent.value))
        ends[where] = ends.get(where, 0) + 1
    return found


def run_all(
    names: Sequence[str], site: FaultSite, plan: Plan, tell: Callable[[Ran], None],
    advance: Callable[[int], None] = lambda _: None,
) -> list[Ran]:  # fmt: skip
    """Run the calm load, then each fault over the same one."""
    ran = []
    calm: Outcome | None = None
    for name in ["calm", *(each for each in names if each != "calm")]:
        one = run_fault(BY_NAME[name], site, plan, calm, advance)
        calm = calm or one.outcome
        one.outcome = None  # they are large
        tell(one)
        ran.append(one)
    return ran
