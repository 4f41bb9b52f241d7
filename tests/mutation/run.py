"""Runs mutants: each in a fork of a process that has the slow imports behind it."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Literal, NamedTuple

from tests.mutation.lua import lua_mutants_of
from tests.mutation.mutants import mutants_of
from tests.mutation.targets import Target

Fate = Literal["killed", "timed out", "survived"]
_WARM = (
    "pytest", "_pytest.assertion.rewrite", "numpy", "scipy.stats", "river",
    "msgspec", "orjson", "structlog", "redis.asyncio", "stamina", "pydantic_settings",
    "prometheus_client", "models.shop", "models.floor", "models.snapshot",
    "schemas.decoding", "streams.settings", "streams.topology",
    "streams.encoding", "streams.store.protocol", "bench.fingerprint",
)  # fmt: skip
_PYTEST = (
    "-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin",
    "-p", "pytest_timeout", "--timeout=0", "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip
_LEAST_S = 6.0


class Tried(NamedTuple):
    """What became of a mutant."""

    name: str
    line: int
    fate: Fate


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module in its changed form."""

    def __init__(self, module: str, path: Path, tree: ast.Module) -> None:
        self._module, self._path, self._tree = module, path, tree

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(self._path))

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self._path)
        exec(compile(self._tree, str(self._path), "exec"), module.__dict__)


def warm_up() -> None:
    """Import what no mutant touches."""
    for name in _WARM:
        importlib.import_module(name)


def try_all(target: Target, only: str) -> Iterator[Tried]:
    """Try all mutants of a target whose name contains ``only``."""
    source = Path(target.path).read_text("utf-8")
    started = time.monotonic()
    if _in_fork(lambda: None, target.tests, 300.0) != "survived":
        raise SystemExit(f"The tests of {target.path} fail without any change: mend them first.")
    limit_s = max(_LEAST_S, 4 * (time.monotonic() - started))
    for name, line, change in _prepared(target, source):
        if only in name:
            yield Tried(name, line, _in_fork(change, target.tests, limit_s))


def _prepared(target: Target, source: str) -> Iterator[tuple[str, int, Callable[[], None]]]:
    path = Path(target.path)
    if path.suffix == ".lua":
        for lua in lua_mutants_of(source):
            yield lua.name, lua.line, _lua_change(path.name, lua.text)
    else:
        module = ".".join(path.with_suffix("").parts)
        if module in sys.modules:
            raise SystemExit(f"{module} is imported before it is changed: mend _WARM.")
        for own in mutants_of(source, target.functions):
            finder = _Mutated(module, path.resolve(), own.tree)
            yield own.name, own.line, partial(sys.meta_path.insert, 0, finder)


def _lua_change(name: str, text: str) -> Callable[[], None]:
    def change() -> None:
        read = Path.read_text

        def changed(self: Path, *args: str | None, **kwargs: str | None) -> str:
            return text if self.name == name else read(self, *args, **kwargs)

        Path.read_text = changed  # type: ignore[method-assign]

    return change


def _in_fork(change: Callable[[], None], tests: Sequence[str], limit_s: float) -> Fate:
    child = os.fork()
    if child == 0:
        _run_tests(change, tests)
    ends = time.monotonic() + limit_s
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if os.waitstatus_to_exitcode(status) == 0 else "killed"
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timed out"


def _run_tests(change: Callable[[], None], tests: Sequence[str]) -> None:
    code = 1
    try:
        # Hypothesis' plugin alone takes two seconds to load, and none of these tests needs it.
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        os.setsid()  # so that a server it started ends with it
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        change()
        import pytest

        code = int(pytest.main([*_PYTEST, *tests]))
    finally:
        os._exit(code)
