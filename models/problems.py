"""What is wrong with a document, all of it at once, each with the path to it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
Path = tuple[str | int, ...]
Reader = Callable[[Any, Path], Any]


class Problem(NamedTuple):
    """One thing that is wrong."""

    path: Path
    """Keys and places (from 0) that lead to it; empty: the document itself."""
    message: str

    def __str__(self) -> str:
        """Say it, as ``campaigns[2].ends: before starts``."""
        return f"{self.where}: {self.message}" if self.path else self.message

    @property
    def where(self) -> str:
        """The path as people write it."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return "".join(parts).removeprefix(".")


class Problems:
    """Reads plain data, and notes what is wrong instead of stopping at the first.

    A method that cannot return what is wanted notes why, and returns None.
    """

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def note(self, path: Path, message: str) -> None:
        """Note that something is wrong."""
        self.found.append(Problem(path, message))

    def section(self, value: object, path: Path, readers: Mapping[str, Reader]) -> dict[str, Any]:
        """Return what a mapping says, read by the readers of its keys; other keys are wrong.

        A section without anything in it says nothing, and is right.
        """
        said: dict[str, Any] = {}
        for key, own in self._entries(value, path):
            reader = readers.get(key)
            if reader is None:
                self.unknown(key, readers, (*path, key), "key")
                continue
            read = reader(own, (*path, key))
            if read is not None:
                said[key] = read
        return said

    def named(
        self, value: object, path: Path, reader: Reader, known: Iterable[str] | None, what: str
    ) -> dict[str, Any]:
        """Return a mapping from names, ``known`` ones if these are given, to what is read."""
        names = None if known is None else tuple(known)
        said: dict[str, Any] = {}
        for key, own in self._entries(value, path):
            if names is not None and key not in names:
                self.unknown(key, names, (*path, key), what)
                continue
            if names is None and self.name(key, (*path, key)) is None:
                continue
            read = reader(own, (*path, key))
            if read is not None:
                said[key] = read
        return said

    def listed(self, value: object, path: Path, reader: Reader) -> tuple[Any, ...]:
        """Return what a list holds, without the entries that are wrong."""
        if value is None:
            return ()
        if not isinstance(value, list):
            self.note(path, f"a list is expected, not {told(value)}")
            return ()
        read = [reader(own, (*path, place)) for place, own in enumerate(value)]
        return tuple(own for own in read if own is not None)

    def distinct(self, value: object, path: Path, reader: Reader) -> tuple[Any, ...]:
        """Return what a list holds; what is in it twice is wrong."""
        seen: set[Any] = set()

        def once(own: object, where: Path) -> Any:
            read = reader(own, where)
            if read is not None and read in seen:
                self.note(where, f"{read!r} is in the list twice")
            seen.add(read)
            return read

        return self.listed(value, path, once)

    def name(self, value: object, path: Path) -> str | None:
        """Return the name of an article or a category."""
        if not isinstance(value, str):
            hint = "; put it in quotes" if isinstance(value, int | float | date) else ""
            self.note(path, f"text is expected, not {told(value)}{hint}")
            return None
        if not 1 <= len(value) <= 64 or not value.isprintable():
            self.note(path, f"1 to 64 printable characters are expected, not {told(value)}")
            return None
        return value

    def choice(self, value: object, path: Path, known: Iterable[str], what: str) -> str | None:
        """Return a name out of a closed list."""
        names = tuple(known)
        if isinstance(value, str) and value in names:
            return value
        if isinstance(value, str):
            self.unknown(value, names, path, what)
        else:
            self.note(path, f"one of {', '.join(names)} is expected, not {told(value)}")
        return None

    def flag(self, value: object, path: Path) -> bool | None:
        """Return true or false."""
        if isinstance(value, bool):
            return value
        self.note(path, f"true or false is expected, not {told(value)}")
        return None

    def number(self, value: object, path: Path, low: float, high: float, what: str) -> float | None:
        """Return a number from ``low`` to ``high``; ``what`` says what it is ("a share")."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.note(path, f"{what} is expected, not {told(value)}")
            return None
        if not low <= value <= high:  # nor is anything that is no number between two numbers
            self.note(
                path, f"{what} from {low:,.12g} to {high:,.12g} is expected, not {figure(value)}"
            )
            return None
        return float(value)

    def whole(self, value: object, path: Path, low: int, high: int) -> int | None:
        """Return a whole number from ``low`` to ``high``."""
        if not isinstance(value, int) or isinstance(value, bool):
            self.note(path, f"a whole number is expected, not {told(value)}")
            return None
        if not low <= value <= high:
            self.note(
                path, f"a whole number from {low:,} to {high:,} is expected, not {figure(value)}"
            )
            return None
        return value

    def moment(self, value: object, path: Path) -> datetime | None:
        """Return a moment: RFC 3339 with a time zone."""
        read = value
        if isinstance(value, str):
            try:
                read = datetime.fromisoformat(value)
            except ValueError:
                read = None
        if not isinstance(read, datetime):
            hint = "say from which moment on" if isinstance(value, date) else _LIKE
            self.note(path, f"a moment is expected, not {told(value)}; {hint}")
            return None
        if read.utcoffset() is None:
            self.note(path, f"has no time zone; {_LIKE}")
            return None
        if read.year not in _YEARS:
            self.note(path, f"the year {read.year} can hardly be meant")
            return None
        return read

    def unknown(self, name: str, known: Iterable[str], path: Path, what: str) -> None:
        """Note a name that is none of the known ones, with the one that may be meant."""
        names = tuple(known)
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
        self.note(path, f"is no known {what}; {hint}")

    def _entries(self, value: object, path: Path) -> Iterable[tuple[str, Any]]:
        if value is None:
            return
        if not isinstance(value, dict):
            self.note(path, f"keys with values are expected, not {told(value)}")
            return
        for key, own in value.items():
            if isinstance(key, str):
                yield key, own
            else:
                self.note(path, f"a key is {told(key)}, not text; put it in quotes")


_YEARS = range(2000, 2200)
_LIKE = "write it like 2026-03-01T00:00:00+01:00"


def fitting(rules: T, encoded: bytes, most: int, advice: str) -> T | tuple[Problem, ...]:
    """Return rules that take no more bytes than ``most`` as they are stored, or that they do."""
    size = len(encoded)
    if size <= most:
        return rules
    message = f"The document takes {size:,} bytes as it is stored, and {most:,} may be: {advice}."
    return (Problem((), message),)


def figure(value: float) -> str:
    """Return a number as text; Python refuses that of whole numbers with thousands of digits."""
    return "(very large)" if isinstance(value, int) and abs(value) > 10**30 else str(value)


def told(value: object) -> str:
    """Return what a value is, in words, as whoever wrote it knows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, int | float):
        return f"the number {figure(value)}"
    if isinstance(value, datetime):
        return f"the moment {value.isoformat()}"
    if isinstance(value, date):
        return f"the day {value.isoformat()}"
    return "a list" if isinstance(value, list) else "keys with values"
