"""A Kafka that confirms when it is told to."""

from __future__ import annotations

import asyncio
from typing import Any


class HeldSender:
    """Takes outputs, and confirms them when told to."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.waiting: list[Any] = []
        self.has_some = asyncio.Event()

    def send(self, records, confirmed) -> None:
        assert records, "of a batch without records no report ever comes: who waits waits for ever"
        self.sent += records
        self.has_some.set()
        self.waiting.append(confirmed)

    def confirm(self, number: int = 0) -> None:
        """Confirm the first batch, or another, of those that wait."""
        self.waiting.pop(number)()
