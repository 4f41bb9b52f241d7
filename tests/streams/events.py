"""Events for the tests of streams: short to write, valid by default."""

from datetime import UTC, datetime

from schemas.catalogue import ArticleChanged
from schemas.clickstream import AddToCart, OfferClicked, OfferShown, View
from schemas.orders import OrderCancelled, OrderLine, OrderPlaced
from schemas.sensors import Measurement, ProductionCount

START = 1_790_000_000.0


def moment(second: float) -> datetime:
    return datetime.fromtimestamp(START + second, UTC)


def view(number: int, sku: str, *, customer: str = "c1", second: float = 0.0, **kwargs) -> View:
    return View(
        event_id=f"v{number}", occurred_at=moment(second), customer_id=customer,
        session_id=kwargs.pop("session", f"s-{customer}"), sku=sku,
        consent=kwargs.pop("consent", True), **kwargs,
    )  # fmt: skip


def add(number: int, sku: str, *, customer: str = "c1", second: float = 0.0) -> AddToCart:
    return AddToCart(
        event_id=f"a{number}", occurred_at=moment(second), customer_id=customer,
        session_id=f"s-{customer}", sku=sku, consent=True,
    )  # fmt: skip


def shown(number: int, offer: str, *, customer: str = "c1", second: float = 0.0) -> OfferShown:
    return OfferShown(
        event_id=f"w{number}", occurred_at=moment(second), customer_id=customer,
        session_id=f"s-{customer}", offer_id=offer, consent=True,
    )  # fmt: skip


def clicked(
    number: int, offer: str, sku: str, *, customer: str = "c1", second: float = 0.0
) -> OfferClicked:
    return OfferClicked(
        event_id=f"k{number}", occurred_at=moment(second), customer_id=customer,
        session_id=f"s-{customer}", offer_id=offer, sku=sku, consent=True,
    )  # fmt: skip


def article(number: int, sku: str, *, second: float = 0.0, **facts) -> ArticleChanged:
    return ArticleChanged(event_id=f"k{number}", occurred_at=moment(second), sku=sku, **facts)


def order(
    number: int, *skus: str, customer: str = "c1", second: float = 0.0, consent: bool = True,
    options: dict[str, str] | None = None,
) -> OrderPlaced:  # fmt: skip
    return OrderPlaced(
        event_id=f"o{number}", occurred_at=moment(second), customer_id=customer,
        order_id=f"order-{number}", consent=consent,
        lines=tuple(OrderLine(sku=sku, options=options or {}) for sku in skus),
    )  # fmt: skip


def cancel(number: int, *skus: str, customer: str = "c1", second: float = 0.0) -> OrderCancelled:
    return OrderCancelled(
        event_id=f"x{number}", occurred_at=moment(second), customer_id=customer,
        order_id=f"order-{number}", lines=tuple(OrderLine(sku=sku) for sku in skus),
    )  # fmt: skip


def sample(
    number: int, value: float | None, *, machine: str = "m1", second: float | None = None, **kwargs
) -> Measurement:
    return Measurement(
        event_id=f"m{number}-{machine}",
        occurred_at=moment(number if second is None else second),
        line="l1", machine=machine, sensor="t", value=value, unit=kwargs.pop("unit", "Cel"),
        **kwargs,
    )  # fmt: skip


def made(number: int, sku: str, good: int, scrap: int = 0) -> ProductionCount:
    return ProductionCount(
        event_id=f"p{number}", occurred_at=moment(number), line="l1", machine="m1",
        sku=sku, good=good, scrap=scrap,
    )  # fmt: skip
