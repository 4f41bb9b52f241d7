"""Alarms that sleep are passed over; what is told must be what it would be if none were."""

from __future__ import annotations

import random
from typing import Any

import pytest

from models.alarms.alarm import Alarm
from models.cleaning.quality import Quality
from models.line.findings import Rule
from models.line.sensor import SensorSettings, SensorWatch
from tests.models.scorers.signals import noise

SETTINGS = SensorSettings()
KINDS = ("spike", "shift", "stuck", "bad", "silence", "none", "none")


class Sleepless(SensorWatch):
    """Steps each alarm that ever was with every sample."""

    def _is_awake(self, rule: Rule) -> bool:
        return rule in self.alarms


def day(seed: int) -> list[tuple[float, float | None, Quality]]:
    """Return samples with faults of all kinds, and what an operator does now and then, by its number."""
    rng, at, samples = random.Random(seed), 0.0, []
    values = noise(seed, 1200)
    kind, left, stuck = "none", 300, 0.0
    for x in values:
        if not left:
            kind, left, stuck = rng.choice(KINDS), rng.randint(3, 90), x
        left -= 1
        at += 400.0 if kind == "silence" and not left else 1.0
        good = kind != "bad"
        off = {"spike": 12.0, "shift": 6.0}.get(kind, 0.0)
        value = stuck if kind == "stuck" else x + off
        samples.append((at, value if good else None, "good" if good else "bad"))
    return samples


def told(watch: SensorWatch, seed: int) -> list[Any]:
    found: list[Any] = []
    rng = random.Random(seed + 100)
    for at, value, quality in day(seed):
        for finding in (
            *watch.pass_time(at - 0.5, SETTINGS), *watch.take(value, quality, at, SETTINGS)
        ):  # fmt: skip
            alarm = finding.alarm
            found.append((at, alarm.occurrence, alarm.since, *finding._replace(alarm=Alarm())))
        for rule, alarm in watch.alarms.items():
            act = rng.random()
            if act < 0.01:
                found.append((at, rule, alarm.shelve(at, at + 60.0)))
            elif act < 0.02:
                behaviour = SETTINGS.anomaly if rule == "anomaly" else SETTINGS.condition
                found.append((at, rule, alarm.acknowledge(at, behaviour)))
            elif act < 0.03:
                found.append((at, rule, alarm.set_service(at, out=rng.random() < 0.3)))
        found.append((at, watch.quiet, watch.in_alarm))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_what_sleeps_is_passed_over_and_nothing_else_is_told(seed: int) -> None:
    ours = SensorWatch("Cel", SETTINGS)
    assert told(ours, seed) == told(Sleepless("Cel", SETTINGS), seed)
    assert ours.alarms, "there was something to pass over"
