"""The store's server: whether it keeps what it is given."""

from __future__ import annotations

from streams.doctor.events import clock_finding
from streams.doctor.finding import Finding
from streams.store.protocol import ServerFacts

_OLDEST = {"Redis": 7, "Valkey": 8}


def server_findings(server: ServerFacts, bound: float = 0.0) -> list[Finding]:
    """Check version, persistence, memory and scripts of the store's server.

    ``bound``: the bytes that we may come to fill.
    """
    named = f"{server.name} {server.version}"
    return [
        Finding("ok", "store", named)
        if _major(server.version) >= _OLDEST[server.name]
        else Finding("wrong", "store", f"{named} is too old", "Redis 7 or Valkey 8, or newer"),
        _persistence(server),
        _memory(server, bound),
        Finding(
            "wrong", "store scripts", f"cannot unpack what workers send: {server.msgpack}",
            "let this user run EVAL and EVALSHA; Lua needs cmsgpack, which Redis and Valkey have",
        )
        if server.msgpack
        else Finding("ok", "store scripts", "EVAL runs, cmsgpack is there"),
        clock_finding("store clock", server.ahead_s, server.uncertain_s),
    ]  # fmt: skip


def _major(text: str) -> int:
    head = text.partition(".")[0]
    return int(head) if head.isdigit() else 0


def _persistence(server: ServerFacts) -> Finding:
    subject = "store persistence"
    if server.aof and not server.aof_good:
        return Finding(
            "wrong", subject, "the last write of the append-only file failed",
            "is its disk full? See the server's log",
        )  # fmt: skip
    if server.aof:
        if server.fsync == "no":
            return Finding(
                "warn", subject, "appendonly, but appendfsync no: a power cut loses many seconds",
                "CONFIG SET appendfsync everysec, and in redis.conf",
            )  # fmt: skip
        return Finding("ok", subject, f"appendonly, appendfsync {server.fsync or '(not told)'}")
    if server.save:
        return Finding(
            "warn", subject, f"snapshots only (save {server.save}): a crash loses minutes, which "
            "are read again from Kafka",
            "CONFIG SET appendonly yes, and in redis.conf",
        )  # fmt: skip
    return Finding(
        "wrong", subject, "none: a restart of the server loses all state",
        "CONFIG SET appendonly yes, appendfsync everysec, and in redis.conf",
    )  # fmt: skip


def _memory(server: ServerFacts, bound: float) -> Finding:
    subject = "store memory"
    if not server.policy:
        return Finding("warn", subject, "maxmemory-policy is not told", "it must be noeviction")
    if server.policy != "noeviction":
        return Finding(
            "wrong", subject, f"maxmemory-policy is {server.policy}: counts would vanish unseen",
            "CONFIG SET maxmemory-policy noeviction, and in redis.conf",
        )  # fmt: skip
    if 0 < server.memory_limit < bound:
        return Finding(
            "warn", subject, f"maxmemory is {server.memory_limit / 1e9:,.1f} GB, and with the caps "
            f"as they are the store may come to hold {bound / 1e9:,.1f} GB",
            "raise maxmemory, or lower the caps: `tailorline store bounds` says what is how large, "
            "`tailorline store usage` how far it has come",
        )  # fmt: skip
    limit = f"{server.memory_limit:,} bytes" if server.memory_limit else "no limit"
    return Finding("ok", subject, f"noeviction, {limit}")
