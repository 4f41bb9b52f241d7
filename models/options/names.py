"""Names of option values: unambiguous ones for counting, readable ones for people.

An option, or a value that a customer typed, may hold any character, the separator of names too. So
both are escaped when they are joined; ``option=value`` is for the eye only.
"""

from __future__ import annotations

from collections.abc import Mapping

from models.effects import SEPARATOR

_ESCAPE = "\x1e"
_SAFE = {_ESCAPE: _ESCAPE + "e", SEPARATOR: _ESCAPE + "s"}


def name_of(option: str, value: str) -> str:
    """Return the name under which a value of an option is counted."""
    return f"{_escaped(option)}{SEPARATOR}{_escaped(value)}"


def names_of(options: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of a configuration, sorted: equal configurations have equal names."""
    return tuple(sorted(name_of(option, value) for option, value in options.items()))


def parts_of(name: str) -> tuple[str, ...]:
    """Return option and value of a name; of a pair's name both options with their values."""
    parts = name.split(SEPARATOR)
    return tuple(map(_unescaped, parts)) if _ESCAPE in name else tuple(parts)


def label(option: str, value: str) -> str:
    """Return a value of an option for people."""
    return f"{option}={value}"


def _escaped(text: str) -> str:
    for char, safe in _SAFE.items():  # the escape itself first
        text = text.replace(char, safe)
    return text


def _unescaped(text: str) -> str:
    for char, safe in reversed(_SAFE.items()):
        text = text.replace(safe, char)
    return text
