"""What a demo runs on: something that publishes events until it is over or told to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol

from streams.demo.snapshot import Planted
from streams.runtime.listener import Listener
from streams.runtime.publisher import Publisher


@dataclass(frozen=True, slots=True)
class Told:
    """What the merged view says, as plain as it can be compared."""

    rules: frozenset[tuple[str, str]] = frozenset()
    """Antecedent and consequent."""
    configurations: frozenset[tuple[str, str, str]] = frozenset()
    """Article, option, and the value that is proposed for it."""


class Feed(Protocol):
    """A source of events."""

    title: str
    data: list[str]
    settings: Mapping[str, Any]
    worker_settings: Mapping[str, str]
    """What workers need set differently for it, as environment variables."""

    def prepare(self, stop: Event) -> None:
        """Do what takes a while beforehand; runs while the workers start."""

    def run(self, publisher: Publisher, listener: Listener, stop: Event) -> None:
        """Publish until it is over or ``stop`` is set, and until all is confirmed."""

    def progress(self) -> str:
        """Say how far it is."""

    def planted(self, listener: Listener, told: Told) -> Planted | None:
        """Return how much of the planted truth was found, if there is any."""

    def results(self, listener: Listener, told: Told) -> dict[str, Any]:
        """Return what the report says besides the counts."""

    def baselines(self, results: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """Return what simple methods would have reached."""

    def dirt(self) -> Mapping[str, Mapping[str, int]] | None:
        """Return the planted dirt, by topic and by what it must be caught as; None if unknown."""
