"""The marks of dead letters on Redis or Valkey: one small hash a letter, one script a change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import redis.asyncio as aredis

from streams.dlq.marks import CLAIM_S, Claim, Mark
from streams.store.retrying import retrying


class RedisMarks:
    """Marks under ``<prefix>:dlq:<id>``, on the connection of a store.

    The claims' times are by the server's clock, for operators sit at different machines.
    """

    def __init__(self, client: aredis.Redis, prefix: str, retry_s: float) -> None:
        self._client = client
        self._prefix = prefix
        self._retry_s = retry_s

    async def read(self, ids: Sequence[str]) -> list[Mark]:
        async def call() -> list[Any]:
            pipe = self._client.pipeline(transaction=False)
            for name in ids:
                pipe.hgetall(self._key(name))
            return await pipe.execute()

        now = time.time()
        return [_mark(row, now) for row in await retrying(call, self._retry_s)] if ids else []

    async def claim(self, ids: Sequence[str], token: str, *, again: bool) -> list[Claim]:
        arguments = [(name, [token, int(again), CLAIM_S]) for name in ids]
        return [_claim(answer) for answer in await self._run("claim", arguments)]

    async def confirm(
        self, letters: Sequence[tuple[str, int]], token: str, ttl_s: int
    ) -> list[bool]:
        arguments = [(name, [token, replays, ttl_s]) for name, replays in letters]
        return [bool(answer) for answer in await self._run("confirm", arguments)]

    async def release(self, ids: Sequence[str], token: str) -> None:
        await self._run("release", [(name, [token]) for name in ids])

    async def discard(self, ids: Sequence[str], because: str, ttl_s: int) -> list[Claim]:
        arguments: list[tuple[str, list[Any]]] = [(name, [because, ttl_s]) for name in ids]
        return [_claim(answer) for answer in await self._run("discard", arguments)]

    def _key(self, name: str) -> str:
        return f"{self._prefix}:dlq:{name}"

    async def _run(self, script: str, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Run a script for each letter, all in one round trip; each is atomic by itself."""
        if not calls:
            return []
        source = files("streams.store").joinpath("lua", f"dlq_{script}.lua").read_text("utf-8")

        async def call() -> list[Any]:
            # Loaded each time: the server may have been restarted, and a pipeline cannot try EVAL.
            sha = await self._client.script_load(source)
            pipe = self._client.pipeline(transaction=False)
            for name, arguments in calls:
                pipe.evalsha(sha, 1, self._key(name), *arguments)
            return await pipe.execute()

        return await retrying(call, self._retry_s)


def _mark(row: dict[bytes, bytes], now: float) -> Mark:
    state = row.get(b"state", b"").decode()
    return Mark(
        state if state in {"replayed", "discarded"} else None,  # type: ignore[arg-type]
        float(row.get(b"at", 0)),
        int(row.get(b"replays", 0)),
        row.get(b"because", b"").decode(),
        max(0, int(float(row.get(b"until", 0)) - now)),
    )


def _claim(answer: Sequence[Any]) -> Claim:
    status, replays, left_s = answer
    return Claim(status.decode(), int(replays), int(left_s))
