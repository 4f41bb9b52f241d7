"""Workers under a supervisor, as in production: who ends unasked is started again."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple, Self

from bench.workers import BenchError, Worker, wait_until

FAILED, STUCK = 70, 75
_LOOK_S = 0.1
_REST_S = 0.5


class Exit(NamedTuple):
    """A worker that ended without being asked to."""

    code: int
    log: str


class Crew:
    """A number of workers; a thread starts anew those that ended unasked. A context manager."""

    def __init__(self, environment: Mapping[str, str], size: int, *, module: str) -> None:
        self.environment = dict(environment)
        self.exits: list[Exit] = []
        self.supervised = True
        self._module = module
        self._workers: list[Worker] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        for _ in range(size):
            self.join_one()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for worker in self._workers:
            worker.kill()

    def _new(self) -> Worker:
        return Worker(self.environment, module=self._module)

    def join_one(self) -> Worker:
        """Start one more worker."""
        worker = self._new()
        with self._lock:
            self._workers.append(worker)
        return worker

    def pick(self, dice: random.Random, but: Worker | None = None) -> Worker:
        """Return one of those that run, any ``but`` this one."""
        with self._lock:
            running = [w for w in self._workers if w.exit_code is None and w is not but]
        if not running:
            raise BenchError(f"No worker runs; the last one said:\n{self.last_words()}")
        return dice.choice(running)

    def last_words(self) -> str:
        """Return how the last one ended that ended unasked."""
        return f"exit {self.exits[-1].code}\n{self.exits[-1].log}" if self.exits else "(none ended)"

    def kill(self, worker: Worker, *, again: bool = True) -> None:
        """SIGKILL; with ``again`` another one is started at once, as a supervisor would."""
        with self._lock:
            worker.kill()
            self._workers.remove(worker)
        if again:
            self.join_one()

    def leave(self, worker: Worker) -> int:
        """Have one stop in order; return its exit code."""
        with self._lock:
            self._workers.remove(worker)
        return worker.stop()

    def stop_all(self) -> list[int]:
        """Have all stop in order; return their exit codes."""
        with self._lock:
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.send(signal.SIGTERM)
        return [worker.wait() for worker in workers]

    def ready(self) -> bool:
        """Whether all are ready."""
        with self._lock:
            return bool(self._workers) and all(worker.ready() for worker in self._workers)

    def rejoins(self) -> list[float]:
        """Return how often each one gave its consumer up for a new one."""
        with self._lock:
            return [worker.metric("tailorline_rejoins_total") for worker in self._workers]

    def wait_ready(self, seconds: float, what: str) -> None:
        """Wait until all are ready; raise `BenchError` with what each one says of it."""
        try:
            wait_until(self.ready, seconds, what)
        except BenchError as error:
            with self._lock:
                said = [f"{w.pid}: {w.readiness()}\n{w.log()}" for w in self._workers]
            raise BenchError("\n".join([str(error), *said])) from None

    def resident_bytes(self) -> list[int]:
        """Return how much memory each one has."""
        with self._lock:
            return [worker.resident_bytes() for worker in self._workers]

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            with self._lock:
                ended = [worker for worker in self._workers if worker.exit_code is not None]
                for worker in ended:
                    self._workers.remove(worker)
                    self.exits.append(Exit(worker.exit_code or 0, worker.log()))
                    worker.close()
            for _ in ended:
                if self.supervised:
                    time.sleep(_REST_S)
                    self.join_one()
