"""Shards that have seen everything, and what happened to them."""

from __future__ import annotations

import math
import pickle
import random
from typing import Any

import numpy as np

from models.campaigns.campaign import Campaign
from models.campaigns.document import OfferRules
from models.effects import Effects, Origin
from models.floor import FloorSettings, FloorShard
from models.itemsets.counts import ItemsetSettings
from models.line.document import (
    AlarmChoice,
    ChartChoice,
    LineChoice,
    LineRules,
    MachineChoice,
    RateChoice,
    SensorChoice,
)
from models.line.machine import WatchSettings
from models.line.sensor import SensorSettings
from models.merge import MergeSettings
from models.offers.settings import OfferSettings
from models.scorers.machine import MachineSettings
from models.shop import ShopSettings, ShopShard
from models.view import LINE_RULES, OFFER_RULES, View, encode
from schemas.commands import (
    Acknowledge,
    CallNormal,
    Command,
    PutIntoService,
    Shelve,
    TakeOutOfService,
)
from schemas.orders import OrderLine
from tests.models import events as e
from tests.models.stores import Store, view_of

BUSY = ShopSettings(
    itemsets=ItemsetSettings(half_life_s=600.0, epsilon=0.01, cap=4, min_customers=2),
    offers=OfferSettings(cooldown_s=30.0, item_cooldown_s=60.0, daily_cap=50, rebuy_after_s=300.0),
    max_customers=12,
    seen_ids=200,
)
RULES = OfferRules(
    triggers={"session_end": True, "cart_left": True},
    campaigns=(Campaign(name="sale", items=("s1", "s4"), discount=0.2),),
)
MERGED = MergeSettings(min_support=0.01, min_count=2.0, false_discovery_rate=0.2)


def shop_events(seed: int, number: int = 600) -> list[Any]:
    """Draw a mixture of all events of the shop, with repeats, late and future ones."""
    rng, at, made = random.Random(seed), 0.0, list[Any]()
    skus = [f"s{n}" for n in range(12)]
    offers = [f"offer-{n}" for n in range(5)]
    for number_ in range(number):
        at += rng.expovariate(0.2)
        who: dict[str, Any] = {
            "event_id": f"{seed}-{number_}",
            "customer_id": f"c{rng.randrange(15)}",
            "consent": rng.random() < 0.93,
        }
        visit = {**who, "session_id": f"{who['customer_id']}-{int(at // 900)}"}
        sku, when = rng.choice(skus), at - rng.choice([0, 0, 0, 40])
        order = f"o{rng.randrange(60)}"
        basket = " ".join(rng.sample(rng.choice([skus[:3], skus[3:6], skus]), k=rng.randint(1, 3)))
        made += rng.choices(
            [
                [e.view(sku, when, **visit)],
                [e.search(when, **visit)],
                [e.add(sku, when, **visit)],
                [e.remove(sku, when, **visit)],
                [e.shown(rng.choice(offers), when, **visit)],
                [e.clicked(rng.choice(offers), when, sku=sku, **visit)],
                [e.placed(order, configured(basket, number_), when, **who)],
                [e.cancelled(order, rng.choice(["", sku]), when, **who)],
                [e.returned(order, sku, when, **who)],
                made[-5:-4],
                [e.view(sku, when + 4000, **visit)],
            ],
            [9, 1, 3, 1, 1, 1, 3, 0.5, 0.5, 1, 0.2],
        )[0]
    return made


def configured(basket: str, number: int) -> tuple[OrderLine, ...]:
    """The lines of a basket, some with options; chosen by a number, not by a further draw."""
    wood = ["oak", "ash", "elm"][number % 3]
    return tuple(
        e.line(sku, 1, wood=wood, oil="matt" if wood == "oak" else "gloss")
        if (turn + number) % 2
        else e.line(sku)
        for turn, sku in enumerate(basket.split())
    )


LINE = LineRules(
    alarms={"all": AlarmChoice(acknowledge=True, realarm_s=50.0)},
    lines={
        "l1": LineChoice(
            machines={
                "m1": MachineChoice(
                    ideal_cycle_s=2.0,
                    sensors={
                        "temperature": SensorChoice(
                            limits={"high": 25.0, "low_low": 0.0},
                            rate=RateChoice(per_min=40.0, over_s=30.0),
                            control_chart=ChartChoice(size=2, every_s=6.0),
                            alarms={"limits": AlarmChoice(on_delay_s=2.0, off_delay_s=2.0)},
                        ),
                        "pressure": SensorChoice(
                            control_chart=ChartChoice(chart="ewma", size=2, every_s=6.0)
                        ),
                    },
                )
            }
        )
    },
)
COMMANDS: dict[int, tuple[type[Command], dict[str, Any]]] = {
    150: (Shelve, {"sensor": "pressure", "for_s": 200.0, "reason": "being cleaned"}),
    330: (Acknowledge, {}),
    400: (TakeOutOfService, {"sensor": "temperature", "reason": "being replaced"}),
    450: (PutIntoService, {}),
    600: (CallNormal, {"reason": "another recipe"}),
}


