"""Probe orders: pairs of articles that nobody else buys, watched until the served view shows them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

import msgspec
import redis
from confluent_kafka import Producer

from models.effects import part_of
from models.itemsets.counts import ITEMS
from models.view import EMPTY_ROW, Row
from schemas.orders import OrderLine, OrderPlaced
from schemas.topics import ORDERS
from streams.routing import partition_of

BUYERS = 8
"""Different customers who bought a pair before it is probed: so many that it is published. They are
all of one shard, for each shard counts whether there are enough on its own."""
_RISE = 0.5
"""Counts are effective ones of a decayed sum, a little less than whole."""
_row = msgspec.json.Decoder(Row).decode


@dataclass(slots=True)
class Probe:
    """An order on its way, all moments by the monotonic clock."""

    pair: tuple[str, str]
    customer: str
    produced: float
    before: tuple[float, float]
    """How often they were bought together, by either article's row."""
    units: float = 0.0
    """The first article's count in the customer's shard, before."""
    applied: float | None = None
    visible: float | None = None
    """When both articles' rows showed it in the store."""
    adopted: float | None = None
    """When a shard was seen to decide from such rows."""
    versions: tuple[int, int] = (0, 0)
    in_rules: bool = False
    """Whether it is in the published rules too, and not only in what is bought together."""


class Probes:
    """Places probe orders and looks for them in the store."""

    def __init__(self, producer: Producer, store: str, prefix: str, partitions: int) -> None:
        self.waiting: list[Probe] = []
        self.done: list[Probe] = []
        self.polls: list[float] = []
        """Seconds from one poll's answer to the next."""
        self._producer = producer
        self._store = redis.Redis.from_url(store, socket_timeout=30.0)
        self._prefix = prefix
        self._partitions = partitions
        self._made = 0
        self._run = f"{time.time_ns():x}"
        self._polled = 0.0

    def close(self) -> None:
        """Disconnect."""
        self._store.close()

    def order(self, pair: tuple[str, str], customer: str) -> float:
        """Place an order of a pair; return when."""
        self._made += 1
        event = OrderPlaced(
            event_id=f"probe-{self._run}-{self._made}", occurred_at=datetime.now(UTC),
            order_id=f"probe-{self._run}-{self._made}", customer_id=customer, consent=True,
            lines=tuple(OrderLine(sku=name) for name in pair),
        )  # fmt: skip
        produced = time.monotonic()
        self._producer.produce(ORDERS.name, msgspec.json.encode(event), customer.encode())
        self._producer.poll(0)
        return produced

    def prepare(self, pairs: list[tuple[str, str]]) -> None:
        """Have every pair bought by `BUYERS` customers, so that it will be published."""
        for number, pair in enumerate(pairs):
            shard = number % self._partitions
            for customer in buyers(shard, self._partitions):
                self.order(pair, customer)
        self._producer.flush(30.0)

    def place(self, pair: tuple[str, str], number: int) -> None:
        """Place the order that is timed."""
        customer = f"probe{number}"
        rows = self._rows([pair])[0]
        before = (together(rows[0], pair[1]), together(rows[1], pair[0]))
        units = float(self._ask([(self._shop(customer) + ITEMS, pair[0])])[0] or 0.0)
        produced = self.order(pair, customer)
        self.waiting.append(Probe(pair, customer, produced, before, units))

    def known(self, pairs: list[tuple[str, str]]) -> int:
        """Return how many pairs both rows show as bought together."""
        return sum(
            together(one, b) > 0 and together(other, a) > 0
            for (a, b), (one, other) in zip(pairs, self._rows(pairs), strict=True)
        )

    def poll(self) -> None:
        """Look once for all orders that are waited for."""
        adopted = self._adopted() if any(p.visible for p in self.waiting) else ()
        rows = self._rows([probe.pair for probe in self.waiting])
        counted = self._ask([(self._shop(p.customer) + ITEMS, p.pair[0]) for p in self.waiting])
        now = time.monotonic()
        if self._polled:
            self.polls.append(now - self._polled)
        self._polled = now
        for probe, (one, other), units in zip(self.waiting, rows, counted, strict=True):
            if probe.applied is None and float(units or 0.0) > probe.units:
                probe.applied = now
            if probe.visible is None and rose(probe, one, other):
                probe.visible = now
                probe.versions = self._versions(probe.pair)
                probe.in_rules = any(rule.consequent == probe.pair[1] for rule in one.rules)
            elif probe.visible is not None and self._includes(adopted, probe):
                probe.adopted = now
        self.done += [probe for probe in self.waiting if probe.adopted is not None]
        self.waiting = [probe for probe in self.waiting if probe.adopted is None]

    # -- inside -----------------------------------------------------------------------------------

    def _shop(self, customer: str) -> str:
        return f"{self._prefix}:{{shop-{partition_of(customer.encode(), self._partitions)}}}:"

    def _view(self, item: str) -> str:
        return f"{self._prefix}:{{view-{part_of(item, self._partitions)}}}:"

    def _ask(self, fields: list[tuple[str, str]]) -> list[Any]:
        pipe = self._store.pipeline(transaction=False)
        for key, name in fields:
            pipe.hget(key, name)
        return pipe.execute() if fields else []

    def _rows(self, pairs: list[tuple[str, str]]) -> list[tuple[Row, Row]]:
        flat = self._ask([(self._view(item) + "rows", item) for pair in pairs for item in pair])
        rows: Iterator[Row] = (_row(raw) if raw else EMPTY_ROW for raw in flat)
        return list(zip(rows, rows, strict=True))

    def _versions(self, pair: tuple[str, str]) -> tuple[int, int]:
        found: Any = self._store.mget([self._view(item) + "version" for item in pair])
        return int(found[0] or 0), int(found[1] or 0)

    def _adopted(self) -> tuple[int, ...]:
        """Return the versions that a shard's journal says it decides from, lately."""
        lines: Any = self._store.lrange(f"{self._prefix}:{{shop-0}}:journal", -100, -1)
        for line in reversed(lines):
            if line.startswith(b"@view:"):
                return tuple(int(version) for version in line[6:].split(b","))
        return ()

    def _includes(self, adopted: tuple[int, ...], probe: Probe) -> bool:
        parts = [part_of(item, self._partitions) for item in probe.pair]
        return bool(adopted) and all(
            adopted[part] >= version for part, version in zip(parts, probe.versions, strict=True)
        )


def buyers(shard: int, partitions: int) -> list[str]:
    """Return `BUYERS` customers of a shard."""
    names = (f"buyer{number}" for number in count())
    return list(islice((n for n in names if partition_of(n.encode(), partitions) == shard), BUYERS))


def together(row: Row, other: str) -> float:
    """Return how often an article was bought with another, as its row says."""
    return next((pair.n_ab for pair in row.bought_with if pair.sku == other), 0.0)


def rose(probe: Probe, one: Row, other: Row) -> bool:
    """Return whether both rows show one order more."""
    first, second = probe.pair
    return (
        together(one, second) > probe.before[0] + _RISE
        and together(other, first) > probe.before[1] + _RISE
    )
