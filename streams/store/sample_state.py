"""Made-up states of shards as they are kept, to measure what a customer or a sensor takes in one."""

from __future__ import annotations

import copy
import hashlib
import math
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from models.effects import Effects, Origin
from models.floor import FloorSettings, FloorShard
from models.scorers.machine import MachineScore, MachineSettings
from models.shop import ShopSettings, ShopShard
from models.snapshot import Snapshot, seal
from schemas.catalogue import ArticleChanged
from schemas.clickstream import View
from schemas.orders import OrderLine, OrderPlaced
from schemas.sensors import Measurement

_START = 1_790_000_000


def shop_state(customers: int) -> bytes:
    """Return the snapshot of a shop shard: each customer with three views and a basket of five.

    There are as many articles as customers, and the catalogue tells of all of them.
    Of the five articles the first is configured: two of nine values for one of every ten articles.
    """
    shard = ShopShard(ShopSettings())
    for offset, (topic, event) in enumerate(_shopping(customers)):
        origin, effects = Origin(topic, 0, offset, _START * 2.0), Effects()
        effects.begin(origin)
        shard.accept(event, origin, effects)
    return _sealed(shard)


def _shopping(customers: int) -> Iterator[tuple[str, Any]]:
    for number in range(customers):
        customer = f"customer-{number:06d}"
        skus = [_sku(_drawn(number, turn) % customers) for turn in range(8)]
        for turn, sku in enumerate(skus[:3]):
            yield "clickstream", View(
                event_id=_id(number, turn), occurred_at=_at(number + turn), sku=sku,
                session_id=f"visit-{number:08d}", customer_id=customer, consent=True,
            )  # fmt: skip
        yield "catalogue", ArticleChanged(
            event_id=_id(number, 10), occurred_at=_at(number), sku=_sku(number), stock=number,
            category=f"category-{number % 20}", price=number + 149.99, cost=number + 88.25,
        )  # fmt: skip
        yield "orders", OrderPlaced(
            event_id=_id(number, 9), occurred_at=_at(number + 9), order_id=f"order-{number:08d}",
            lines=(_configured(number, customers), *(OrderLine(sku=sku) for sku in skus[4:])),
            customer_id=customer, consent=True,
        )  # fmt: skip


def _configured(number: int, customers: int) -> OrderLine:
    options = {
        "material": f"wood-{_drawn(number, 10) % 4}", "colour": f"shade-{_drawn(number, 11) % 5}"
    }  # fmt: skip
    articles = max(customers // 10, 1)
    return OrderLine(sku=_sku(_drawn(number, 12) % articles), options=options)


def floor_state(sensors: int) -> bytes:
    """Return the snapshot of a floor shard: each sensor with five event ids and all its samples kept.

    They are of machines with as many sensors as are scored together, and all their rows are kept, too.
    """
    shard = FloorShard(FloorSettings())
    watch = shard.settings.watch
    together = watch.machine.most_sensors
    for number in range(sensors):
        for turn in range(5):
            event = Measurement(
                event_id=_id(number, turn), occurred_at=_at(number + turn), line="line-1",
                machine=f"machine-{number // together}", sensor=f"sensor-{number % together}",
                unit="Cel", value=20.0 + _drawn(number, turn) % 10_000 / 10_000,
            )  # fmt: skip
            origin, effects = Origin("sensors", 0, number * 5 + turn, _START * 2.0), Effects()
            effects.begin(origin)
            shard.accept(event, origin, effects)
    window = watch.sensor.scorer.shape.window
    rng = np.random.default_rng(1)
    learnt = _learnt(rng, together, watch.machine)
    for machine in shard.machines.values():
        machine.score = copy.deepcopy(learnt)
        for sensor in machine.sensors.values():
            sensor.score.shape.remember(20.0 + rng.integers(0, 10_000, window) / 10_000)
    return _sealed(shard)


def _learnt(rng: np.random.Generator, sensors: int, settings: MachineSettings) -> MachineScore:
    """Return a machine's score that keeps as many rows as it ever does."""
    settings = replace(settings, relearn_every=math.inf)
    score = MachineScore(sensors, settings)
    for _ in range(settings.rows_to_keep(sensors)):
        row = 20.0 + rng.integers(0, 10_000, sensors) / 10_000
        score.learn(score.score(row, settings), settings, lambda: [1e-4] * sensors, quiet=True)
    return score


def _sealed(shard: Any) -> bytes:
    return seal(Snapshot(shard, {"orders": 10**7}, (0,)), b"sample")


def _at(second: int) -> datetime:
    return datetime.fromtimestamp(_START + second, UTC)


def _sku(number: int) -> str:
    return f"sku-{number:06d}"


def _id(number: int, turn: int) -> str:
    return str(uuid.UUID(int=_drawn(number, turn)))


def _drawn(number: int, turn: int) -> int:
    """A number that looks like chance and is the same each time."""
    return int.from_bytes(hashlib.sha256(f"{number}/{turn}".encode()).digest()[:16])
