"""The faults: what is done to a running installation, and what has to be put right by hand."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.faults.choking import CHOKES
from bench.faults.crew import FAILED, Crew
from bench.faults.feed import Feed
from bench.faults.site import FaultSite
from bench.workers import BenchError, wait_until

SESSION_S = 6.0
_SETTLE_S = 90.0


@dataclass(slots=True)
class Scene:
    """A run in the middle of its load."""

    site: FaultSite
    crew: Crew
    feed: Feed
    dice: random.Random
    prefix: str
    applied: Callable[[], int]
    """How many events are applied by now."""
    told: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong."""

    name: str
    about: str
    do: Callable[[Scene], None]
    """Called at a third of the load; returns when the fault is over and put right."""
    environment: tuple[tuple[str, str], ...] = ()
    real_only: bool = False
    store_loses: bool = False
    """The store loses work: outputs of it may be on Kafka, though the journal no more has them."""
    kills_worker: bool = False
    """Recovery is measured: from the kill to the last of the orphaned shards going on."""
    exits: frozenset[int] = frozenset()
    """Exit codes that workers may end with because of it."""
    poison: tuple[str, ...] = ()
    """Reasons of the dead letters that the poisoned events end as."""

    @property
    def chokes(self) -> bool:
        """Whether its workers are those of `bench.faults.choking`."""
        return CHOKES in dict(self.environment)


def _nothing(scene: Scene) -> None:
    """Leave everything as it is."""


def _kill(scene: Scene) -> None:
    time.sleep(scene.dice.uniform(0.0, 1.0))
    scene.crew.kill(scene.crew.pick(scene.dice))


def _kills(count: int) -> Callable[[Scene], None]:
    """Return a fault of so many kills, each once the workers are all ready again."""

    def kill_again_and_again(scene: Scene) -> None:
        for number in range(count):
            scene.crew.wait_ready(_SETTLE_S, f"all to be ready before kill {number + 1}")
            time.sleep(scene.dice.uniform(0.0, 3.0))
            scene.crew.kill(scene.crew.pick(scene.dice))
            scene.told(f"kill {number + 1} of {count}")

    return kill_again_and_again


def kills(count: int) -> Fault:
    """Return the fault of many kills."""
    return Fault("kills", f"kill -9 of a worker, {count} times at random", _kills(count))


def _terminate(scene: Scene) -> None:
    code = scene.crew.leave(scene.crew.pick(scene.dice))
    if code != 0:
        raise BenchError(f"A worker that was asked to stop ended with {code}.")
    scene.crew.join_one()


def _come_and_go(scene: Scene) -> None:
    newcomer = scene.crew.join_one()
    wait_until(newcomer.ready, _SETTLE_S, "the newcomer to have shards")
    scene.crew.leave(scene.crew.pick(scene.dice, but=newcomer))
    scene.crew.leave(newcomer)
    scene.crew.join_one()


def _zombie(scene: Scene) -> None:
    """Stop one for longer than the session timeout: it wakes up and believes that it owns shards."""
    worker = scene.crew.pick(scene.dice)
    worker.send(signal.SIGSTOP)
    time.sleep(SESSION_S + 6.0)
    worker.send(signal.SIGCONT)


def _store_crash(scene: Scene) -> None:
    scene.site.crash_store()


def _store_pause(scene: Scene) -> None:
    scene.site.client(lambda client: client.client_pause(10_000))
    time.sleep(10.0)


def _store_full(scene: Scene) -> None:
    scene.site.client(lambda client: client.config_set("maxmemory", "1mb"))
    time.sleep(5.0)
    scene.site.client(lambda client: client.config_set("maxmemory", "0"))


