"""The text of a cell as a number or a moment. What does not fit raises ``ValueError``."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Clocked = Callable[[str], datetime]


def whole(text: str) -> int:
    """Return a whole number; ``6.0`` is one, as some exports write it."""
    try:
        return int(text)
    except ValueError:
        number = real(text)
        if not number.is_integer():
            raise ValueError(f"{text!r} is not a whole number") from None
        return int(number)


def real(text: str) -> float:
    """Return a finite number."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a finite number")
    return number


def reading(text: str) -> float | None:
    """Return a measured value, or nothing for an empty cell or one that says NaN."""
    return None if text in {"", "NaN", "nan", "NULL", "null"} else real(text)


# Rows that follow each other often carry the same minute, and reading one is slow.
@lru_cache(maxsize=256)
def utc(text: str) -> datetime:
    """Return an ISO 8601 moment; one without an offset is taken as UTC."""
    return _in_zone(datetime.fromisoformat(text), UTC)


def unix(text: str) -> datetime:
    """Return the moment of a number of seconds since 1970."""
    return _from_seconds(real(text))


def clocked(time_format: str, zone: str = "UTC") -> Clocked:
    """Return the function that reads a cell as a moment.

    ``time_format`` is ``iso``, ``unix``, ``unix_ms`` or a pattern of ``strptime``; ``zone`` is
    the IANA time zone of texts that name none. Raises ``ValueError`` if the zone is unknown.
    """
    if time_format == "unix":
        return unix
    if time_format == "unix_ms":
        return lambda text: _from_seconds(real(text) / 1000.0)
    try:
        local = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"unknown time zone {zone!r}") from error
    if time_format == "iso":
        return lambda text: _in_zone(datetime.fromisoformat(text), local)

    @lru_cache(maxsize=256)
    def by_pattern(text: str) -> datetime:
        return _in_zone(datetime.strptime(text, time_format), local)  # noqa: DTZ007

    return by_pattern


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment in UTC; old local times have offsets that RFC 3339 cannot write."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        return aware if aware.tzinfo is UTC else aware.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{moment} is no moment") from error


def _from_seconds(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{seconds} s is no moment") from error
