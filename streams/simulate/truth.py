"""The planted truth: everything that the system could find out, known beforehand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from streams.simulate.catalogue import CATEGORIES, Article, stock
from streams.simulate.dice import dice
from streams.simulate.faults import Fault, schedule, warm_up

CYCLE_S = 240.0
"""Without an end, new faults are planted in stretches of this length."""

LIKED = 0.6
OTHER = 0.4
"""How likely an article that was looked at goes into the cart, if it is to the taste or not."""

_PREFERENCE = 4.0
"""How much likelier a preferred category is looked at than another one."""
_SEGMENTS = ("office", "leisure", "formal", "outdoor", "gifts")
_PAIRS = 12
_CONFIGURATIONS = 10


@dataclass(frozen=True, slots=True)
class Affinity:
    """When ``a`` is put into a basket, ``b`` joins it with this probability."""

    a: str
    b: str
    probability: float


@dataclass(frozen=True, slots=True)
class Segment:
    """Customers who like the same categories."""

    name: str
    categories: tuple[str, ...]

    def weight(self, category: str) -> float:
        """Return how much a category is looked at."""
        return _PREFERENCE if category in self.categories else 1.0


@dataclass(frozen=True, slots=True)
class Configuration:
    """A value of an option that is usually chosen for an article."""

    sku: str
    option: str
    value: str
    probability: float


@dataclass(frozen=True, slots=True)
class DemandShift:
    """From ``start_s`` on, visitors think ``factor`` times as often of a category.

    Its share of the sales then more than doubles, and nobody tells production.
    """

    start_s: float
    category: str
    skus: tuple[str, ...]
    factor: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What is planted in one simulation."""

    seed: int
    horizon_s: float | None
    """How long the simulation runs; ``None`` if it has no end."""
    period_s: float
    """Seconds between two samples of a sensor."""
    articles: tuple[Article, ...]
    affinities: tuple[Affinity, ...]
    configurations: tuple[Configuration, ...]
    segments: tuple[Segment, ...]
    segment_of: dict[str, str]
    """The segment of every customer."""
    consenting: frozenset[str]
    shift: DemandShift
    old_mix: dict[str, float]
    """Each article's share of the units sold before the shift (about), and produced all along."""

    def faults_of(self, cycle: int) -> tuple[Fault, ...]:
        """Return the faults of one stretch of time; with a horizon there is only stretch 0."""
        rng = dice(self.seed, f"faults {cycle}")
        if self.horizon_s is None:
            # A cycle is long; nobody who started the demo waits 48 s for a first fault.
            quiet = warm_up(60.0, self.period_s)
            return schedule(rng, cycle * CYCLE_S, CYCLE_S, self.period_s, quiet)
        return schedule(rng, 0.0, self.horizon_s, self.period_s) if cycle == 0 else ()

    def faults_before(self, elapsed_s: float) -> tuple[Fault, ...]:
        """Return the faults that began in the first ``elapsed_s`` seconds."""
        cycles = 1 if self.horizon_s is not None else int(elapsed_s // CYCLE_S) + 1
        faults = (fault for cycle in range(cycles) for fault in self.faults_of(cycle))
        return tuple(fault for fault in faults if fault.start_s < elapsed_s)

    def as_dict(self) -> dict[str, Any]:
        """Return what is planted as plain data, without the catalogue and the single customers."""
        return {
            "seed": self.seed,
            "horizon_s": self.horizon_s,
            "period_s": self.period_s,
            "articles": len(self.articles),
            "customers": len(self.segment_of),
            "consenting": len(self.consenting),
            "affinities": [asdict(pair) for pair in self.affinities],
            "configurations": [asdict(habit) for habit in self.configurations],
            "segments": [asdict(segment) for segment in self.segments],
            "shift": asdict(self.shift),
            "faults": [asdict(fault) for fault in self.faults_of(0)],
            "faults_repeat_s": CYCLE_S if self.horizon_s is None else None,
        }


def plant(
    seed: int, horizon_s: float | None = None, period_s: float = 0.5, customers: int = 400
) -> Truth:
    """Make up the truth of one simulation; equal arguments make equal truths."""
    rng = dice(seed, "truth")
    articles = stock(rng)
    affinities = _affinities(rng, articles)
    segments = tuple(
        Segment(name, (CATEGORIES[turn], CATEGORIES[(turn + 3) % len(CATEGORIES)]))
        for turn, name in enumerate(_SEGMENTS)
    )
    people = [f"customer-{number:04d}" for number in range(customers)]
    wanted = rng.choice(CATEGORIES)
    return Truth(
        seed=seed,
        horizon_s=horizon_s,
        period_s=period_s,
        articles=articles,
        affinities=affinities,
        configurations=_configurations(rng, articles),
        segments=segments,
        segment_of={person: rng.choice(segments).name for person in people},
        consenting=frozenset(person for person in people if rng.random() < 0.85),
        shift=DemandShift(
            start_s=round(0.5 * (horizon_s or CYCLE_S), 3),
            category=wanted,
            skus=tuple(article.sku for article in articles if article.category == wanted),
            factor=4.0,
        ),
        old_mix=_mix(articles, affinities, segments),
    )


def _affinities(rng: Random, articles: tuple[Article, ...]) -> tuple[Affinity, ...]:
    """Pair articles that sell well with articles that hardly sell by themselves."""
    firsts = rng.sample([a.sku for a in articles if a.rank <= 2], k=_PAIRS)
    seconds = rng.sample([a.sku for a in articles if a.rank >= 6], k=_PAIRS)
    return tuple(
        Affinity(a, b, round(rng.uniform(0.5, 0.7), 3))
        for a, b in zip(firsts, seconds, strict=True)
    )


def _configurations(rng: Random, articles: tuple[Article, ...]) -> tuple[Configuration, ...]:
    """Give some articles an option value that most of their buyers choose."""
    chosen = rng.sample([a for a in articles if a.options and a.rank <= 6], k=_CONFIGURATIONS)
    habits = []
    for article in chosen:
        option = rng.choice(list(article.options))
        value = rng.choice(article.options[option])
        habits.append(Configuration(article.sku, option, value, round(rng.uniform(0.6, 0.8), 3)))
    return tuple(habits)


def _mix(
    articles: tuple[Article, ...],
    affinities: tuple[Affinity, ...],
    segments: tuple[Segment, ...],
) -> dict[str, float]:
    """Return about the shares that the customers' tastes and the planted pairs lead to."""
    liking = {
        category: sum(
            segment.weight(category) * (LIKED if category in segment.categories else OTHER)
            for segment in segments
        )
        for category in CATEGORIES
    }
    weights = {article.sku: article.weight * liking[article.category] for article in articles}
    for pair in affinities:
        weights[pair.b] += pair.probability * weights[pair.a]
    total = sum(weights.values())
    return {sku: weight / total for sku, weight in weights.items()}