def _store_emptied(scene: Scene) -> None:
    """Empty the store: the workers must refuse to go on; the operator chooses to replay."""
    scene.crew.supervised = False
    scene.site.client(lambda client: client.flushall())
    wait_until(lambda: len(scene.crew.exits) >= 2, _SETTLE_S, "both workers to refuse")
    scene.crew.exits.clear()
    refused = scene.crew.join_one()
    wait_until(lambda: bool(scene.crew.exits), _SETTLE_S, "a new worker to refuse as well")
    told = scene.crew.exits[0].log
    if "TAILORLINE_STORE__ON_LOSS" not in told or refused.exit_code != FAILED:
        raise BenchError(f"The refusal does not name the choices:\n{told}")
    scene.crew.exits.clear()
    scene.crew.environment["TAILORLINE_STORE__ON_LOSS"] = "replay"
    scene.crew.supervised = True
    for _ in range(2):
        scene.crew.join_one()


def _broker_crash(scene: Scene) -> None:
    scene.site.crash_broker()


def _broker_away(scene: Scene) -> None:
    """Have the broker not answer for 30 s, though its address does."""
    _signal(scene.site.broker_pid, signal.SIGSTOP)
    time.sleep(30.0)
    _signal(scene.site.broker_pid, signal.SIGCONT)


def _coordinator_lost(scene: Scene) -> None:
    """The workers do it to themselves; wait until they have."""
    wait_until(lambda: min(scene.crew.rejoins(), default=0) > 0, _SETTLE_S, "new consumers")


def _broker_disk_full(scene: Scene) -> None:
    """Let no file of the broker grow any more, until it gives up; then there is room again."""
    pid = scene.site.broker_pid
    limit = subprocess.run(  # noqa: S603
        ["prlimit", f"--pid={pid}", "--fsize=20000:20000"],  # noqa: S607
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if limit.returncode != 0:
        raise BenchError(f"prlimit: {limit.stderr}")
    kafka = scene.site.kafka
    wait_until(lambda: kafka is not None and kafka.pid is None, _SETTLE_S, "the broker to give up")
    scene.site.crash_broker()


def _signal(pid: int, number: signal.Signals) -> None:
    import os  # noqa: PLC0415

    os.kill(pid, number)


def _wait_for_poison(scene: Scene) -> None:
    """The events are in the load; wait until the workers have got over them."""
    wait_until(lambda: scene.feed.share() >= 1.0, _SETTLE_S, "the load to be published")


FAULTS: tuple[Fault, ...] = (
    Fault("calm", "no fault: what the others are held against", _nothing),
    Fault("kill", "kill -9 of a worker", _kill, kills_worker=True),
    Fault("terminate", "SIGTERM of a worker in load", _terminate),
    Fault("come_and_go", "a third worker joins, then two leave", _come_and_go),
    Fault(
        "zombie", "SIGSTOP of a worker for longer than the session timeout, then SIGCONT", _zombie,
        exits=frozenset({FAILED}),
    ),
    Fault(
        "store_crash", "kill -9 of the store (appendfsync everysec), restart", _store_crash,
        store_loses=True,
    ),
    Fault("store_pause", "the store answers nobody for 10 s", _store_pause),
    Fault("store_full", "the store is out of memory (noeviction) for 5 s", _store_full),
    Fault(
        "store_emptied", "the store is flushed; refusal, then the operator chooses replay",
        _store_emptied, store_loses=True, exits=frozenset({FAILED}),
    ),
    Fault(
        "step_raises", "an event whose step raises", _wait_for_poison,
        environment=((CHOKES, "raises"),), poison=("step_failed",),
    ),
    Fault(
        "step_hangs", "an event whose step never comes back", _wait_for_poison,
        environment=((CHOKES, "hangs"), ("TAILORLINE_GUARD__STEP_S", "2")),
        poison=("step_overran",), exits=frozenset({75}),
    ),
    Fault(
        "coordinator_lost", "the client loses the group's coordinator for good", _coordinator_lost,
        environment=((CHOKES, "coordinator"),),
    ),
    Fault("broker_crash", "kill -9 of the broker, restart", _broker_crash, real_only=True),
    Fault("broker_away", "the broker does not answer for 30 s", _broker_away, real_only=True),
    Fault(
        "broker_disk_full", "the broker's disk is full until it gives up; then it is restarted",
        _broker_disk_full, real_only=True,
    ),
)  # fmt: skip
BY_NAME = {fault.name: fault for fault in FAULTS}
