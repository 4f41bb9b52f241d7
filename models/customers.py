"""What is remembered of a customer who agreed to it: a bounded record, gone when unused."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import field

from models.packed import pack, unpack
from models.sequences.visit import Visit

MAX_CART = 50
MAX_BOUGHT = 50
MAX_OFFERED = 50
MAX_CONFIGURED = 20
PURCHASE_HALF_LIFE_S = 42 * 86_400.0


class Purchase(NamedTuple):
    """What is known of an article that a customer bought."""

    at: float
    """When last."""
    times: int
    weight: float
    """Number of purchases as of the last one, each half as much after `PURCHASE_HALF_LIFE_S`."""

    def weight_at(self, at: float) -> float:
        """Return the weight as of ``at`` (unix seconds)."""
        return self.weight * math.exp2(-max(at - self.at, 0.0) / PURCHASE_HALF_LIFE_S)

    def again(self, at: float) -> Purchase:
        """Return what is known after one more purchase."""
        return Purchase(at, self.times + 1, self.weight_at(at) + 1.0)


class Example(msgspec.Struct, array_like=True):
    """Features logged when a session was scored, waiting for the label."""

    features: dict[str, float]
    score: float
    """The probability that was served."""
    scores: Mapping[Any, float]
    """That of each contender, by name."""


class Granted(NamedTuple):
    """A discount that was offered."""

    campaign: str
    at: float


NEVER = Purchase(0.0, 0, 0.0)


class Customer(msgspec.Struct, array_like=True):
    """A customer's profile and current session. Times in unix seconds."""

    session_id: str = ""
    sessions: int = 0
    started: float = 0.0
    last: float = 0.0
    views: int = 0
    searches: int = 0
    carts: int = 0
    removes: int = 0
    clicks: int = 0
    session_orders: int = 0
    """Orders in this session."""
    visit: Visit = field(default_factory=Visit)
    """What was viewed in this session."""
    cart: dict[str, None] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    orders: int = 0
    last_order_at: float = 0.0
    bought: dict[str, Purchase] = field(default_factory=dict)
    """By article, the one last bought last."""
    configured: dict[str, dict[str, str]] = field(default_factory=dict)
    """By article, the values of its options that were ordered last; the one last ordered last."""
    offered: dict[str, float] = field(default_factory=dict)
    """When an article was last offered."""
    offer_times: list[float] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """Offers that may not be decided yet."""
    clicked: list[str] = field(default_factory=list)
    """Articles clicked in an offer and not bought yet."""
    ignored: dict[str, int] = field(default_factory=dict)
    """How often an article was shown in an offer and not clicked, since it last was."""
    ignored_offers: int = 0
    """Offers in a row that were shown and not clicked."""
    wanted: list[str] = field(default_factory=list)
    """Articles that were put into a cart and not bought yet."""
    campaigns: dict[str, int] = field(default_factory=dict)
    """How many offers of each campaign were made."""
    granted: dict[str, Granted] = field(default_factory=dict)
    """By article, the discount that was offered last."""
    compared_at: float = -math.inf
    """When a session was last counted for what offers are worth."""
    compared: bool = False
    """Whether this session is counted, and has not bought yet."""

    def start_session(self, session_id: str, at: float) -> None:
        """Begin a new session: everything about the old one goes."""
        self.session_id, self.started = session_id, at
        self.sessions += bool(session_id)
        self.views = self.searches = self.carts = self.removes = self.clicks = 0
        self.session_orders = 0
        self.visit.begin()
        self.cart.clear()
        self.examples.clear()
        self.compared = False

    def remember_purchase(self, sku: str, at: float) -> None:
        """Note that an article was bought."""
        self.bought[sku] = self.bought.pop(sku, NEVER).again(at)
        if len(self.bought) > MAX_BOUGHT:
            del self.bought[next(iter(self.bought))]

    def remember_options(self, sku: str, options: Mapping[str, str]) -> None:
        """Note how an article was configured: the last time counts."""
        self.configured.pop(sku, None)
        self.configured[sku] = dict(options)
        if len(self.configured) > MAX_CONFIGURED:
            del self.configured[next(iter(self.configured))]

    def remember_shown(self, sku: str, *, clicked: bool) -> None:
        """Note what the customer did with an article that was shown."""
        times = 0 if clicked else self.ignored.get(sku, 0) + 1
        self.ignored.pop(sku, None)
        if times:
            self.ignored[sku] = times
            if len(self.ignored) > MAX_OFFERED:
                del self.ignored[next(iter(self.ignored))]

    def remember_offer(self, skus: tuple[str, ...], at: float, cap: int) -> None:
        """Note that articles were offered; ``cap`` offers are remembered for the daily limit."""
        for sku in skus:
            self.offered.pop(sku, None)
            self.offered[sku] = at
        while len(self.offered) > MAX_OFFERED:
            del self.offered[next(iter(self.offered))]
        self.offer_times.append(at)
        del self.offer_times[: -max(cap, 1)]


class Customers:
    """The customers of a shard, least recently seen first out."""

    __slots__ = ("_by_id", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._by_id: OrderedDict[str, Customer] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {"capacity": self.capacity, "packed": pack(dict(self._by_id.items()))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.capacity = state["capacity"]
        self._by_id = OrderedDict(unpack(state["packed"], dict[str, Customer]))

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, customer_id: str) -> bool:
        return customer_id in self._by_id

    def __getitem__(self, customer_id: str) -> Customer:
        return self._by_id[customer_id]

    def get(self, customer_id: str) -> Customer | None:
        """Return a customer, or None if unknown."""
        return self._by_id.get(customer_id)

    def touch(self, customer_id: str) -> tuple[Customer, tuple[str, Customer] | None]:
        """Return a customer, new if unknown, and the one that had to go with its id, if any."""
        customer = self._by_id.get(customer_id)
        if customer is not None:
            self._by_id.move_to_end(customer_id)
            return customer, None
        customer = self._by_id[customer_id] = Customer()
        if len(self._by_id) > self.capacity:
            return customer, self._by_id.popitem(last=False)
        return customer, None

    def forget(self, customer_id: str) -> Customer | None:
        """Erase a customer's profile; return what it was, if there was one."""
        return self._by_id.pop(customer_id, None)
