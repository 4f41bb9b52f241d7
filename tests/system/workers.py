"""Workers as processes of their own, made quickly.

A worker's imports take four seconds of a core, and the suite starts some thirty. So these are forked
from a process that has imported everything and done nothing else; from there on they do what
`tailorline worker` does. That one starts from nothing too is for test_demo.py, and on real servers
for test_fault_matrix.py.
"""

import multiprocessing
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path

from streams.ports import free_port

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "streams.cli.main",
        "streams.runtime.app",
        "streams.store.redis",
        "faust.transport.drivers.aiokafka",
        "aiohttp_cors",
        __name__,
    ]
)


def _work(environment: dict[str, str], log: Path) -> None:
    os.setsid()
    with log.open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["tailorline", "worker"]
    from streams.cli.main import main

    main()


class WorkerProcess:
    """One ``tailorline worker``."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port = free_port()
        self.log = log
        log.touch()
        self._process = _FORKS.Process(
            target=_work, args=(environment | {"TAILORLINE_WEB__PORT": str(self.port)}, log)
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, once it has ended; of a signal its number, negative."""
        return self._process.exitcode

    def get(self, path: str) -> tuple[int, str]:
        """Ask the worker's web server; ``(0, "")`` while there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self) -> bool:
        assert self.exit_code is None, self.told()
        return self.get("/readyz")[0] == 200

    def told(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-4000:]

    def wait(self, patience_s: float) -> int:
        """Wait for its end and return the exit code."""
        self._process.join(patience_s)
        code = self.exit_code
        assert code is not None, f"still running after {patience_s:.0f} s: {self.told()}"
        return code

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def terminate(self, patience_s: float = 40.0) -> int:
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGTERM)
        return self.wait(patience_s)

    def close(self) -> None:
        if self.exit_code is None:
            self.kill()
