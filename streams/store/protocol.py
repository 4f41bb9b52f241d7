"""What a store can do. One contract suite runs against every implementation.

All that belongs to a shard changes in one atomic step, `Store.apply`, which also moves the shard's
watermark; so each event's effects are there exactly once, whatever crashes when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from models.effects import Effects
from models.view import ViewChange
from streams.topology import ShardId

VIEW_ENTRY = "@view"
TICK_ENTRY = "@tick"
PIN_ENTRY = "@pin"


class StoreError(Exception):
    """The store did not answer, or cannot do what is asked; the message says what to do."""


class ViewGone(Exception):
    """A version of the merged view that is no longer kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a shard's journal: what was applied, in order.

    For a topic: the offsets ``first`` up to, not including, ``next``. For ``@view``: the versions
    that were adopted. For ``@tick``: the time that was reached, in milliseconds. For ``@pin``: who is to
    serve, by its place in `models.propensity.settings.PINS`, and of which family, by its place in
    `FAMILIES` there. Journals of before there were several say 0, the purchase classifiers.
    """

    kind: str
    first: int = 0
    next: int = 0
    versions: tuple[int, ...] = ()

    def encode(self) -> str:
        """Return the line as kept in the store."""
        if self.kind == VIEW_ENTRY:
            return f"{VIEW_ENTRY}:{','.join(map(str, self.versions))}"
        return f"{self.kind}:{self.first}:{self.next}"

    @classmethod
    def decode(cls, text: str) -> Entry:
        """Read a line back."""
        kind, rest = text.split(":", 1)
        if kind == VIEW_ENTRY:
            return cls(kind, versions=tuple(map(int, rest.split(","))))
        first, after = rest.split(":")
        return cls(kind, int(first), int(after))


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner learns when it takes a shard over."""

    epoch: int
    watermarks: dict[str, int]
    journal: tuple[Entry, ...]
    seq: int
    """The number of the last work that was applied."""
    quarantine: dict[tuple[str, int], str] = field(default_factory=dict)
    """By topic and offset, why an event must not be given to its step: it never came back from it."""


@dataclass(slots=True)
class Work:
    """All that one batch wants applied at once."""

    number: int = 0
    """One more than the work before: a call tried again is recognised by it."""
    covers: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Per topic the offsets that this batch covers: from the watermark up to the next one."""
    journal: list[Entry] = field(default_factory=list)
    effects: Effects = field(default_factory=Effects)
    outputs: list[bytes] = field(default_factory=list)
    """Encoded records for the outbox."""
    tally: dict[str, int] = field(default_factory=dict)
    confirmed: int = 0
    """Outbox records below this number are on Kafka and may go."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a batch.

    ``stale``: another owner has the shard. ``rewound``: the work does not begin where the store is;
    it lost its newest writes, most likely. ``gone``: the store knows the shard no more.
    """

    status: Literal["applied", "already", "stale", "rewound", "gone"]
    first_output: int = 0
    """The outbox number of the batch's first output."""


@dataclass(frozen=True, slots=True)
class ShardFacts:
    """What an operator wants to know of a shard."""

    epoch: int
    watermarks: dict[str, int]
    journal: tuple[Entry, ...]
    outbox: int
    """Records that wait for Kafka's confirmation."""
    snapshot_bytes: int

    @property
    def restart(self) -> dict[str, int]:
        """The offset of each topic that the next owner reads from: where the journal begins."""
        begun: dict[str, int] = {}
        for entry in self.journal:
            begun.setdefault(entry.kind, entry.first)
        return {topic: begun.get(topic, mark) for topic, mark in self.watermarks.items()}

    @property
    def covers(self) -> dict[str, int]:
        """The next offset of each topic at the snapshot, which started the journal anew."""
        return self.restart if self.snapshot_bytes else {}


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a Redis or Valkey server says about itself; empty: it does not say."""

    name: str
    version: str
    policy: str
    """What it does when its memory is full (``maxmemory-policy``)."""
    memory_limit: int
    aof: bool
    fsync: str
    save: str
    aof_good: bool
    """Whether the last write of the append-only file went well."""
    msgpack: str
    """Why its Lua cannot unpack what we send; empty: it can."""
    ahead_s: float
    """How much its clock is ahead of ours."""
    uncertain_s: float
    """Half the round trip: the clock's difference is known no better."""


