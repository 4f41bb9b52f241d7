"""Is an event where its key says? Java's partitioner, and the keys that events must have.

Producers on librdkafka use CRC32 unless told otherwise. Then one customer's clicks and orders land
in different shards, which never meet. Nothing fails, so it has to be looked for.
"""

from __future__ import annotations

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995
_SEED = 0x9747B28C


def murmur2(key: bytes) -> int:
    """Return the positive murmur2 hash that Kafka's Java client takes of a key.

    Source: ``org.apache.kafka.common.utils.Utils.murmur2``, after Appleby's MurmurHash2.
    """
    length = len(key)
    h = (_SEED ^ length) & _MASK
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(key[start : start + 4], "little") * _M & _MASK
        k ^= k >> 24
        h = (h * _M & _MASK) ^ (k * _M & _MASK)
    rest = key[whole:]
    if rest:
        h ^= int.from_bytes(rest, "little")
        h = h * _M & _MASK
    h ^= h >> 13
    h = h * _M & _MASK
    return (h ^ (h >> 15)) & 0x7FFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Java producers put a key on."""
    return murmur2(key) % partitions


def misrouted(key: bytes | None, partition: int, partitions: int) -> bool:
    """Return whether a message is not on the partition of its key, or has no key at all."""
    return not key or partition_of(key, partitions) != partition
