"""Logs: one JSON object a line, or coloured lines for people."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog

from streams.settings import Settings


def configure(settings: Settings) -> None:
    """Set up structlog and the standard library's logging to the same output (stderr)."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.log_format == "json":
        final: list[Any] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(
                lambda value, **_: orjson.dumps(value, default=str).decode()
            ),
        ]
    else:
        final = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    level = getattr(logging, settings.log_level.upper())
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Faust tells a lot about what it does not do here; its warnings are enough.
    root.setLevel(max(level, logging.WARNING))
