"""The worker processes of the demo: started, watched, stopped."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from typing import Literal, Self
from urllib.error import URLError
from urllib.request import urlopen

from streams.ports import free_ports

State = Literal["starting", "ready", "stopped", "died"]

_OWN = ("KAFKA", "STORE", "SNAPSHOTS", "WEB", "LOG_FORMAT")
_TAIL_LINES = 25
_COLOURS = re.compile("\x1b\\[[0-9;?]*[a-zA-Z]")


class WorkerDied(Exception):
    """A worker ended that should run, or did not get ready; the message has its log's last lines."""


class WorkerProcess:
    """One `tailorline worker`, with its log in a file."""

    def __init__(self, name: str, port: int, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.port = port
        self.state: State = "starting"
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C is for the demo, which then stops the workers in order.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli.main", "worker"],
                cwd=folder, env={**environment, "TAILORLINE_WEB__PORT": str(port)},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, once it has ended."""
        return self._process.poll()

    def check(self) -> None:
        """Raise `WorkerDied` if it has ended."""
        if self.exit_code is not None:
            self.state = "died"
            raise WorkerDied(f"{self.name} ended with exit code {self.exit_code}. {self.tail()}")

    def tail(self) -> str:
        """Return the last lines of its log."""
        text = _COLOURS.sub("", self.log.read_text(errors="replace"))
        lines = text.splitlines()[-_TAIL_LINES:]
        return "\n".join(["The end of its log:", *lines])

    def page(self, path: str, timeout_s: float = 2.0) -> str | None:
        """Return one of its web pages; None if it does not answer, or not well."""
        try:
            # The address is always loopback and http.
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout_s) as answer:
                body: bytes = answer.read()
        except (URLError, HTTPException, OSError):
            return None
        return body.decode()

    def memory_mb(self) -> tuple[float | None, float | None]:
        """Return its memory now and at most, in megabytes; unknown where there is no /proc."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text("ascii", errors="replace")
        except OSError:
            return None, None
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        now, most = (
            float(fields[name].split()[0]) / 1024 if name in fields else None
            for name in ("VmRSS", "VmHWM")
        )
        return now, most

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self.exit_code is None:
            self._process.terminate()

    def stop(self, timeout_s: float) -> int:
        """Wait until it has ended, and end it hard if it does not; return the exit code."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self.state = "stopped" if code == 0 else "died"
        return code


class Fleet:
    """All workers; a context manager that leaves none behind."""

    def __init__(self, number: int, folder: Path, environment: Mapping[str, str]) -> None:
        self.workers: list[WorkerProcess] = []
        self._stack = ExitStack()
        with ExitStack() as stack:
            for turn, port in enumerate(free_ports(number)):
                worker = WorkerProcess(f"worker-{turn + 1}", port, folder, environment)
                stack.callback(worker.stop, 0.0)
                self.workers.append(worker)
            self._stack = stack.pop_all()

    def wait_ready(self, timeout_s: float, stopped: Callable[[], bool]) -> bool:
        """Wait until all own shards; False if ``stopped`` says so first. Raises `WorkerDied`."""
        until = time.monotonic() + timeout_s
        while not stopped():
            for worker in self.workers:
                worker.check()
                good = worker.page("/readyz") is not None
                worker.state = "ready" if good else "starting"
            slow = [worker for worker in self.workers if worker.state != "ready"]
            if not slow:
                return True
            if time.monotonic() > until:
                raise WorkerDied(
                    f"{slow[0].name} was not ready after {timeout_s:.0f} s. {slow[0].tail()}"
                )
            time.sleep(0.1)
        return False

    def check(self) -> None:
        """Raise `WorkerDied` if one has ended."""
        for worker in self.workers:
            worker.check()

    def stop(self, timeout_s: float) -> dict[str, int]:
        """Stop all in order; return their exit codes."""
        for worker in self.workers:
            worker.ask_to_stop()
        return {worker.name: worker.stop(timeout_s) for worker in self.workers}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def worker_environment(
    bootstrap: str, store_url: str, key: str, settings: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of the demo's workers; ``settings`` give way to the caller's own.

    Where they connect to is the demo's business and nobody else's; all other ``TAILORLINE_``
    settings of the caller are handed on, to be tried out.
    """
    mine = tuple(f"TAILORLINE_{part}" for part in _OWN)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    package = str(Path(__file__).resolve().parents[2])
    return {
        **settings,
        **inherited,
        # They run in a folder of their own, so a checkout that is not installed must be named.
        "PYTHONPATH": os.pathsep.join(filter(None, (package, inherited.get("PYTHONPATH")))),
        "TAILORLINE_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "TAILORLINE_STORE__URL": store_url,
        "TAILORLINE_SNAPSHOTS__KEY": key,
        "TAILORLINE_LOG_FORMAT": "console",
        # The embedded broker answers a waiting fetch only when its time is over: that is the latency.
        "TAILORLINE_KAFKA__FETCH_WAIT_MS": "10",
    }
