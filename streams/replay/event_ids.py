"""Event ids that are the same each time a file is replayed, so that a repeat is recognised."""

from __future__ import annotations

from hashlib import blake2b

MAX_LENGTH = 64


def event_id(source_format: str, name: str, *position: int) -> str:
    """Return ``<format>-<name>-<line>[-<part>]``, shortened with a digest to 64 characters.

    ``name`` tells the files of a replay apart, ``position`` is the line and, where a line holds
    several events, which of them.
    """
    head = f"{source_format}-{name}".encode("utf-8", "replace").decode()
    tail = "".join(f"-{number}" for number in position)
    if len(head) + len(tail) <= MAX_LENGTH:
        return head + tail
    digest = blake2b(head.encode(), digest_size=4).hexdigest()
    return f"{head[: MAX_LENGTH - len(tail) - 9]}~{digest}{tail}"
