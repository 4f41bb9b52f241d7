"""Events and origins, with only what the test cares about."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from models.effects import Effects, Origin
from models.floor import FloorShard
from models.shop import Outcome, ShopShard
from schemas.catalogue import ArticleChanged
from schemas.clickstream import (
    AddToCart,
    OfferClicked,
    OfferShown,
    RemoveFromCart,
    Search,
    View,
)
from schemas.commands import Command
from schemas.orders import OrderCancelled, OrderLine, OrderPlaced, OrderReturned
from schemas.sensors import MachineState, Measurement, ProductionCount

T0 = 1_800_000_000.0
_numbers = count()


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _common(at: float, more: dict[str, Any]) -> dict[str, Any]:
    more.setdefault("event_id", f"e{next(_numbers)}")
    return {"occurred_at": moment(T0 + at), **more}


def _click(at: float, more: dict[str, Any]) -> dict[str, Any]:
    return {"customer_id": "c1", "session_id": "s1", "consent": True, **_common(at, more)}


def view(sku: str, at: float = 0.0, **more: Any) -> View:
    return View(sku=sku, **_click(at, more))


def search(at: float = 0.0, **more: Any) -> Search:
    return Search(query="boots", **_click(at, more))


def add(sku: str, at: float = 0.0, **more: Any) -> AddToCart:
    return AddToCart(sku=sku, **_click(at, more))


def remove(sku: str, at: float = 0.0, **more: Any) -> RemoveFromCart:
    return RemoveFromCart(sku=sku, **_click(at, more))


def shown(offer_id: str, at: float = 0.0, **more: Any) -> OfferShown:
    return OfferShown(offer_id=offer_id, **_click(at, more))


def clicked(offer_id: str, at: float = 0.0, **more: Any) -> OfferClicked:
    return OfferClicked(offer_id=offer_id, **_click(at, more))


Lines = dict[str, int] | str | tuple[OrderLine, ...]
"""Articles with quantities, articles in a row, or the lines themselves."""


def line(sku: str, quantity: int = 1, **options: str) -> OrderLine:
    return OrderLine(sku=sku, quantity=quantity, options=options)


def _lines(skus: Lines) -> tuple[OrderLine, ...]:
    if isinstance(skus, tuple):
        return skus
    quantities = skus if isinstance(skus, dict) else dict.fromkeys(skus.split(), 1)
    return tuple(OrderLine(sku=sku, quantity=n) for sku, n in quantities.items())


def placed(order_id: str, skus: Lines, at: float = 0.0, **more: Any) -> OrderPlaced:
    more = {"customer_id": "c1", "consent": True, **_common(at, more)}
    return OrderPlaced(order_id=order_id, lines=_lines(skus), **more)


def cancelled(order_id: str, skus: Lines = "", at: float = 0.0, **more: Any) -> OrderCancelled:
    more = {"customer_id": "c1", "consent": True, **_common(at, more)}
    return OrderCancelled(order_id=order_id, lines=_lines(skus), **more)


def returned(order_id: str, skus: Lines = "", at: float = 0.0, **more: Any) -> OrderReturned:
    more = {"customer_id": "c1", "consent": True, **_common(at, more)}
    return OrderReturned(order_id=order_id, lines=_lines(skus), **more)


def article(sku: str, at: float = 0.0, **more: Any) -> ArticleChanged:
    return ArticleChanged(sku=sku, **_common(at, more))


def sample(value: float | None, at: float = 0.0, **more: Any) -> Measurement:
    more = {"unit": "Cel", "sensor": "temperature", **_common(at, more)}
    return Measurement(line="l1", machine="m1", value=value, **more)


def made(sku: str, good: int, scrap: int = 0, at: float = 0.0, **more: Any) -> ProductionCount:
    return ProductionCount(
        line="l1", machine="m1", sku=sku, good=good, scrap=scrap, **_common(at, more)
    )


def state(name: Any, at: float = 0.0, **more: Any) -> MachineState:
    fields: dict[str, Any] = {"line": "l1", "machine": "m1", **_common(at, more)}
    return MachineState(state=name, **fields)


def command(kind: type[Any], at: float = 0.0, **more: Any) -> Any:
    fields: dict[str, Any] = {"line": "l1", "machine": "m1", "by": "kim", **_common(at, more)}
    return kind(**fields)


def topic_of(event: Any) -> str:
    if isinstance(event, Command):
        return "commands"
    if isinstance(event, OrderPlaced | OrderCancelled | OrderReturned):
        return "orders"
    if isinstance(event, ArticleChanged):
        return "catalogue"
    return "sensors" if hasattr(event, "machine") else "clickstream"


class Feed:
    """Feeds a shard; offsets count up, Kafka's time is the event's.

    ``sceptical``: unless it is half an hour ahead of all others.
    """

    def __init__(
        self, shard: ShopShard | FloorShard, parts: int = 1, *, sceptical: bool = False
    ) -> None:
        self.sceptical = sceptical
        self.shard = shard
        self.effects = Effects(parts)
        self.arrived = 0.0
        self._offsets = count()

    def __call__(self, *events: Any) -> list[Outcome]:
        outcomes = []
        for event in events:
            at = event.occurred_at.timestamp()
            if not (self.sceptical and self.arrived and at > self.arrived + 1800):
                self.arrived = max(at, self.arrived)
            origin = Origin(topic_of(event), 0, next(self._offsets), self.arrived)
            self.effects.begin(origin)
            outcomes.append(self.shard.accept(event, origin, self.effects))
        return outcomes

    @property
    def sent(self) -> list[Any]:
        return [output.value for output in self.effects.outputs]
