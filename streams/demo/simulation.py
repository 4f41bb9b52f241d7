"""The demo's made-up world in real time: what customers are offered, they see and maybe click."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Event
from typing import Any

from streams.demo.feed import Told
from streams.demo.screen import clock
from streams.demo.snapshot import Planted
from streams.runtime.listener import Listener
from streams.runtime.publisher import Publisher
from streams.simulate.dirt import CAUGHT_AS
from streams.simulate.score import score
from streams.simulate.world import World

WORKER_SETTINGS = {
    "TAILORLINE_OFFERS__COOLDOWN_S": "20",
    "TAILORLINE_OFFERS__ITEM_COOLDOWN_S": "300",
    "TAILORLINE_OFFERS__REBUY_AFTER_S": "300",
    "TAILORLINE_OFFERS__DAILY_CAP": "1000",
    "TAILORLINE_FLOOR__FLOOD__BEGINS": "0",
}
"""The 400 customers do in a minute what would take weeks, so their patience is shorter too; and as many
faults come as in a month, which are no flood."""

_STEP_S = 0.05
_FLUSH_S = 30.0


class Simulation:
    """Runs a `World` by the clock on the wall and closes the loop from offers to clicks."""

    def __init__(self, seed: int, rate: float, minutes: float | None) -> None:
        self.title = f"simulation, seed {seed}, {rate:,.0f} events/s"
        self.data: list[str] = []
        self._length_s = None if minutes is None else minutes * 60.0
        self._world = World(seed, rate, self._length_s)
        self._now = 0.0
        self.worker_settings: Mapping[str, str] = WORKER_SETTINGS
        self.settings: Mapping[str, Any] = {
            "seed": seed, "rate": rate, "minutes": minutes,
            "dirt_share": self._world.dirt.share, "planted": self._world.truth.as_dict(),
        }  # fmt: skip

    def prepare(self, stop: Event) -> None:
        """Nothing takes long."""

    def run(self, publisher: Publisher, listener: Listener, stop: Event) -> None:
        """Publish what happens while it happens."""
        started = self._now = time.time()
        while not stop.is_set():
            self._now = time.time()
            if self._length_s is not None:
                self._now = min(self._now, started + self._length_s)
            for offer in listener.take_offers():
                self._world.offer_arrived(offer)
            for topic, key, value in self._world.advance(self._now):
                publisher.publish(topic, key, value)
            publisher.poll(0.0)
            if self._length_s is not None and self._now >= started + self._length_s:
                break
            stop.wait(_STEP_S)
        publisher.flush(_FLUSH_S)

    def progress(self) -> str:
        """Return the time that has passed, and of how much."""
        passed = clock(self._now - (self._world.started_at or self._now))
        return passed if self._length_s is None else f"{passed} of {clock(self._length_s)}"

    def planted(self, listener: Listener, told: Told) -> Planted:
        """Compare what the system has said so far with the truth."""
        found = self._score(listener, told)
        return Planted(
            found["faults_planted"], found["faults_found"],
            found["affinities_planted"], found["affinities_found"],
            frozenset(frozenset((pair.a, pair.b)) for pair in self._world.truth.affinities),
        )  # fmt: skip

    def results(self, listener: Listener, told: Told) -> dict[str, Any]:
        """Return the score."""
        return self._score(listener, told)

    def baselines(self, results: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """Return how far looking at mere popularity would have come."""
        return {
            "popularity": {
                "affinities_found": results["affinities_found_by_popularity"],
                "offers_click_rate": results["offers"]["click_rate_if_popular"],
            }
        }

    def dirt(self) -> dict[str, dict[str, int]]:
        """Return the planted dirt."""
        planted: dict[str, dict[str, int]] = {}
        for (topic, kind), count in sorted(self._world.dirt.planted.items()):
            own = planted.setdefault(topic, {})
            own[CAUGHT_AS[kind]] = own.get(CAUGHT_AS[kind], 0) + count
        return planted

    def _score(self, listener: Listener, told: Told) -> dict[str, Any]:
        world = self._world
        return score(
            world.truth, list(listener.alerts), told.rules,
            started_at=world.started_at or self._now, until=self._now,
            configurations=told.configurations, advice=list(listener.advice),
            offers=world.shop.offers, stock=world.stockroom.tally,
        )  # fmt: skip
