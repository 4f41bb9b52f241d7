"""A snapshot in the middle of a demo."""

from __future__ import annotations

from datetime import UTC, datetime

from models.itemsets.rules import Rule
from schemas.outputs import Alert, Offer, OfferItem, Reason
from streams.demo.snapshot import (
    Heard,
    Input,
    Latency,
    Output,
    Planted,
    Propensity,
    Snapshot,
    WorkerState,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def offer(number: int = 1) -> Offer:
    reason = Reason(
        kind="bought_together", text=f"Bought together with [red]shirt-{number}[/]. " * 4
    )
    return Offer(
        offer_id=f"offer-{number:08d}", decided_at=NOON, expires_at=NOON,
        customer_id=f"customer-with-a-long-name-{number}", session_id="s", trigger="view",
        items=(OfferItem(sku=f"trouser-{number:02d}", score=1.0, reason=reason),),
        propensity=0.5, policy="p",
    )  # fmt: skip


def alert(number: int = 1) -> Alert:
    return Alert(
        alert_id=f"alert-{number:08d}", alarm_id=f"alarm-{number:08d}", occurrence=1,
        state="active", occurred_at=NOON, since=NOON, line="line-1", machine="cutter",
        sensor=f"temperature-{number}", condition="bad_quality", priority="high", value=1.0,
        unit="Cel", expected=2.0, z=9.0, limit=5.0, text="t",
    )  # fmt: skip


def busy(**changes: object) -> Snapshot:
    rule = Rule(antecedent="shirt-01", consequent="belt-02", n=900, n_a=60, n_b=50, n_ab=34)
    one = Input(
        published=1_000_107, read=1_000_107, accepted=1_000_000, duplicates=7, rejected=100,
        reasons={"invalid": 60, "not_json": 40}, lag=0, rate=12_345.6,
        latency=Latency(4.5, 61.2, 1_234.5),
    )  # fmt: skip
    parts: dict[str, object] = {
        "elapsed_s": 61.0,
        "inputs": {"clickstream": one, "orders": Input(), "catalogue": Input(), "sensors": Input()},
        "outputs": {
            "offers": Output(20, 20),
            "alerts": Output(),
            "advice": Output(),
            "dead-letters": Output(100, 100),
        },
        "workers": tuple(WorkerState(f"worker-{n}", "ready", 6, 211.0, 220.0) for n in (1, 2)),
        "rules": (rule,) * 20,
        "rules_total": 240,
        "propensity": Propensity(1_234, 500, 0.7, 0.6, 0.69),
        "heard": Heard(
            {"offers": 20}, 0, tuple(map(offer, range(20))), tuple(map(alert, range(20))),
            {"invalid": 60, "not_json": 40},
        ),
        "planted": Planted(6, 3, 12, 9, frozenset({frozenset(("shirt-01", "belt-02"))})),
    }  # fmt: skip
    return Snapshot(**(parts | changes))  # type: ignore[arg-type]
