"""A large shop, made up: as many articles and customers as asked for, few of them popular.

The simulated world of the demo has 120 articles and truths to be found; this one has none, and is
there to be large. Articles are drawn by Zipf's law; twenty each belong together, popular ones and
others, and are looked at and bought one after the other. Each customer comes once before any comes
again, and every second one begins at an article where nobody began yet, as long as there are such.
Customers are told of offers, see most of them and click a few.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from math import log
from random import Random
from typing import NamedTuple

import numpy as np

_BLOCK = 8192
_FAMILY = 20
_STAY_IN_FAMILY = 0.6
_ONE_MORE_VIEW = 0.7
_MOST_VIEWS = 12
_ADD = 0.2
_ORDER = 0.25
_ORDER_WITH_CART = 0.6
_ONE_MORE_LINE = 0.55
_MOST_LINES = 10
_CANCEL = 0.03
_SHOWN = 0.8
_CLICKED = 0.05
THINK_S = 10.0
"""Between two deeds of a customer, on average."""


class Sent(NamedTuple):
    """An event as producers send it."""

    topic: str
    key: bytes
    value: bytes
    at: float
    """Unix seconds."""


class _Visit:
    """A customer in the shop, and what is still to be done: kind and articles."""

    __slots__ = ("customer", "name", "script")

    def __init__(self, customer: int, name: str, script: deque[tuple[str, Sequence[int]]]) -> None:
        self.customer, self.name, self.script = customer, name, script


class Crowd:
    """Makes the events of clickstream and orders at a rate, without end."""

    def __init__(
        self, items: int, customers: int, seed: int, *, rate: float, start: float,
        exponent: float = 1.0, first: int = 0,
    ) -> None:  # fmt: skip
        """Open the shop at ``start`` to customers who together do ``rate`` things a second.

        ``first`` is the number of the first customer.
        """
        self.items, self.customers = items, customers
        self.visits = 0
        """How many have begun."""
        self._rng = Random(seed)
        weights = np.arange(1, items + 1, dtype=float) ** -exponent
        self._levels = np.cumsum(weights / weights.sum())
        self._draws = np.random.default_rng(seed)
        self._first = first
        self._order = first + self._draws.permutation(customers)
        self._shelf = self._draws.permutation(items)
        """The articles, family by family."""
        self._place = np.empty(items, dtype=np.int64)
        self._place[self._shelf] = np.arange(items)
        self._drawn: deque[int] = deque()
        self._numbers = count(1)
        self._turns = count()
        self.now = start
        """The time of the latest event."""
        self._waiting: list[tuple[float, int, _Visit]] = []
        self._run = f"{seed:x}-{int(start):x}-{first:x}"
        scripts = [self._script() for _ in range(1_000)]
        self._pause_s = sum(map(len, scripts)) / len(scripts) / rate

    def events(self) -> Iterator[Sent]:
        """Yield events in the order of time."""
        arrival = self.now
        while True:
            if not self._waiting or arrival <= self._waiting[0][0]:
                self.now = arrival
                self._wait(self._welcome(), 0.0)
                arrival -= self._pause_s * log(1.0 - self._rng.random())
                continue
            self.now, _, visit = heappop(self._waiting)
            kind, articles = visit.script.popleft()
            made = self._made(kind, articles, visit)
            if visit.script:
                self._wait(visit, -THINK_S * log(1.0 - self._rng.random()))
            yield made

    def offered(
        self, offer_id: str, customer_id: str, session_id: str, skus: Sequence[str]
    ) -> None:
        """Let a customer see an offer a moment later, and perhaps click and follow it."""
        if self._rng.random() >= _SHOWN or not skus:
            return
        script: deque[tuple[str, Sequence[int]]] = deque([(f"shown {offer_id}", ())])
        if self._rng.random() < _CLICKED:
            article = int(skus[0].removeprefix("a"))
            script += [(f"clicked {offer_id}", (article,)), ("view", (article,))]
        self._wait(_Visit(int(customer_id.removeprefix("c")), session_id, script), 1.0)

    def _wait(self, visit: _Visit, seconds: float) -> None:
        heappush(self._waiting, (self.now + seconds, next(self._turns), visit))

    def _welcome(self) -> _Visit:
        number = self.visits
        self.visits += 1
        if number < self.customers:
            customer = int(self._order[number])
        else:
            customer = self._first + int(self._rng.random() * self.customers)
        unseen, odd = divmod(number, 2)
        first = int(self._shelf[unseen]) if odd and unseen < self.items else None
        return _Visit(customer, f"v{self._run}-{number:x}", self._script(first))

    def _script(self, first: int | None = None) -> deque[tuple[str, Sequence[int]]]:
        rng, script = self._rng, deque[tuple[str, Sequence[int]]]()
        article, cart = self._popular() if first is None else first, []
        for view in range(_MOST_VIEWS):
            script.append(("view", (article,)))
            if rng.random() < _ADD:
                script.append(("add", (article,)))
                cart.append(article)
            if view and rng.random() >= _ONE_MORE_VIEW:
                break
            article = self._next_to(article)
        if rng.random() < (_ORDER_WITH_CART if cart else _ORDER):
            lines = dict.fromkeys(cart or [article])
            while len(lines) < _MOST_LINES and rng.random() < _ONE_MORE_LINE:
                lines[self._next_to(article)] = None
            script.append(("order", tuple(lines)))
            if rng.random() < _CANCEL:
                script.append(("cancel", ()))
        return script

    def _popular(self) -> int:
        if not self._drawn:
            drawn = np.searchsorted(self._levels, self._draws.random(_BLOCK))
            self._drawn.extend(np.minimum(drawn, self.items - 1).tolist())
        return self._drawn.popleft()

    def _next_to(self, article: int) -> int:
        if self._rng.random() >= _STAY_IN_FAMILY:
            return self._popular()
        first = int(self._place[article]) // _FAMILY * _FAMILY
        last = min(first + _FAMILY, self.items)
        return int(self._shelf[first + int(self._rng.random() * (last - first))])

    def _made(self, kind: str, articles: Sequence[int], visit: _Visit) -> Sent:
        number = next(self._numbers)
        customer = f"c{visit.customer:07d}"
        moment = datetime.fromtimestamp(self.now, UTC).isoformat()
        shared = (
            f'"event_id":"{self._run}-{number:x}","occurred_at":"{moment}",'
            f'"customer_id":"{customer}","consent":true,"session_id":"{visit.name}"'
        )
        kind, _, offer = kind.partition(" ")
        match kind:
            case "view" | "add":
                tag = "view" if kind == "view" else "add_to_cart"
                article = articles[0]
                own = (
                    f'"type":"{tag}","sku":"{sku(article)}","category":"k{article % 97}",'
                    f'"price":{9.9 + article % 500}'
                )
            case "shown":
                own = f'"type":"offer_shown","offer_id":"{offer}"'
            case "clicked":
                own = f'"type":"offer_clicked","offer_id":"{offer}","sku":"{sku(articles[0])}"'
            case "order":
                lines = ",".join(
                    f'{{"sku":"{sku(article)}","quantity":{1 + (number + article) % 7 // 6}}}'
                    for article in articles
                )
                own = f'"type":"placed","order_id":"o{visit.name}","lines":[{lines}]'
            case _:
                shared = shared[: shared.rindex(',"session_id"')]
                own = f'"type":"cancelled","order_id":"o{visit.name}"'
        topic = "orders" if kind in {"order", "cancel"} else "clickstream"
        return Sent(topic, customer.encode(), f"{{{own},{shared}}}".encode(), self.now)


def sku(article: int) -> str:
    """Return the article number."""
    return f"a{article:06d}"
