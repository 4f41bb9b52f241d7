"""What the made-up shop tells of its articles: all of them once, then prices and stock that change."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Literal

from schemas.catalogue import ArticleChanged
from schemas.topics import CATALOGUE
from streams.replay.records import Record
from streams.simulate.catalogue import Article
from streams.simulate.dice import dice
from streams.simulate.messages import moment
from streams.simulate.numbering import Numbering
from streams.simulate.truth import Truth

Change = Literal["sold_out", "replenished", "price_cut", "price_back", "withdrawn", "returned"]

_EVERY_S = 2.0
"""How often something happens to one of the articles. Each time it is put right again some
half a minute later, so about one article in eight is out of the ordinary."""
_COST = (0.55, 0.65)
"""The least and the most that a unit costs, as a share of its price."""


@dataclass(slots=True)
class _Shelf:
    """An article as it is now."""

    article: Article
    price: float
    cost: float
    stock: int
    available: bool = True
    ordinary: bool = True


class Stockroom:
    """Makes the events of the topic catalogue; sales have no say in it."""

    def __init__(self, truth: Truth, seed: int, *, names: Numbering | None = None) -> None:
        """Fill the shelves."""
        self.names = names or Numbering(f"stockroom-{seed}")
        self.tally: Counter[Change] = Counter()
        """How often each thing happened."""
        self._rng = dice(seed, "stockroom")
        self._shelves = [_filled(article, self._rng) for article in truth.articles]
        self._next: float | None = None
        self._back: list[tuple[float, int, Change]] = []
        """When which shelf is put right again, and how."""

    def step(self, now: float) -> list[Record]:
        """Return what has changed since the last time; the first time all there is."""
        if self._next is None:
            self._next = now + _EVERY_S
            return [self._tell(shelf, now) for shelf in self._shelves]
        made: list[Record] = []
        while True:
            back_at = self._back[0][0] if self._back else self._next
            at = min(back_at, self._next)
            if at > now:
                return made
            if self._back and back_at <= self._next:
                _, number, change = heappop(self._back)
            else:
                self._next += _EVERY_S
                number, change = self._draw(at)
            made.append(self._do(change, self._shelves[number], at))

    def _draw(self, at: float) -> tuple[int, Change]:
        """Choose what happens, to an ordinary article, and when it is put right."""
        ordinary = [number for number, shelf in enumerate(self._shelves) if shelf.ordinary]
        number = self._rng.choice(ordinary)
        pairs: tuple[tuple[Change, Change], ...] = (
            ("sold_out", "replenished"), ("price_cut", "price_back"), ("withdrawn", "returned"),
        )  # fmt: skip
        change, back = self._rng.choices(pairs, (4, 4, 1))[0]
        heappush(self._back, (at + self._rng.uniform(15.0, 45.0), number, back))
        return number, change

    def _do(self, change: Change, shelf: _Shelf, at: float) -> Record:
        self.tally[change] += 1
        shelf.ordinary = change in ("replenished", "price_back", "returned")
        match change:
            case "sold_out":
                shelf.stock = 0
            case "replenished":
                shelf.stock = _delivery(self._rng)
            case "price_cut":
                shelf.price = round(shelf.article.price * self._rng.uniform(0.6, 0.9), 2)
            case "price_back":
                shelf.price = shelf.article.price
            case "withdrawn" | "returned":
                shelf.available = change == "returned"
        return self._tell(shelf, at)

    def _tell(self, shelf: _Shelf, at: float) -> Record:
        event = ArticleChanged(
            event_id=self.names.next(),
            occurred_at=moment(at),
            sku=shelf.article.sku,
            category=shelf.article.category,
            price=shelf.price,
            cost=shelf.cost,
            stock=shelf.stock,
            available=shelf.available,
        )
        return Record(CATALOGUE.name, shelf.article.sku.encode(), event, at)


def _filled(article: Article, rng: Random) -> _Shelf:
    cost = round(article.price * rng.uniform(*_COST), 2)
    return _Shelf(article, article.price, cost, _delivery(rng))


def _delivery(rng: Random) -> int:
    return 10 * rng.randint(2, 20)
