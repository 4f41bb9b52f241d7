"""Real servers for the system tests: one Apache Kafka JVM and one Redis, on loopback and free ports.

Standard library only, so that it runs before anything is installed::

    python -m bench.servers -- pytest tests/system    # both servers around one command
    python -m bench.servers --print-env               # both servers until Ctrl-C, for people
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Self

ROOT = Path(__file__).resolve().parents[1]
POM = Path(__file__).resolve().parent / "kafka" / "pom.xml"
KAFKA_ENV = "TAILORLINE_TEST_KAFKA"
REDIS_ENV = "TAILORLINE_TEST_REDIS"

_HOST = "127.0.0.1"
_POLL_S = 0.05
_LARGEST_MESSAGE = 16 * 1024 * 1024


class ServerError(RuntimeError):
    """A server could not be installed, started or reached; the message says why and ends with its log."""


class _Server(ABC):
    """One child process with a data folder, a log beside it and a probe that tells when it serves."""

    name: str

    def __init__(self, data_dir: Path, *, start_timeout_s: float, stop_timeout_s: float) -> None:
        self.data_dir = data_dir
        self.log = data_dir / f"{self.name}.log"
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _prepare(self) -> Sequence[str]:
        """Make what the server needs on disk, and return its command line."""

    @abstractmethod
    def _ready(self) -> bool:
        """Speak the server's own protocol once; an `OSError` means not yet."""

    @property
    def pid(self) -> int | None:
        """The process id while it runs, for tests that stop, watch or starve it."""
        return (
            self._process.pid
            if self._process is not None and self._process.poll() is None
            else None
        )

    def start(self) -> None:
        """Start on the same data and ports as before, and return once it really answers."""
        if self.pid is not None:
            return
        self.data_dir.mkdir(parents=True, exist_ok=True)
        command = self._prepare()
        with self.log.open("ab") as log:
            # Own session: Ctrl-C in a terminal must reach the tests first, and them only; the servers go last.
            self._process = subprocess.Popen(
                command,
                cwd=self.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_ready(self._process)
        except BaseException:  # also KeyboardInterrupt: nobody else would know of this process
            self.kill()
            raise

    def stop(self) -> None:
        """Ask for a clean end (SIGTERM), and insist when the time is up."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(self._stop_timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._process = None

    def kill(self) -> None:
        """SIGKILL: the crash that the tests are about. Data and ports stay, so `start` recovers."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop, when it runs, and start again on the same data and ports."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._start_timeout_s
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise ServerError(
                    f"{self.name} ended with code {process.returncode} while starting{self._tail()}"
                )
            with contextlib.suppress(OSError):
                if self._ready():
                    return
            time.sleep(_POLL_S)
        raise ServerError(
            f"{self.name} did not answer within {self._start_timeout_s:.0f} s{self._tail()}"
        )

    def _tail(self, lines: int = 40) -> str:
        text = (
            self.log.read_text(errors="replace").splitlines()[-lines:] if self.log.exists() else []
        )
        return "\n".join([f"; the end of {self.log}:", *text])


class ApacheKafka(_Server):
    """Apache Kafka in KRaft mode: broker and controller in one JVM, one node, no topic made by itself.

    Parameters
    ----------
    data_dir
        Holds the log segments, the configuration and `kafka.log`; formatted once, kept over restarts.
    cache_dir
        Where the jars go; `.cache/kafka-libs` of the repository unless told.
    overrides
        Broker settings that go over the ones below, e.g. `{"log.retention.ms": "1000"}`.
    """

    name = "kafka"

    def __init__(
        self,
        data_dir: Path,
        *,
        cache_dir: Path | None = None,
        heap_mb: int = 512,
        overrides: Mapping[str, str] | None = None,
        start_timeout_s: float = 90.0,
        stop_timeout_s: float = 30.0,
    ) -> None:
        super().__init__(data_dir, start_timeout_s=start_timeout_s, stop_timeout_s=stop_timeout_s)
        self._cache_dir = cache_dir or ROOT / ".cache" / "kafka-libs"
        self._heap_mb = heap_mb
        self._overrides = dict(overrides or {})
        self._port, self._controller_port = free_ports(2)

    @property
    def bootstrap(self) -> str:
        """What `bootstrap.servers` wants."""
        return f"{_HOST}:{self._port}"

    def _prepare(self) -> Sequence[str]:
        java = _program("java", "Apache Kafka 4 needs a Java runtime of version 17 or later")
        libs = kafka_libs(self._cache_dir)
        properties = self.data_dir / "server.properties"
        properties.write_text(
            "".join(f"{key}={value}\n" for key, value in self._settings().items())
        )
        # C1 only: a test broker lives for a minute or two, and the second compiler would fight the tests for the cores.
        jvm = [
            java,
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
        ]
        jvm += ["-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS", "-cp", str(libs / "*")]
        if not (self.data_dir / "log" / "meta.properties").exists():
            self._format([*jvm, "kafka.tools.StorageTool", "format", "--config", str(properties)])
        return [*jvm[:1], f"-Xmx{self._heap_mb}m", *jvm[1:], "kafka.Kafka", str(properties)]

    def _format(self, command: Sequence[str]) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        done = _ask(
            [*command, f"--cluster-id={cluster_id}"], timeout_s=60
        )  # "=": an id may begin with "-"
        if done.returncode != 0:
            raise ServerError(
                f"kafka: the storage could not be formatted:\n{done.stdout}{done.stderr}"
            )

    def _settings(self) -> dict[str, str]:
        plain, controller = (
            f"PLAINTEXT://{_HOST}:{self._port}",
            f"CONTROLLER://{_HOST}:{self._controller_port}",
        )
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            # Static voters: with a dynamic quorum the controller's port is written into the data, and another
            # object on the same folder, with other ports, would never find its quorum.
            "controller.quorum.voters": f"1@{_HOST}:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{plain},{controller}",
            "advertised.listeners": plain,
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.data_dir / "log"),
            "auto.create.topics.enable": "false",
            "message.max.bytes": str(_LARGEST_MESSAGE),
            "replica.fetch.max.bytes": str(_LARGEST_MESSAGE),
            # One node: the defaults of three replicas would leave groups and transactions unable to start.
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            # Four in place of fifty: every partition is files to make now and to recover after a kill.
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            # After a SIGKILL the old registration must run out before the new broker is let in.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            **self._overrides,
        }

    def _ready(self) -> bool:
        # An open port is not enough: the broker accepts connections while it is still fenced and knows no leader.
        # A Metadata request that names a broker says that it is registered and serves. Version 4, no topics.
        body = struct.pack(">hhih", 3, 4, 1, -1) + struct.pack(">i?", 0, False)
        with socket.create_connection((_HOST, self._port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            (size,) = struct.unpack(">i", _read(connection, 4))
            _, _, brokers = struct.unpack(">iii", _read(connection, size)[:12])
        return bool(brokers > 0)


class RedisServer(_Server):
    """Redis, or a server that takes the same options (`binary="valkey-server"`), with its append-only file on."""

    name = "redis"

    def __init__(
        self,
        data_dir: Path,
        *,
        binary: str = "redis-server",
        options: Sequence[str] = (),
        start_timeout_s: float = 20.0,
        stop_timeout_s: float = 15.0,
    ) -> None:
        super().__init__(data_dir, start_timeout_s=start_timeout_s, stop_timeout_s=stop_timeout_s)
        self._binary = binary
        self._options = tuple(options)
        (self._port,) = free_ports(1)

    @property
    def url(self) -> str:
        """What `redis.from_url` wants."""
        return f"redis://{_HOST}:{self._port}/0"

    def _prepare(self) -> Sequence[str]:
        options = [
            "--bind",
            _HOST,
            "--port",
            str(self._port),
            "--dir",
            str(self.data_dir),
            "--daemonize",
            "no",
        ]
        options += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        return [_program(self._binary, "Debian has it as redis-server"), *options, *self._options]

    def _ready(self) -> bool:
        # While it loads its append-only file it answers -LOADING, which is not ready.
        with socket.create_connection((_HOST, self._port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different: they are held together before any is given back."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((_HOST, 0))
        return [int(each.getsockname()[1]) for each in sockets]


def kafka_libs(cache_dir: Path) -> Path:
    """The folder of the broker's jars, fetched with Maven unless this very pom was fetched before."""
    # The pom's hash is the folder's name, so a changed pom is another folder and an old jar can never linger in it.
    libs = cache_dir / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    if libs.is_dir():
        return libs
    maven = _program("mvn", "it fetches the jars of Apache Kafka; Debian has it as maven")
    cache_dir.mkdir(parents=True, exist_ok=True)
    with (cache_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may find the cache empty at once
        if libs.is_dir():
            return libs
        with tempfile.TemporaryDirectory(dir=cache_dir) as scratch:
            fetched = Path(scratch) / "libs"
            command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
            done = _ask([*command, f"-DoutputDirectory={fetched}"], timeout_s=600)
            if done.returncode != 0 or not any(fetched.glob("kafka_*.jar")):
                raise ServerError(
                    f"Maven could not fetch Apache Kafka:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
                )
            # Renamed only when whole: an interrupted download must not look like a filled cache.
            fetched.rename(libs)
    return libs


def _ask(command: Sequence[str], *, timeout_s: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def _program(name: str, why: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise ServerError(f"{name} is not on PATH: {why}")
    return path


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ConnectionError("closed while answering")
        data += chunk
    return data


class _Terminated(Exception):
    """SIGTERM, made an exception so that the servers are stopped on the way out."""


def _on_sigterm(_signum: int, _frame: FrameType | None) -> None:
    raise _Terminated


@contextlib.contextmanager
def both() -> Iterator[dict[str, str]]:
    """Run Kafka and Redis on scratch data, and yield the environment that tells the tests of them."""
    with tempfile.TemporaryDirectory(prefix="tailorline-") as scratch:
        kafka, redis = ApacheKafka(Path(scratch) / "kafka"), RedisServer(Path(scratch) / "redis")
        with redis, kafka:
            yield {KAFKA_ENV: kafka.bootstrap, REDIS_ENV: redis.url}


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    child = subprocess.Popen(command, env={**os.environ, **environment})
    while True:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            continue  # a terminal's Ctrl-C reached the command as well: let it tidy up, then report its code
        except _Terminated:
            child.terminate()  # a SIGTERM came to us alone
            continue
        return code if code >= 0 else 128 - code


def main(arguments: Sequence[str]) -> int:
    """Run both servers around a command, or until somebody ends them."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.servers", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--print-env", action="store_true", help="print the two variables and wait for Ctrl-C"
    )
    parser.add_argument(
        "command", nargs="*", help="after --: what to run with the two variables set"
    )
    options = parser.parse_args(arguments)
    if options.print_env == bool(options.command):
        parser.error("give either --print-env or -- COMMAND")
    signal.signal(signal.SIGTERM, _on_sigterm)
    try:
        with both() as environment:
            if options.command:
                return _run(options.command, environment)
            print(
                "export " + " ".join(f"{key}={value}" for key, value in environment.items()),
                flush=True,
            )
            signal.pause()
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, _Terminated):
        pass  # the asked-for end of --print-env
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
