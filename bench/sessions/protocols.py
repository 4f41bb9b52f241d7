"""Test, then train: each click is first guessed, then scored, then learnt.

*online* learns the training clicks and goes on learning in the test; *frozen* learns nothing in the
test; *prequential* has no test set at all: the whole stream in order, after a warm-up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bench.report import Metrics
from bench.sessions.clicks import Click
from bench.sessions.metrics import CUT, Scores, reciprocal_rank
from bench.sessions.recommenders import Recommender

Protocol = Literal["online", "frozen", "prequential"]
PROTOCOLS: tuple[Protocol, ...] = ("online", "frozen", "prequential")
WARM_UP = 0.2
_NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Outcome:
    """All guesses of one recommender under one protocol."""

    everything: Scores = field(default_factory=Scores)
    """All targets; articles of the session may be guessed again."""
    fresh: Scores = field(default_factory=Scores)
    """Only targets that the session has not seen, and nothing it has seen is guessed."""
    seconds: list[float] = field(default_factory=list)
    guessed: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    learn_seconds: float = 0.0
    learnt: int = 0

    def metrics(self, protocol: str, *, intervals: bool) -> Metrics:
        """Return the outcome under the names of the contract."""
        found: Metrics = {
            f"hr{CUT}_{protocol}": self.everything.hit_rate,
            f"mrr{CUT}_{protocol}": self.everything.mean_rank,
            f"hr{CUT}_new_{protocol}": self.fresh.hit_rate,
            f"mrr{CUT}_new_{protocol}": self.fresh.mean_rank,
            f"n_{protocol}": len(self.everything),
            f"n_new_{protocol}": len(self.fresh),
            f"coverage{CUT}_{protocol}": len(self.guessed) / max(len(self.known), 1),
        }
        if intervals:
            for label, scores in (("", self.everything), ("_new", self.fresh)):
                for short, (low, high) in scores.intervals().items():
                    found[f"{short}{CUT}{label}_{protocol}_low"] = low
                    found[f"{short}{CUT}{label}_{protocol}_high"] = high
        return found

    def costs(self) -> Metrics:
        """Return what a guess and a lesson took."""
        micro = np.array(self.seconds or [0.0]) * 1e6
        return {
            "us_per_recommendation": float(micro.mean()),
            "us_per_recommendation_p50": float(np.quantile(micro, 0.5)),
            "us_per_recommendation_p99": float(np.quantile(micro, 0.99)),
            "us_per_event_learnt": self.learn_seconds * 1e6 / max(self.learnt, 1),
        }


def run(
    recommender: Recommender,
    train: Sequence[Click],
    test: Sequence[Click],
    protocol: Protocol,
    advance: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Return how well ``recommender``, which is new, does under a protocol."""
    if protocol == "prequential":
        stream = sorted([*train, *test], key=lambda click: click.at)
        cut = int(len(stream) * WARM_UP)
        train, test = stream[:cut], stream[cut:]
    outcome = Outcome()
    seen: dict[str, set[str]] = {}
    began = time.perf_counter()
    for click in train:
        recommender.learn(*click)
        outcome.known.add(click.item)
    outcome.learn_seconds = time.perf_counter() - began
    outcome.learnt = len(train)
    if protocol == "prequential":  # a session may have begun in the warm-up
        for click in train:
            seen.setdefault(click.session, set()).add(click.item)
    for number, click in enumerate(test):
        own = seen.setdefault(click.session, set())
        if own:
            _guess(recommender, click, own, outcome)
        if protocol == "frozen":
            recommender.see(click.session, click.item)
        else:
            recommender.learn(*click)
        own.add(click.item)
        outcome.known.add(click.item)
        if number % 1_000 == 0:
            advance(1_000)
    return outcome


def _guess(recommender: Recommender, click: Click, own: set[str], outcome: Outcome) -> None:
    began = time.perf_counter()
    guesses = recommender.guess(click.session, CUT, _NONE)
    outcome.seconds.append(time.perf_counter() - began)
    outcome.guessed.update(guesses)
    outcome.everything.add(click.session, reciprocal_rank(guesses, click.item))
    if click.item not in own:
        new = recommender.guess(click.session, CUT, frozenset(own))
        outcome.fresh.add(click.session, reciprocal_rank(new, click.item))