class Wanted(NamedTuple):
    """A hash of a shard that is to be read; or some of its fields, if there are any."""

    key: str
    fields: Sequence[str] | None = None
    """None: all of them."""


class Store(Protocol):
    """Shards, views, and what operators ask for."""

    async def claim(self, shard: ShardId, held: int | None = None) -> Claim:
        """Take a shard over: a new epoch fences off whoever had it, unless ``held`` is current."""

    async def apply(self, shard: ShardId, epoch: int, work: Work) -> Applied:
        """Apply a batch if the epoch is current and it begins at the watermark."""

    async def outbox(self, shard: ShardId) -> tuple[int, list[bytes]]:
        """Return the number of the first record in the outbox, and all records."""

    async def confirm(self, shard: ShardId, epoch: int, upto: int) -> None:
        """Forget the outbox records below number ``upto``: they are on Kafka."""

    async def save_snapshot(
        self, shard: ShardId, epoch: int, seq: int, watermarks: Mapping[str, int], blob: bytes
    ) -> bool:
        """Keep a snapshot and start the journal anew; False if it does not cover just what there is.

        ``seq`` is the number of the last work in it: ticks and views move no watermark.
        """

    async def quarantine(
        self, shard: ShardId, epoch: int, topic: str, offset: int, why: str
    ) -> bool:
        """Keep an event from its step until a snapshot covers it; False if ``epoch`` is stale."""

    async def layout(self, found: Mapping[str, str]) -> dict[str, str]:
        """Note facts of the topics that were not noted before; return all that are noted.

        What a shard is rests on them: they must be the same for as long as there is state.
        """

    async def forget_layout(self) -> None:
        """Forget the facts of the topics, once no state rests on them."""

    async def history(self, shard: ShardId) -> list[Entry]:
        """Return all that was ever applied, in order; empty unless the store was told to keep it."""

    async def load_snapshot(self, shard: ShardId) -> bytes | None:
        """Return the shard's last snapshot."""

    async def counts(self, shard: ShardId, key: str) -> dict[str, float]:
        """Return a hash of counts."""

    async def read(self, shard: ShardId, wanted: Sequence[Wanted]) -> list[dict[str, bytes]]:
        """Return several hashes in one go, whatever they hold; what is absent is left out.

        Counts are numbers as text, see `counts_in`.
        """

    async def dirty(
        self, shard: ShardId, parts: Sequence[int], limit: int
    ) -> dict[int, dict[str, int]]:
        """Return by part items whose rows changed, up to ``limit``, with the mark of the change."""

    async def clean(self, shard: ShardId, marks: Mapping[int, Mapping[str, int]]) -> None:
        """Unmark items of parts, except those marked again since."""

    async def publish_view(self, part: int, rows: Mapping[str, bytes | None]) -> int:
        """Replace rows of a part of the view, None: delete them; return its new version."""

    async def view_since(self, part: int, version: int) -> ViewChange:
        """Return the part's version, and the rows that changed after ``version``."""

    async def view_at(self, part: int, version: int) -> dict[str, bytes]:
        """Return the part as it was at ``version``; raises `ViewGone` if that is too long ago."""

    async def view_rows(self, part: int, items: Sequence[str]) -> dict[str, bytes]:
        """Return some rows of a part of the view as they are now; absent ones are left out."""

    async def tally(self, shard: ShardId) -> dict[str, int]:
        """Return the shard's exact totals: ``topic:outcome`` and ``topic:sent``."""

    async def shards(self) -> list[ShardId]:
        """Return all shards that were ever claimed."""

    async def watermarks(self, shard: ShardId) -> dict[str, int]:
        """Return the next offset of each topic."""

    async def describe(self, shard: ShardId) -> ShardFacts:
        """Return what there is of a shard; epoch 0: nothing."""

    async def reset(self, shard: ShardId) -> int:
        """Delete all that the shard keeps, except its epoch, which goes up: no owner may go on.

        Returns how many keys are gone. Raises `StoreError` if workers keep taking the shard over.
        """

    async def close(self) -> None:
        """Let go of connections."""


def counts_in(row: Mapping[str, bytes]) -> dict[str, float]:
    """Return a hash that was read as counts."""
    return {name: float(value) for name, value in row.items()}
