"""Outputs on their way to Kafka: sent in the outbox's order, confirmed in that order too."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.encoding import Record


class Sender(Protocol):
    """Where outputs go."""

    def send(self, records: Sequence[Record], confirmed: Callable[[], None]) -> None:
        """Send records in order; call ``confirmed`` on the event loop once all are on Kafka."""


@dataclass(slots=True)
class _Batch:
    """A batch of outputs on its way."""

    after: int
    """The outbox number after its last record."""
    confirmed: bool = False


class Outgoing:
    """One shard's outputs that Kafka has not confirmed yet."""

    def __init__(self, sender: Sender) -> None:
        self.confirmed = 0
        """The outbox number up to which all is on Kafka: what is below it may be trimmed."""
        self.unconfirmed = 0
        self._sender = sender
        self._batches: deque[_Batch] = deque()
        self._all = asyncio.Event()
        self._all.set()
        self._some = asyncio.Event()

    def send(self, records: list[Record], first: int) -> None:
        """Send records, the first of which has the number ``first`` in the outbox."""
        batch = _Batch(first + len(records))
        self._batches.append(batch)
        self.unconfirmed += len(records)
        self._all.clear()

        def confirmed() -> None:
            batch.confirmed = True
            # Only up to the first that is not: Kafka keeps an order within a partition, and a later
            # batch may be confirmed first. What is trimmed could not be sent again.
            while self._batches and self._batches[0].confirmed:
                self.confirmed = self._batches.popleft().after
            self.unconfirmed -= len(records)
            self._some.set()
            if not self.unconfirmed:
                self._all.set()

        self._sender.send(records, confirmed)

    async def room(self, most: int) -> None:
        """Wait while Kafka owes so many confirmations or more: it is slow, or away."""
        while self.unconfirmed >= most:
            self._some.clear()
            await self._some.wait()

    async def all_confirmed(self) -> None:
        """Wait until Kafka owes none."""
        await self._all.wait()
