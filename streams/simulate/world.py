"""The whole simulation: shop, stockroom, factory and dirt, at a steady rate."""

from __future__ import annotations

from collections import deque
from math import ceil

from schemas.orders import OrderPlaced
from schemas.outputs import Offer
from streams.replay.records import Record
from streams.simulate.dice import dice
from streams.simulate.dirt import Dirt
from streams.simulate.equipment import SPOTS
from streams.simulate.factory import Factory
from streams.simulate.messages import Message
from streams.simulate.numbering import Numbering
from streams.simulate.shop import Shop
from streams.simulate.stockroom import Stockroom
from streams.simulate.truth import plant

_TICK_S = 0.1
_FASTEST_S = 0.1
_SLOWEST_S = 0.5
_MEASURED = 0.3
"""The share of the events that are measurements, where the sampling allows it."""


def sampling_period(rate: float) -> float:
    """Return how often each sensor is sampled, so that the shop is not crowded out.

    Between 0.1 and 0.5 seconds; only if half of all events were not enough for that, less often.
    """
    wished = len(SPOTS) / (_MEASURED * rate)
    return max(min(max(wished, _FASTEST_S), _SLOWEST_S), len(SPOTS) / (0.5 * rate))


class World:
    """Makes about ``rate`` messages a second; what is told of articles comes besides.

    Equal arguments and times make equal messages.
    """

    def __init__(
        self,
        seed: int,
        rate: float,
        horizon_s: float | None = None,
        dirt_share: float = 0.01,
    ) -> None:
        """Set everything up; without a horizon the faults recur every few minutes."""
        self.truth = plant(seed, horizon_s, sampling_period(rate))
        self.names = Numbering(f"{seed}")
        crowd = int(min(max(rate * (1.0 - _MEASURED), 10.0), 200.0))
        self.shop = Shop(self.truth, seed, crowd=crowd, names=self.names)
        self.factory = Factory(self.truth, seed, names=self.names)
        self.stockroom = Stockroom(self.truth, seed)
        self.dirt = Dirt(dice(seed, "dirt"), dirt_share)
        # Dice of its own, as it has names of its own: the rest is what it would be without it.
        self._stockroom_dirt = self.dirt.beside(dice(seed, "stockroom dirt"))
        self.started_at: float | None = None
        self._seed = seed
        self._rate = rate
        self._now = 0.0
        self._made = 0
        self._offers: deque[Offer] = deque()

    def offer_arrived(self, offer: Offer) -> None:
        """Let the customer see an offer at the next `advance`."""
        self._offers.append(offer)

    def advance(self, now: float) -> list[Message]:
        """Return what has happened since the last time; the first time starts the clock."""
        if self.started_at is None:
            self.started_at = self._now = now
            # Event ids must differ from those of an earlier run into the same broker.
            self.names.run = f"{self._seed}-{int(now * 1000):x}"
            self.stockroom.names.run = f"{self.names.run}-stock"
            return [*self._changes(now), *self.dirt.spoil(self.factory.step(now, 0.0))]
        start = self._now
        messages: list[Message] = []
        ticks = ceil((now - start) / _TICK_S)
        for tick in range(1, ticks + 1):
            self._now = start + (now - start) * tick / ticks
            messages += self._changes(self._now)
            messages += self.dirt.spoil(self._tick(self._now, (now - start) / ticks))
        return messages

    def _changes(self, now: float) -> list[Message]:
        """Return what is told of articles, which does not count to the rate."""
        return list(self._stockroom_dirt.spoil(self.stockroom.step(now)))

    def _tick(self, now: float, dt: float) -> list[Record]:
        elapsed = now - (self.started_at or 0.0)
        records = self.factory.step(now, dt)
        for _ in range(len(self._offers)):
            records += self.shop.react(self._offers.popleft(), now)
        due = int(self._rate * elapsed) - self._made - len(records)
        visits = self.shop.step(now, max(due, 0))
        for record in visits:
            if isinstance(record.event, OrderPlaced):
                for line in record.event.lines:
                    self.factory.production.sold(line.sku, line.quantity, elapsed)
        records += visits
        self._made += len(records)
        return records
