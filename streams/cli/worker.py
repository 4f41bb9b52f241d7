"""``tailorline worker``: one worker process."""

from __future__ import annotations

import re

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from streams import logs
from streams.cli.console import fail
from streams.settings import Settings


def worker() -> None:
    """Run one worker until SIGTERM or SIGINT. Everything is set by environment variables.

    Exit codes: 0 stopped in order, 2 wrong settings, 70 failed (see the log), 75 stopped hard after
    the shutdown deadline.
    """
    settings = load_settings()
    try:
        settings.signing_key()
    except ValueError as error:
        fail(str(error), code=2)
    logs.configure(settings)
    from streams.metrics import Metrics
    from streams.runtime.app import run
    from streams.store.redis import RedisStore

    def store_of(metrics: Metrics) -> RedisStore:
        return RedisStore(settings.store, lambda op: metrics.store_errors.labels(op).inc())

    raise typer.Exit(run(settings, store_of))


def load_settings() -> Settings:
    """Return the settings; on wrong ones say all that is wrong, and exit with 2."""
    settings, wrong = tried_settings()
    if settings is None:
        fail("Wrong settings:\n" + "\n".join(f"  {line}" for line in wrong), code=2)
    return settings


def tried_settings() -> tuple[Settings | None, list[str]]:
    """Return the settings, or None and all that is wrong, each with the variable's name."""
    try:
        return Settings(), []
    except ValidationError as error:
        return None, [
            f"TAILORLINE_{'__'.join(str(part).upper() for part in problem['loc'])}: "
            f"{problem['msg']}"
            for problem in error.errors()
        ]
    except (
        SettingsError
    ) as error:  # a section given whole, as JSON that is none: others are not read
        named = re.search(r'field "(\w+)"', str(error))
        name = f"TAILORLINE_{named[1].upper()}" if named else str(error)
        return None, [f"{name}: is no JSON: {error.__cause__}"]
