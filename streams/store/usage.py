"""What a store really holds, family by family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio as aredis
from redis.exceptions import RedisError

from streams.store.bounds import FAMILIES, Family, family_of
from streams.store.protocol import StoreError
from streams.store.redis import RedisStore

_PAGE = 500
_WEIGHED = 2_000
"""So many keys of a family are weighed; the rest is taken to be as they are. SCAN goes through a
store in the order of hashes, so they are as good as drawn by chance."""
_LENGTHS = {"hash": "HLEN", "list": "LLEN", "set": "SCARD"}


@dataclass(slots=True)
class Usage:
    """What there is of a family."""

    keys: int = 0
    units: float = 0.0
    """Where the server cannot count them: reckoned from the bytes."""
    weighed: int = 0
    weighed_bytes: int = 0

    @property
    def size(self) -> float:
        """The bytes of all its keys."""
        return self.weighed_bytes * self.keys / self.weighed if self.weighed else 0.0


async def usage(
    store: RedisStore, prefix: str, seen: Callable[[int, int], None] = lambda *_: None
) -> tuple[dict[str, Usage], list[str]]:
    """Look at all keys of a prefix; return what there is by family, and some keys of none.

    ``seen`` is told how many keys of the server were passed, and of how many, for a progress bar.
    Raises `StoreError` if the server fails on the way.
    """
    try:
        return await _usage(store.client, prefix, seen)
    except (RedisError, OSError) as error:
        raise StoreError(f"Redis: {error}. See `tailorline doctor`.") from error


async def _usage(
    client: aredis.Redis, prefix: str, seen: Callable[[int, int], None]
) -> tuple[dict[str, Usage], list[str]]:
    found = {family.key: Usage() for family in FAMILIES}
    strangers: list[str] = []
    calls: Any = client
    cursor, passed, keys = 0, 0, int(await calls.dbsize())
    while True:
        cursor, raw = await calls.scan(cursor, match=f"{_escaped(prefix)}:*", count=_PAGE)
        owned: list[tuple[str, Family]] = []
        for name in (key.decode() for key in raw):
            families = family_of(name.removeprefix(f"{prefix}:"))
            if families:
                owned.append((name, families[0]))
            elif len(strangers) < _PAGE:
                strangers.append(name)
        await _add(client, owned, found)
        passed += _PAGE
        seen(min(passed, keys), keys)
        if not cursor:
            break
    for family in FAMILIES:
        own = found[family.key]
        if not family.countable:
            own.units = own.size / family.unit_bytes
    return found, sorted(strangers)


async def _add(
    client: aredis.Redis, owned: Sequence[tuple[str, Family]], found: dict[str, Usage]
) -> None:
    pipe: Any = client.pipeline(transaction=False)
    weighing = []
    for name, family in owned:
        if family.kind != "string":
            pipe.execute_command(_LENGTHS[family.kind], name)
        own = found[family.key]
        own.keys += 1
        weighing.append(own.weighed < _WEIGHED)
        if weighing[-1]:
            own.weighed += 1
            pipe.memory_usage(name)
    answers = iter(await pipe.execute() if owned else [])
    for (_, family), weighed in zip(owned, weighing, strict=True):
        own = found[family.key]
        length = next(answers) if family.kind != "string" else 1
        own.units += 1 if family.whole else length / family.fields
        if weighed:
            own.weighed_bytes += next(answers) or 0


def _escaped(text: str) -> str:
    """What SCAN takes for the text itself, and not for a pattern."""
    return "".join(f"\\{each}" if each in "\\*?[]" else each for each in text)
