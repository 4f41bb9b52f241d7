"""A state's fingerprint: equal for equal states, whatever the order of sets or the object ids."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

SKIPPED = {"view", "touched"}
"""Shared between shards, or only noting what is to be published: nothing rests on them."""

_PLAIN = frozenset({int, float, str, bytes, bool, type(None)})
"""Most of what there is: known by its exact type, for a state has a hundred thousand of them."""

_PLAIN_TOO = (int, float, str, bytes)
_LISTS = (list, tuple)


def fingerprint(value: Any) -> Any:
    """Return something that is equal for equal states, and only for these."""
    kind: Any = type(value)
    if kind in _PLAIN or isinstance(value, _PLAIN_TOO):
        return value
    if isinstance(value, dict):
        return [(repr(key), _of(own)) for key, own in value.items()]
    if isinstance(value, _LISTS):
        return [own if type(own) in _PLAIN else fingerprint(own) for own in value]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if isinstance(value, np.ndarray | np.generic):
        return value.shape, value.tobytes()  # by its bytes: no nan equals another
    if hasattr(value, "items") and callable(value.items):
        return sorted((repr(key), _of(own)) for key, own in dict(value.items()).items())
    if hasattr(value, "__iter__"):
        return [_of(own) for own in value]
    if "__getstate__" in vars(kind):  # what a copy needs is the state; the rest is made again
        return fingerprint(value.__getstate__())
    return _attributes(value, kind)


def _attributes(value: Any, kind: type) -> Any:
    names = _slots(kind)
    if own_names := getattr(value, "__dict__", None):
        names = tuple(sorted({*names, *_told(own_names)}))
    if not names:
        return kind.__name__
    return [(name, _of(getattr(value, name, None))) for name in names]


def _of(value: Any) -> Any:
    return value if type(value) in _PLAIN else fingerprint(value)


@cache
def _slots(kind: type) -> tuple[str, ...]:
    return tuple(
        sorted(_told(name for own in kind.__mro__ for name in getattr(own, "__slots__", ())))
    )


def _told(names: Iterable[str]) -> set[str]:
    return {name for name in names if name not in SKIPPED and not name.startswith("__")}
