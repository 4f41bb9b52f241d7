"""The Faust app: one agent per flow, timers, web pages, life cycle. Its own Kafka consumer is off.

With Faust's consumer on, a rebalance of its group empties every channel and batches vanish; it also
costs 72 microseconds an event. So the `BatchSource` carries and Faust decides (docs/adr/0002).
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import faust
import structlog
from aiohttp.web import Response
from faust.app.base import BootStrategy
from river import drift, linear_model  # noqa: F401 - see below

from models.effects import Origin
from streams.errors import Misconfigured, StateLost
from streams.garbage import EVERY_S, Garbage
from streams.host import Host
from streams.layout import layout_of, refusal
from streams.metrics import Metrics
from streams.runtime.admin import partition_counts, topic_ids
from streams.runtime.sender import KafkaSender
from streams.runtime.source import BatchSource, Delivery
from streams.runtime.watchdog import EXIT_STUCK, Sight, Watchdog
from streams.settings import Settings
from streams.store.protocol import Store
from streams.topology import FLOWS, Flow, ShardId

# River is imported where a model is made, for commands make none. A worker makes its first one on the
# loop, which two seconds of importing would hold up: it has it from the start.

log = structlog.get_logger()
EXIT_FAILED = 70
_CHANNEL = 4
_BEAT_S = 0.1
_MERGE_LOOK_S = 0.05


class _WithoutKafka(BootStrategy):
    enable_kafka = False


class App(faust.App):
    """A Faust app whose events come from a `BatchSource`."""

    BootStrategy = _WithoutKafka
    worker: Worker

    async def on_start(self) -> None:
        """Let channels flow, and start the source."""
        await super().on_start()
        self.flow_control.resume()
        try:
            await self.worker.start(self)
        except Exception as error:  # noqa: BLE001 - told in one line instead of Faust's traceback
            self.worker.fail(error)

    def _create_directories(self) -> None:
        """Make none: without tables they stay empty, one for each process that ever ran."""

    async def on_shutdown(self) -> None:
        """Let outputs out and connections go, now that the source has handed its shards over.

        Not `on_stop`, which comes before the source is stopped.
        """
        await super().on_shutdown()
        await self.worker.stop()


class Worker:
    """Everything that runs in one worker process."""

    def __init__(self, settings: Settings, store_of: Callable[[Metrics], Store]) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.exit_code = 0
        self._store_of = store_of
        self._store = store_of(self.metrics)
        self._beat = 0
        self._watchdog: Watchdog | None = None
        self._host: Host | None = None
        self._source: BatchSource | None = None
        self._sender: KafkaSender | None = None
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.app = App(
            "tailorline",
            broker="kafka://unused",
            value_serializer="raw",
            store="memory://",
            cache="memory://",
            topic_disable_leader=True,
            topic_allow_declare=False,
            web_host=settings.web.host,
            web_bind=settings.web.host,
            web_port=settings.web.port,
            web_in_thread=False,
            web_tables_enabled=False,
        )
        self.app.worker = self
        self._channels: dict[str, Any] = {
            flow.name: self.app.channel(maxsize=_CHANNEL, value_type=None) for flow in FLOWS
        }
        for flow in FLOWS:
            self._agent(flow)
        self._pages()

    # -- life -------------------------------------------------------------------------------------

    async def start(self, app: App) -> None:
        """Check the topics, then start source, timers and watchdog."""
        counts = await asyncio.to_thread(partition_counts, self.settings)
        for flow in FLOWS:
            numbers = {counts[topic] for topic in flow.topics}
            if len(numbers) > 1:
                listed = ", ".join(f"{topic}: {counts[topic]}" for topic in flow.topics)
                raise Misconfigured(
                    f"The topics of flow {flow.name} have unequal numbers of partitions "
                    f"({listed}). Customers would meet half of their data. Give all the same."
                )
        self._sender = KafkaSender(
            self.settings.kafka.client_config(), asyncio.get_running_loop(), self.metrics, self.fail
        )
        await self._check_layout(counts)
        parts = counts[FLOWS[0].topics[0]]
        self._host = Host(self.settings, self._store, self._sender, self.metrics, parts)
        self._source = BatchSource(
            self.settings, self._host, self._channels, self.metrics, self.fail,
            loop=app.loop, beacon=app.beacon,
        )  # fmt: skip
        await app.add_runtime_dependency(self._source)
        app.add_future(self._every(0.25, self._host.maintain))
        app.add_future(self._every(_MERGE_LOOK_S, self._host.merge))
        app.add_future(self._every(EVERY_S, Garbage().tend))
        app.add_future(self._every(_BEAT_S, self._count_beat))
        self._watchdog = Watchdog(self.settings.guard, self.metrics, self._seen, self._blame)
        self._watchdog.start()

    async def _check_layout(self, counts: dict[str, int]) -> None:
        """Refuse topics that are not those which the state in the store was made from."""
        inputs = [topic for flow in FLOWS for topic in flow.topics]
        ids = await asyncio.to_thread(topic_ids, self.settings, inputs)
        found = layout_of(counts, ids)
        refused = refusal(await self._store.layout(found), found)
        if refused:
            raise Misconfigured(refused)

    async def stop(self) -> None:
        """Send what is left, close the store."""
        if self._sender is not None:
            left = await asyncio.to_thread(self._sender.close, self.settings.shutdown_s / 2)
            if left:
                log.warning("outputs unsent; the next owner sends them", records=left)
        await self._store.close()

    def begin_stop(self) -> None:
        """Start the clock on an orderly stop: Faust can hang when the broker is gone."""
        if self._stopping:
            return
        self._stopping = True
        if self._watchdog is not None:
            self._watchdog.stop()

        def give_up() -> None:
            sys.stderr.write("tailorline: orderly stop took too long, exiting hard\n")
            os._exit(EXIT_STUCK)

        timer = threading.Timer(self.settings.shutdown_s, give_up)
        timer.daemon = True
        timer.start()

    def fail(self, error: Exception) -> None:
        """Stop the process because of ``error``: nothing of the batch in work was committed."""
        if self.exit_code == 0:
            self.exit_code = EXIT_FAILED
            log.error("worker stops", error=type(error).__name__, why=str(error),
                exc_info=None if isinstance(error, Misconfigured | StateLost) else error,
            )  # fmt: skip
            self.begin_stop()
            os.kill(os.getpid(), 15)

    # -- parts ------------------------------------------------------------------------------------

    def _agent(self, flow: Flow) -> None:
        async def work(stream: Any) -> Any:
            async for delivery in stream:
                self._deliver(delivery)
                yield len(delivery.messages)

        self.app.agent(self._channels[flow.name], name=f"streams.{flow.name}")(work)

    def _deliver(self, delivery: Delivery) -> None:
        """Hand a batch to its shard, which takes its batches in this order.

        Not awaited: while one shard waits for the store, the steps of the next one run. How much
        may wait is the source's business, which pauses the partitions of a shard with too much.
        """
        task = asyncio.create_task(self._handle(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, delivery: Delivery) -> None:
        if self.exit_code or self._host is None:
            return
        try:
            await self._host.handle(delivery.runner, delivery.messages)
        except Exception as error:  # noqa: BLE001 - any failure here stops the worker, un-committed
            self.fail(error)

    async def _every(self, seconds: float, action: Any) -> None:
        while not self.app.should_stop and not self._stopping:
            try:
                await action()
            except Exception as error:  # noqa: BLE001
                self.fail(error)
                return
            await asyncio.sleep(seconds)

    async def _count_beat(self) -> None:
        self._beat += 1

    def _seen(self) -> Sight:
        """Return what the watchdog, in its own thread, sees of us."""
        host, source = self._host, self._source
        if host is None or source is None:
            return Sight(self._beat, None, {})
        in_hand = None
        progress = {}
        unread = source.unread()
        for shard, runner in list(host.runners.items()):
            origin = runner.processor.in_hand
            if origin is not None:
                in_hand = (shard, origin)
            if runner.waiting or shard in unread:
                progress[shard] = sum(runner.processor.positions.values())
        return Sight(self._beat, in_hand, progress)

    def _blame(self, shard: ShardId, origin: Origin, why: str) -> None:
        """Keep an event from its step; the loop is stuck, so on a loop and connection of our own."""
        host = self._host
        runner = host.runners.get(shard) if host else None
        if runner is None:
            return

        async def note() -> None:
            store = self._store_of(self.metrics)
            try:
                await asyncio.wait_for(
                    store.quarantine(shard, runner.epoch, origin.topic, origin.offset, why), 10.0
                )
            finally:
                await store.close()

        asyncio.run(note())

    def _unready(self) -> str:
        """Return why this worker should get no work, empty if it may."""
        stalled = self._watchdog.stalled_s if self._watchdog else 0.0
        if self._stopping:
            return "stopping"
        if stalled >= self.settings.guard.stall_s / 2:
            return f"no progress for {stalled:.0f} s"
        return self._host.unready() if self._host else "starting"

    def _pages(self) -> None:
        async def healthz(web: Any, request: Any) -> Response:
            del web, request
            good = not self.exit_code
            return Response(status=200 if good else 503, text="ok\n" if good else "failed\n")

        async def readyz(web: Any, request: Any) -> Response:
            del web, request
            why = self._unready()
            return Response(
                status=503 if why else 200, text=f"not ready: {why}\n" if why else "ready\n"
            )

        async def metrics(web: Any, request: Any) -> Response:
            del web, request
            return Response(
                body=self.metrics.exposition(),
                headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
            )

        pages: dict[str, Any] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
        for path, page in pages.items():
            self.app.page(path)(page)


def run(settings: Settings, store_of: Callable[[Metrics], Store]) -> int:
    """Run a worker until a signal or a failure; return the exit code."""
    worker = Worker(settings, store_of)

    class Process(faust.Worker):
        def _on_sigterm(self) -> None:
            worker.begin_stop()
            super()._on_sigterm()

        def _on_sigint(self) -> None:
            worker.begin_stop()
            super()._on_sigint()

        async def _sentinel_task(self) -> None:
            """Wait for what was cancelled last, and not a second whatever is left, as Faust would."""
            left = asyncio.all_tasks() - {asyncio.current_task()}
            if left:
                await asyncio.wait(left, timeout=1.0)

    process = Process(
        worker.app, loglevel=None, logfile=None, redirect_stdouts=False, override_logging=False,
        quiet=True, blocking_timeout=None, daemon=True,
    )  # fmt: skip
    try:
        process.execute_from_commandline()
    except SystemExit as end:
        if worker.exit_code == 0 and isinstance(end.code, int):
            return end.code
    return worker.exit_code
