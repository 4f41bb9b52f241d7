"""The store on Redis or Valkey: all keys of a shard in one cluster slot, one script per step."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.resources import files
from itertools import islice
from typing import Any, TypeVar, cast

import msgspec
import redis.asyncio as aredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import WatchError

from models.view import ViewChange
from streams.settings import StoreSettings
from streams.store.packing import (
    numbers,
    packed,
    pairs,
    pairs_of,
    pieces_of,
    watermarks_of,
    where,
)
from streams.store.protocol import (
    Applied,
    Claim,
    Entry,
    ServerFacts,
    ShardFacts,
    StoreError,
    ViewGone,
    Wanted,
    Work,
)
from streams.store.retrying import retrying
from streams.topology import ShardId

VIEW_HISTORY = 200
_RESETS = 5
_AT_ONCE = 2_000
"""So many are read by one script: the store does nothing else meanwhile."""
_STATUS = {1: "applied", 0: "already", -1: "stale", -2: "rewound", -3: "gone"}
_unpack = msgspec.msgpack.Decoder().decode
_pack = msgspec.msgpack.Encoder().encode
T = TypeVar("T")


class RedisStore:
    """A store on one Redis or Valkey server.

    Every call is tried anew with a growing pause while the server does not answer, for at most
    ``retry_s`` seconds; then a `StoreError` says so. Trying anew is safe: a script that had run
    answers ``already``. ``failed`` is told the name of each call that has to be tried anew.
    """

    def __init__(
        self, settings: StoreSettings, failed: Callable[[str], None] | None = None
    ) -> None:
        self._failed = failed or (lambda _: None)
        self._prefix = settings.prefix
        self._ttl = settings.row_ttl_s
        self._keep_history = settings.keep_history
        # An audit asks for every version that a journal names.
        self._view_history = 2**31 - 1 if settings.keep_history else VIEW_HISTORY
        self._client = aredis.Redis.from_url(
            settings.url.get_secret_value(),
            socket_timeout=settings.timeout_s,
            socket_connect_timeout=settings.timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
        self._scripts: dict[str, Any] = {}
        self._retry_s = settings.retry_s

    @property
    def client(self) -> aredis.Redis:
        """The connection itself, for what only Redis can tell (`doctor`)."""
        return self._client

    async def claim(self, shard: ShardId, held: int | None = None) -> Claim:
        meta, journal, quarantine = await self._run(
            "claim",
            self._keys(shard, "meta", "journal", "quarantine"),
            ["" if held is None else held],
        )
        await self._call(self._client.sadd, f"{self._prefix}:shards", str(shard))
        fields = pairs(meta)
        return Claim(
            int(fields["epoch"]),
            watermarks_of(fields),
            tuple(Entry.decode(line.decode()) for line in journal),
            int(fields.get("seq", 0)),
            {where(name): why.decode() for name, why in pairs(quarantine).items()},
        )

    async def apply(self, shard: ShardId, epoch: int, work: Work) -> Applied:
        kept = ["history"] if self._keep_history else []
        status, first_output = await self._run(
            "apply",
            self._keys(shard, "meta", "journal", "outbox", "tally", *kept),
            [epoch, self._base(shard), self._ttl, packed(work), work.number, *work.outputs],
        )
        return Applied(cast("Any", _STATUS[status]), first_output)

    async def outbox(self, shard: ShardId) -> tuple[int, list[bytes]]:
        meta, outbox = self._keys(shard, "meta", "outbox")
        head = await self._call(self._client.hget, meta, "out_head")
        return int(head or 0), await self._call(self._client.lrange, outbox, 0, -1)

    async def confirm(self, shard: ShardId, epoch: int, upto: int) -> None:
        await self._run("confirm", self._keys(shard, "meta", "outbox"), [epoch, upto])

    async def save_snapshot(
        self, shard: ShardId, epoch: int, seq: int, watermarks: Mapping[str, int], blob: bytes
    ) -> bool:
        flat = [part for pair in watermarks.items() for part in pair]
        keys = self._keys(shard, "meta", "snapshot", "journal", "quarantine")
        return bool(await self._run("snapshot", keys, [epoch, seq, blob, *flat]))

    async def quarantine(
        self, shard: ShardId, epoch: int, topic: str, offset: int, why: str
    ) -> bool:
        keys = self._keys(shard, "meta", "quarantine")
        return bool(await self._run("quarantine", keys, [epoch, topic, offset, why]))

    async def layout(self, found: Mapping[str, str]) -> dict[str, str]:
        key = f"{self._prefix}:layout"

        async def note() -> dict[bytes, bytes]:
            async with self._client.pipeline(transaction=True) as pipe:
                for name, value in found.items():
                    pipe.hsetnx(key, name, value)
                pipe.hgetall(key)
                return cast("dict[bytes, bytes]", (await pipe.execute())[-1])

        noted = await self._call(note)
        return {name.decode(): value.decode() for name, value in noted.items()}

    async def forget_layout(self) -> None:
        await self._call(self._client.delete, f"{self._prefix}:layout")

    async def history(self, shard: ShardId) -> list[Entry]:
        lines = await self._call(self._client.lrange, self._base(shard) + "history", 0, -1)
        return [Entry.decode(line.decode()) for line in lines]

    async def load_snapshot(self, shard: ShardId) -> bytes | None:
        return cast(
            "bytes | None", await self._call(self._client.get, self._base(shard) + "snapshot")
        )

    async def counts(self, shard: ShardId, key: str) -> dict[str, float]:
        return numbers(await self._call(self._client.hgetall, self._base(shard) + key))

    async def read(self, shard: ShardId, wanted: Sequence[Wanted]) -> list[dict[str, bytes]]:
        found: list[dict[str, bytes]] = [{} for _ in wanted]
        for piece in pieces_of(wanted, _AT_ONCE):
            asked = _pack(
                [(key, fields if fields is not None else False) for _, key, fields in piece]
            )
            answers = await self._run("read", self._keys(shard, "meta"), [self._base(shard), asked])
            for (place, _, fields), answer in zip(piece, answers, strict=True):
                if fields is None:
                    found[place].update(pairs(answer))
                else:
                    known = zip(fields, answer, strict=True)
                    found[place].update((name, value) for name, value in known if value is not None)
        return found

    async def dirty(
        self, shard: ShardId, parts: Sequence[int], limit: int
    ) -> dict[int, dict[str, int]]:
        keys = self._keys(shard, *(f"dirty:{part}" for part in parts))
        found = await self._run("dirty", keys, [limit])
        return {
            part: {item: int(mark) for item, mark in islice(pairs(flat).items(), limit)}
            for part, flat in zip(parts, found, strict=True)
        }

    async def clean(self, shard: ShardId, marks: Mapping[int, Mapping[str, int]]) -> None:
        marked = {part: own for part, own in marks.items() if own}
        if marked:
            keys = self._keys(shard, *(f"dirty:{part}" for part in marked))
            # As text, as they are there.
            flat = [
                [text for item, at in own.items() for text in (item, str(at))]
                for own in marked.values()
            ]
            await self._run("clean", keys, [_pack(flat)])

    async def publish_view(self, part: int, rows: Mapping[str, bytes | None]) -> int:
        flat = [value or b"" for pair in rows.items() for value in pair]
        return int(await self._run("publish_view", self._view(part), [self._view_history, *flat]))

    async def view_since(self, part: int, version: int) -> ViewChange:
        current, whole, *flat = await self._run("view_since", self._view(part), [version])
        return ViewChange(int(current), pairs(flat), bool(whole))

    async def view_at(self, part: int, version: int) -> dict[str, bytes]:
        current, flat, undo = await self._run("view_at", self._view(part), [])
        rows: dict[str, bytes | None] = dict(pairs(flat))
        while version != current:
            if version > current or not undo:
                raise ViewGone(f"Version {version} of view part {part} is not kept.")
            # Lua packs byte strings as text; the blobs are JSON, so text they are.
            current, olds = _unpack(undo.pop())
            rows.update(
                (olds[i], olds[i + 1].encode() if olds[i + 1] else None)
                for i in range(0, len(olds), 2)
            )
        return {item: blob for item, blob in rows.items() if blob is not None}

    async def view_rows(self, part: int, items: Sequence[str]) -> dict[str, bytes]:
        if not items:
            return {}
        values = await self._call(self._client.hmget, self._view(part)[0], list(items))
        return {item: blob for item, blob in zip(items, values, strict=True) if blob is not None}

    async def tally(self, shard: ShardId) -> dict[str, int]:
        counts = pairs_of(await self._call(self._client.hgetall, self._base(shard) + "tally"))
        return {name: int(value) for name, value in counts.items()}

    async def shards(self) -> list[ShardId]:
        names = await self._call(self._client.smembers, f"{self._prefix}:shards")
        found = []
        for name in names:
            flow, _, number = name.decode().rpartition("-")
            found.append(ShardId(cast("Any", flow), int(number)))
        return sorted(found)

    async def watermarks(self, shard: ShardId) -> dict[str, int]:
        return watermarks_of(
            pairs_of(await self._call(self._client.hgetall, self._base(shard) + "meta"))
        )

    async def describe(self, shard: ShardId) -> ShardFacts:
        meta, journal, outbox, snapshot = self._keys(shard, "meta", "journal", "outbox", "snapshot")

        async def read() -> list[Any]:
            pipe = self._client.pipeline(transaction=True)
            pipe.hgetall(meta)
            pipe.lrange(journal, 0, -1)
            pipe.llen(outbox)
            pipe.strlen(snapshot)
            return await pipe.execute()

        raw, lines, waiting, size = await self._call(read)
        return ShardFacts(
            int(raw.get(b"epoch", 0)), watermarks_of(pairs_of(raw)),
            tuple(Entry.decode(line.decode()) for line in lines), int(waiting), int(size),
        )  # fmt: skip

    async def reset(self, shard: ShardId) -> int:
        meta = self._base(shard) + "meta"

        async def fence_and_delete() -> int | None:
            if not await self._client.exists(meta):
                return 0
            # From the new epoch on nobody can write; whoever takes the shard over changes it again.
            epoch = await self._client.hincrby(meta, "epoch", 1)
            names = [name async for name in self._client.scan_iter(self._base(shard) + "*", 1000)]
            async with self._client.pipeline(transaction=True) as pipe:
                await pipe.watch(meta)
                if int(await pipe.hget(meta, "epoch") or 0) != epoch:
                    return None
                pipe.multi()  # type: ignore[no-untyped-call]
                for first in range(0, len(names), 1000):
                    pipe.unlink(*names[first : first + 1000])
                pipe.hset(meta, "epoch", epoch + 1)
                try:
                    await pipe.execute()
                except WatchError:
                    return None
            return len(names)

        for _ in range(_RESETS):
            gone = await self._call(fence_and_delete)
            if gone is not None:
                return cast("int", gone)
        raise StoreError(
            f"Workers keep taking shard {shard} over; nothing was deleted. Stop them, then try again."
        )

    async def server(self) -> ServerFacts:
        """Ask the server about itself, for `doctor`."""
        info = await self._call(self._client.info, "everything")
        before = time.time()
        seconds, microseconds = await self._call(self._client.time)
        after = time.time()
        valkey = info.get("valkey_version", "")
        return ServerFacts(
            name="Valkey" if valkey else "Redis",
            version=str(valkey or info.get("redis_version", "")),
            policy=str(info.get("maxmemory_policy", "")),
            memory_limit=int(info.get("maxmemory", 0)),
            aof=bool(info.get("aof_enabled")),
            fsync=await self._config("appendfsync"),
            save=await self._config("save"),
            aof_good=info.get("aof_last_write_status", "ok") == "ok",
            msgpack=await self._refusal("return cmsgpack.unpack(cmsgpack.pack(1))"),
            ahead_s=seconds + microseconds / 1e6 - (before + after) / 2,
            uncertain_s=(after - before) / 2,
        )

    async def _config(self, name: str) -> str:
        try:
            found = await self._call(self._client.config_get, name)
        except StoreError:  # managed servers forbid it
            return ""
        return str(found.get(name, ""))

    async def _refusal(self, script: str) -> str:
        try:
            await self._call(self._client.eval, script, 0)
        except StoreError as error:
            return str(error)
        return ""

    async def close(self) -> None:
        await self._client.aclose()

    # -- inside -----------------------------------------------------------------------------------

    def _base(self, shard: ShardId) -> str:
        return f"{self._prefix}:{{{shard}}}:"

    def _keys(self, shard: ShardId, *names: str) -> list[str]:
        base = self._base(shard)
        return [base + name for name in names]

    def _view(self, part: int) -> list[str]:
        base = f"{self._prefix}:{{view-{part}}}:"
        return [base + "rows", base + "version", base + "undo"]

    async def _run(self, name: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        script = self._scripts.get(name)
        if script is None:
            source = files("streams.store").joinpath("lua", f"{name}.lua").read_text("utf-8")
            script = self._scripts[name] = self._client.register_script(source)
        return await self._retrying(name, lambda: script(keys=list(keys), args=list(args)))

    async def _call(self, call: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self._retrying(call.__name__, lambda: call(*args, **kwargs))

    async def _retrying(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        return await retrying(call, self._retry_s, lambda: self._failed(name))
