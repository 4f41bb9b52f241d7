"""Real worker processes on a broker and a store, embedded or given: started, watched, killed."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self

import psutil
import redis

from streams.ports import free_port
from streams.runtime.embedded import EmbeddedBroker
from streams.store.embedded import EmbeddedValkey
from streams.topology import FLOWS, ShardId

_STOP_S = 40.0
_ANSWER_S = 60.0
"""A large script holds the store up for seconds."""


class BenchError(RuntimeError):
    """The benchmark cannot go on; the message says why."""


class Worker:
    """One ``tailorline worker`` process."""

    def __init__(
        self, environment: Mapping[str, str], wrapper: Sequence[str] = (),
        module: str = "streams.cli.main",
    ) -> None:  # fmt: skip
        """Start it; ``wrapper`` goes between the interpreter and the module (a profiler)."""
        self.port = free_port()
        self._said = b""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, *wrapper, "-m", module, "worker"],
            env={**os.environ, **environment, "TAILORLINE_WEB__PORT": str(self.port)},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def check(self) -> None:
        """Raise `BenchError` with the end of its log if it is gone."""
        if self._process.poll() is not None:
            raise BenchError(f"A worker ended with {self._process.returncode}:\n{self.log()}")

    def log(self, size: int = 3_000) -> str:
        """Return the end of its log."""
        if not self._log.closed:
            self._log.seek(0)
            self._said = self._log.read()
        return self._said[-size:].decode(errors="replace")

    def close(self) -> None:
        """Let go of the log of one that has ended; its end is kept."""
        self._said = self.log(100_000).encode()
        self._log.close()

    def metrics(self) -> str:
        """Return /metrics, empty if it does not answer."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/metrics", timeout=10
            ) as page:
                return str(page.read().decode())
        except (urllib.error.URLError, OSError):
            return ""

    def metric(self, name: str) -> float:
        """Return a metric without labels, 0 if it is not there."""
        lines = self.metrics().splitlines()
        return sum(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    @property
    def exit_code(self) -> int | None:
        """The exit code, once it has ended."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self._process.poll() is None:
            self._process.send_signal(number)

    def ready(self) -> bool:
        """Whether it says that it is."""
        return self.readiness() == "ready"

    def readiness(self) -> str:
        """Return what it says of its being ready."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as page:
                return str(page.read().decode().strip())
        except urllib.error.HTTPError as refusal:
            return refusal.read().decode().strip()
        except (urllib.error.URLError, OSError) as error:
            return f"no answer: {error}"

    def resident_bytes(self) -> int:
        """Return how much memory it has; 0 once it has ended."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def kill(self) -> None:
        """End it at once, as the kernel or a power cut would."""
        self._process.kill()
        self._process.wait()
        self.close()

    def stop(self) -> int:
        """End it in order; return the exit code, -9 if it had to be killed."""
        self.send(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end after it was told to stop; return the exit code, -9 if it had to be killed."""
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self.close()
        return self._process.returncode


class Site:
    """A broker and a store for workers; embedded ones live as long as the site. Context manager."""

    def __init__(self, bootstrap: str = "", store: str = "") -> None:
        self.bootstrap = bootstrap
        self.store_url = store
        self.valkey_pid: int | None = None
        self.embedded_broker = not bootstrap
        self._stack = ExitStack()
        self._broker: EmbeddedBroker | None = None

    def __enter__(self) -> Self:
        if not self.bootstrap:
            self._broker = EmbeddedBroker()
            self.bootstrap = self._broker.bootstrap_servers
        if not self.store_url:
            valkey = self._stack.enter_context(EmbeddedValkey())
            self.store_url = valkey.url
            with redis.Redis.from_url(self.store_url) as client:
                self.valkey_pid = int(client.info("server")["process_id"])
        return self

    def __exit__(self, *_: object) -> None:
        # Clients that only the collector finds would call for the broker when it is gone.
        gc.collect()
        self._stack.close()
        self._broker = None

    def environment(self, prefix: str, **more: str) -> dict[str, str]:
        """Return a worker's environment; ``prefix`` keeps runs apart in store and broker."""
        return {
            "TAILORLINE_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "TAILORLINE_KAFKA__GROUP": f"tailorline-{prefix}",
            "TAILORLINE_STORE__URL": self.store_url,
            "TAILORLINE_STORE__PREFIX": prefix,
            "TAILORLINE_SNAPSHOTS__KEY": "bench",
            "TAILORLINE_LOG_LEVEL": "warning",
            **more,
        }


class Watch:
    """How far a store's shards are, asked with one cheap pipeline."""

    def __init__(self, url: str, prefix: str, partitions: int) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=_ANSWER_S)
        self._asked = [
            (ShardId(flow.name, number), topic)
            for flow in FLOWS
            for number in range(partitions)
            for topic in flow.topics
        ]
        self._prefix = prefix

    def next_offsets(self) -> dict[tuple[str, int], int]:
        """Return the next offset of each partition that was read, as applied in the store."""
        pipe = self._client.pipeline(transaction=False)
        for shard, topic in self._asked:
            pipe.hget(f"{self._prefix}:{{{shard}}}:meta", f"next:{topic}")
        found = pipe.execute()
        return {
            (topic, shard.number): int(value)
            for (shard, topic), value in zip(self._asked, found, strict=True)
            if value is not None
        }

    def tally(self) -> dict[str, int]:
        """Return the exact totals of all shards."""
        total: dict[str, int] = {}
        for shard in {shard for shard, _ in self._asked}:
            counts: Any = self._client.hgetall(f"{self._prefix}:{{{shard}}}:tally")
            for name, value in counts.items():
                total[name.decode()] = total.get(name.decode(), 0) + int(value)
        return total

    def close(self) -> None:
        """Disconnect."""
        self._client.close()


def wait_until(ready: Callable[[], bool], seconds: float, what: str, every: float = 0.05) -> None:
    """Wait until ``ready()`` is true; raise `BenchError` that names ``what`` after ``seconds``."""
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            raise BenchError(f"Waited {seconds:g} s for {what} in vain.")
        time.sleep(every)


def as_environment(settings: Mapping[str, Any], prefix: str = "TAILORLINE_") -> dict[str, str]:
    """Return settings, nested ones as mappings, as the variables that a worker reads."""
    found: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= as_environment(value, f"{prefix}{name.upper()}__")
        else:
            found[prefix + name.upper()] = str(value)
    return found
