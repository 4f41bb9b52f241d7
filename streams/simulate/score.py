"""What was found against what was planted, with simple baselines beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import nlargest
from itertools import combinations
from typing import Any

import msgspec

from models.alarms.kpi import kpis
from schemas.outputs import Advice, Alert
from streams.simulate.faults import Fault
from streams.simulate.offers import OfferTally
from streams.simulate.stockroom import Change
from streams.simulate.truth import Truth

GRACE_S = 10.0
"""How long after its end a fault may still be noticed."""

Pair = frozenset[str]


def score(
    truth: Truth,
    alerts: Iterable[Alert],
    rules: Iterable[tuple[str, str]],
    *,
    started_at: float,
    until: float,
    configurations: Iterable[tuple[str, str, str]] = (),
    advice: Iterable[Advice] = (),
    offers: OfferTally | None = None,
    stock: Mapping[Change, int] | None = None,
    grace_s: float = GRACE_S,
) -> dict[str, Any]:
    """Compare everything that the system said between two times (unix seconds) with the truth.

    ``rules`` are (antecedent, consequent), ``configurations`` (article, option, value proposed),
    ``stock`` is how often each thing happened to an article.
    """
    faults = truth.faults_before(until - started_at)
    told = tuple(alerts)
    return {
        **_faults(faults, told, started_at, grace_s),
        **_operator(told, started_at, until),
        **_affinities(truth, rules),
        **_configurations(truth, configurations),
        **_shift(truth, advice, started_at, until),
        **({} if offers is None else {"offers": offers.as_dict()}),
        **({} if stock is None else {"catalogue": {"articles": len(truth.articles), **stock}}),
    }


def _faults(
    faults: tuple[Fault, ...], alerts: Iterable[Alert], started_at: float, grace_s: float
) -> dict[str, Any]:
    found: dict[Fault, float] = {}
    false: list[str] = []
    raised = 0
    for alert in alerts:
        if alert.state != "active":
            continue
        raised += 1
        at = alert.occurred_at.timestamp() - started_at
        hit = [
            fault
            for fault in faults
            if (fault.line, fault.machine) == (alert.line, alert.machine)
            and alert.sensor in (None, fault.sensor)
            and fault.start_s <= at <= fault.end_s + grace_s
        ]
        for fault in hit:
            found[fault] = min(at - fault.start_s, found.get(fault, float("inf")))
        if not hit:
            place = "/".join(filter(None, (alert.line, alert.machine, alert.sensor or "machine")))
            false.append(f"{place} {alert.condition} at {at:.0f} s")
    return {
        "faults_planted": len(faults),
        "faults_found": len(found),
        "faults_recall": _ratio(len(found), len(faults)),
        "faults_found_names": [fault.label() for fault in faults if fault in found],
        "faults_missed_names": [fault.label() for fault in faults if fault not in found],
        "faults_delay_s": sum(found.values()) / len(found) if found else None,
        "alerts_raised": raised,
        "alerts_false": len(false),
        "alerts_false_names": false,
        "alerts_precision": _ratio(raised - len(false), raised),
    }


def _operator(alerts: Iterable[Alert], started_at: float, until: float) -> dict[str, Any]:
    """Return how well operators can live with the alarms (ISA-18.2); nothing before anything happened."""
    if until <= started_at:
        return {}
    of_machines = [alert for alert in alerts if alert.machine is not None]
    return {"operator": msgspec.to_builtins(kpis(of_machines, started_at, until))}


def _affinities(truth: Truth, rules: Iterable[tuple[str, str]]) -> dict[str, Any]:
    planted = {frozenset((pair.a, pair.b)): f"{pair.a} + {pair.b}" for pair in truth.affinities}
    told = {frozenset(rule) for rule in rules}
    found = planted.keys() & told
    return {
        "affinities_planted": len(planted),
        "affinities_found": len(found),
        "affinities_recall": _ratio(len(found), len(planted)),
        "affinities_found_names": sorted(planted[pair] for pair in found),
        "affinities_missed_names": sorted(planted[pair] for pair in planted.keys() - told),
        "rules_published": len(told),
        "rules_precision": _ratio(len(found), len(told)),
        "affinities_found_by_popularity": len(planted.keys() & popular_pairs(truth, len(told))),
    }


def popular_pairs(truth: Truth, number: int) -> set[Pair]:
    """Return the pairs that would be named by looking at nothing but how well articles sell."""
    pairs = combinations(truth.old_mix, 2)
    best = nlargest(number, pairs, key=lambda pair: truth.old_mix[pair[0]] * truth.old_mix[pair[1]])
    return {frozenset(pair) for pair in best}


def _configurations(truth: Truth, told: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    planted = {(habit.sku, habit.option, habit.value) for habit in truth.configurations}
    proposed = set(told)
    found = planted & proposed
    return {
        "configurations_planted": len(planted),
        "configurations_found": len(found),
        "configurations_recall": _ratio(len(found), len(planted)),
        "configurations_found_names": [" ".join(habit) for habit in sorted(found)],
        "configurations_missed_names": [" ".join(habit) for habit in sorted(planted - proposed)],
        "configurations_proposed": len(proposed),
        "configurations_precision": _ratio(len(found), len(proposed)),
    }


def _shift(
    truth: Truth, advice: Iterable[Advice], started_at: float, until: float
) -> dict[str, Any]:
    """Find the first advice to make more of what is suddenly wanted."""
    times = [
        piece.advised_at.timestamp() - started_at - truth.shift.start_s
        for piece in advice
        if piece.sku in truth.shift.skus and piece.units > 0
    ]
    after = [seconds for seconds in times if seconds >= 0.0]
    return {
        "shift_planted": int(until - started_at > truth.shift.start_s),
        "shift_found": int(bool(after)),
        "shift_delay_s": min(after) if after else None,
        "shift_category": truth.shift.category,
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
