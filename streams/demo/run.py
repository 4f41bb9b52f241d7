"""One demo from the first process to the last: start, watch, drain, stop, add up."""

from __future__ import annotations

import asyncio
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
from pydantic import SecretStr
from rich.console import Console
from rich.live import Live

from streams.demo.feed import Feed
from streams.demo.processes import Fleet, WorkerDied, worker_environment
from streams.demo.readings import Reader
from streams.demo.real_data import RealData
from streams.demo.report import differences, envelope, results
from streams.demo.screen import Screen, status_line
from streams.demo.simulation import Simulation
from streams.demo.snapshot import Snapshot
from streams.demo.summary import print_summary
from streams.replay.backpressure import StalledError
from streams.replay.records import SourceError
from streams.runtime.embedded import PARTITIONS, EmbeddedBroker
from streams.runtime.listener import Listener
from streams.runtime.publisher import Publisher, PublishError
from streams.settings import StoreSettings
from streams.store.embedded import EmbeddedValkey
from streams.store.protocol import StoreError
from streams.store.redis import RedisStore

_READY_S = 90.0
_LOOK_EVERY_S = 1.0
_SAY_EVERY_S = 5.0
_DRAIN_S = 60.0
_SETTLE_S = 8.0
_STOP_S = 40.0
# Clients of the demo are quiet: librdkafka would write over the live view.
_QUIET = {"log_level": 2}


