"""A state's fingerprint: equal for equal states, whatever the order of sets or the object ids."""

from typing import Any

SKIPPED = {"view", "touched", "_copies"}
"""Shared between shards, only noting what is to be published, or made again: nothing rests on them."""


def fingerprint(value: Any) -> Any:
    """Return something that is equal for equal states, and only for these."""
    if isinstance(value, int | float | str | bytes | bool | None):
        return value
    if isinstance(value, dict):
        return [(repr(key), fingerprint(own)) for key, own in value.items()]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if hasattr(value, "items") and callable(value.items):
        return sorted((repr(key), fingerprint(own)) for key, own in dict(value.items()).items())
    if hasattr(value, "__iter__"):
        return [fingerprint(own) for own in value]
    names = sorted(
        {*getattr(value, "__dict__", {})}
        | {name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())}
    )
    if not names:
        return type(value).__name__
    return [
        (name, fingerprint(getattr(value, name, None)))
        for name in names
        if name not in SKIPPED and not name.startswith("__")
    ]