def floor_events(seed: int, number: int = 900) -> list[Any]:
    """Draw samples of two sensors, with faults, other units, bad quality and a machine that stops."""
    rng, made = random.Random(seed), list[Any]()
    for n in range(number):
        at, marks = n * 1.0, {"event_id": f"{seed}-{n}"}
        sensor = rng.choice(["temperature", "pressure"])
        fault = 12.0 if 300 < n < 340 else 0.0
        kelvin = rng.random() < 0.1
        value = round(rng.gauss(20.0, 0.5) + fault + (273.15 if kelvin else 0.0), 3)
        quality = "bad" if 500 < n < 540 else rng.choice(["good"] * 9 + ["uncertain"])
        late = rng.choice([0.0] * 9 + [30.0])
        made.append(
            e.sample(
                value,
                at - late,
                sensor=sensor,
                unit="K" if kelvin else "Cel",
                quality=quality,
                **marks,
            )
        )
        if n % 50 == 0:
            made.append(e.made("s1", rng.randrange(5), rng.randrange(2), at, event_id=f"m{n}"))
        if n in COMMANDS:
            kind, more = COMMANDS[n]
            made.append(e.command(kind, at, event_id=f"c{n}", **more))
        if n in {700, 750}:
            made.append(e.state("stopped" if n == 700 else "running", at, event_id=f"s{n}"))
        if n % 97 == 0:
            made.append(made[-1])
    return made


def quick_floor() -> FloorShard:
    shard = FloorShard(
        FloorSettings(
            watch=WatchSettings(
                sensor=SensorSettings(normal_after=100, normal_after_s=0.0),
                machine=MachineSettings(learn_rows=30),
            ),
            seen_ids=300,
        )
    )
    shard.adopt(View(1, {LINE_RULES: encode(LINE)}, (1,)), Effects())
    return shard


class BusyShop:
    """A shop shard with its own store and merge: views, ticks and publishing come in between."""

    def __init__(self, shard: ShopShard | None = None) -> None:
        self.feed = e.Feed(shard or ShopShard(BUSY), sceptical=True)
        self.store = Store()
        self.turn = 0
        self.view: Any = None
        self.sent: list[Any] = []
        self.outcomes: list[Any] = []

    def run(self, made: list[Any]) -> None:
        for event in made:
            self.turn += 1
            before = len(self.feed.effects.outputs)
            self.outcomes += self.feed(event)
            self.react([output.value for output in self.feed.effects.outputs[before:]])
            shard: Any = self.feed.shard
            if self.turn % 40 == 0:
                shard.publish(self.feed.effects)
                self.flush()
                view = view_of([self.store], MERGED, self.turn)
                self.view = view.changed(0, self.turn, {OFFER_RULES: encode(RULES)})
                shard.adopt(self.view, self.feed.effects)
            if self.turn % 150 == 0:
                self.feed.effects.begin(Origin("@tick", 0, self.turn, 0.0))
                shard.tick(shard.clock + 120.0, self.feed.effects)
        self.flush()

    def react(self, offers: list[Any]) -> None:
        """Look at two of three offers, click some, and buy some of that."""
        for offer in offers:
            number, at = int(offer.offer_id[:8], 16), offer.decided_at.timestamp() - e.T0
            who = {"customer_id": offer.customer_id, "event_id": f"r-{offer.offer_id}"}
            visit = {**who, "session_id": offer.session_id or "mail"}
            if number % 3:
                self.feed(e.shown(offer.offer_id, at, **visit))
            if number % 6 == 1:
                sku = offer.items[0].sku
                visit["event_id"] += "-click"
                self.feed(e.clicked(offer.offer_id, at, sku=sku, **visit))
                if number % 12 == 1:
                    lines = (OrderLine(sku=sku, quantity=2, unit_price=20.0),)
                    self.feed(e.placed(f"o{offer.offer_id}", lines, at, **who))

    def flush(self) -> None:
        self.sent += self.feed.effects.outputs
        self.feed.effects = self.store.apply(self.feed.effects)


def plain(value: Any) -> Any:
    """Return a state as plain data that compares: objects by their attributes, arrays as lists.

    Of objects that say what a copy of them needs, it is that.
    """
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float) and math.isnan(value):
        return "nan"  # which equals itself
    if isinstance(value, dict):
        return {key: plain(own) for key, own in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(own) for own in (sorted(value) if isinstance(value, set) else value)]
    if type(value).__module__.startswith("river"):
        return pickle.dumps(value)
    if "__getstate__" in vars(type(value)):
        return plain(value.__getstate__())
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    if names:
        return {name: plain(getattr(value, name)) for name in names}
    return value