class DemoFailed(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    minutes: float | None = None
    rate: float = 500.0
    seed: int = 7
    workers: int = 2
    report: Path | None = None
    data: Path | None = None
    live: bool = True
    quiet: bool = False


@dataclass(slots=True)
class Demo:
    """A demo that runs."""

    options: Options
    console: Console
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Run it; return the exit code: 0 if every event is accounted for, else 1.

        Raises `DemoFailed` if it cannot be run to its end.
        """
        with _signals(self.stop), ExitStack() as stack:
            try:
                return self._run(stack)
            except (StoreError, WorkerDied, PublishError, StalledError, SourceError) as error:
                raise DemoFailed(str(error)) from error

    def _run(self, stack: ExitStack) -> int:
        say, options = self._say, self.options
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tailorline-demo-")))
        valkey = EmbeddedValkey(folder / "valkey")
        stack.callback(valkey.stop)
        with self._spinner("Starting broker, store and workers"):
            store_settings = StoreSettings(url=SecretStr(valkey.start().url))
            feed = self._feed(store_settings)
            broker = EmbeddedBroker()
            environment = worker_environment(
                broker.bootstrap_servers, valkey.url, secrets.token_hex(32), feed.worker_settings
            )
            fleet = stack.enter_context(Fleet(options.workers, folder, environment))
            pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="feed"))
            stack.callback(self.stop.set)  # the feed ends before its thread is waited for
            preparing = pool.submit(feed.prepare, self.stop)
            if not fleet.wait_ready(_READY_S, self.stop.is_set):
                say("Stopped before anything was published.")
                return 0
            preparing.result()
        client = {**broker.client_config(), **_QUIET}
        listener = stack.enter_context(Listener(client, PARTITIONS))
        publisher = Publisher(client)
        runner = stack.enter_context(asyncio.Runner())
        store = RedisStore(store_settings)
        stack.callback(lambda: runner.run(store.close()))
        reader = Reader(store, fleet.workers, publisher, listener, PARTITIONS)
        watch = _Watch(self, feed, fleet, listener, reader, runner)
        begun = time.monotonic()
        feeding = pool.submit(feed.run, publisher, listener, self.stop)
        watch.until(feeding)
        feeding.result()
        with self._spinner("Waiting until everything published is processed"):
            watch.drain()
            seconds = time.monotonic() - begun
            last = watch.settle()
        with self._spinner("Stopping the workers"):
            codes = fleet.stop(_STOP_S)
        last = replace(
            last,
            # For the summary: over the whole time, not over the last seconds, which were idle.
            inputs={
                topic: replace(one, rate=one.read / seconds) for topic, one in last.inputs.items()
            },
            workers=tuple(replace(state, state="stopped") for state in last.workers),
        )
        return self._finish(feed, reader, listener, last, seconds, codes)

    def _feed(self, store: StoreSettings) -> Feed:
        options = self.options
        if options.data is None:
            return Simulation(options.seed, options.rate, options.minutes)
        return RealData(options.data, options.minutes, store)

    def _finish(
        self, feed: Feed, reader: Reader, listener: Listener, last: Snapshot, seconds: float,
        codes: dict[str, int],
    ) -> int:  # fmt: skip
        dirt = feed.dirt()
        extra = feed.results(listener, reader.told())
        found = results(last, seconds, dirt, extra)
        found["differences"] = wrong = [
            *differences(last, dirt),
            *(f"{name} ended with exit code {code}" for name, code in codes.items() if code),
        ]
        found["accounted"] = int(not wrong)
        baselines = feed.baselines(found)
        if last.propensity.examples:
            baselines["base_rate"] = {"log_loss": last.propensity.base_rate_log_loss}
        print_summary(self.console, last, found)
        if self.options.report is not None:
            settings = {
                "workers": self.options.workers,
                "worker_settings": dict(feed.worker_settings),
                **feed.settings,
            }
            page = msgspec.json.encode(envelope(feed.data, settings, found, baselines))
            self.options.report.write_bytes(msgspec.json.format(page, indent=2) + b"\n")
            self._say(f"The report is in {self.options.report}.")
        return 1 if wrong else 0

    def _say(self, text: str) -> None:
        if not self.options.quiet:
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _spinner(self, text: str) -> Any:
        if self.options.live and not self.options.quiet:
            return self.console.status(f"{text} …")
        self._say(f"{text} …")
        return nullcontext()


@dataclass(slots=True)
class _Watch:
    """Looks at everything once a second and shows it."""

    demo: Demo
    feed: Feed
    fleet: Fleet
    listener: Listener
    reader: Reader
    runner: asyncio.Runner

    def until(self, feeding: Future[None]) -> None:
        """Show how it goes until the feed is over."""
        options, screen = self.demo.options, Screen(self.feed.title)
        with ExitStack() as stack:
            live = None
            if options.live and not options.quiet:
                live = stack.enter_context(
                    Live(screen, console=self.demo.console, screen=True, auto_refresh=False)
                )
            said = time.monotonic()
            while not feeding.done():
                self._check()
                screen.snapshot = self._look()
                screen.progress = self.feed.progress()
                if self.demo.stop.is_set():
                    screen.hint = "stopping …"
                if live is not None:
                    live.update(screen, refresh=True)
                elif time.monotonic() - said >= _SAY_EVERY_S:
                    said = time.monotonic()
                    self.demo._say(status_line(screen))  # noqa: SLF001 - its other half
                _wait(feeding, _LOOK_EVERY_S)

    def drain(self) -> None:
        """Wait until the store says that all is applied, but not for ever."""
        until = time.monotonic() + _DRAIN_S
        before, moved = -1, time.monotonic()
        while (behind := self.runner.run(self.reader.behind())) and time.monotonic() < until:
            self._check()
            # As long as it goes on, it may take its time.
            if behind != before:
                before, moved = behind, time.monotonic()
            until = max(until, moved + _DRAIN_S / 2)
            time.sleep(0.1)

    def settle(self) -> Snapshot:
        """Wait until outputs have come and rules are merged, and take the last snapshot."""
        until = time.monotonic() + _SETTLE_S
        while True:
            self._check()
            merged = not self.runner.run(self.reader.unmerged())
            last = self._look()
            come = all(out.received >= out.sent for out in last.outputs.values())
            if (merged and come) or time.monotonic() >= until:
                return last
            time.sleep(0.3)

    def _look(self) -> Snapshot:
        snapshot = self.runner.run(self.reader.take())
        planted = self.feed.planted(self.listener, self.reader.told())
        return replace(snapshot, planted=planted)

    def _check(self) -> None:
        self.fleet.check()
        if self.listener.failure is not None:
            raise DemoFailed(f"The outputs cannot be read: {self.listener.failure}")


def _wait(feeding: Future[None], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not feeding.done() and time.monotonic() < until:
        time.sleep(0.05)


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Turn the first signal into an orderly stop, and a second one into an end at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {kind: signal.signal(kind, handle) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
