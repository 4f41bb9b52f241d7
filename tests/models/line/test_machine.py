"""A machine watched: its sensors one by one, and all of them together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.line.findings import Finding
from models.line.machine import MachineWatch, WatchSettings
from models.line.sensor import SensorWatch
from tests.models.scorers.plants import Floats, plant

SETTINGS = WatchSettings()
DEAF = replace(
    SETTINGS,
    sensor=replace(
        SETTINGS.sensor, scorer=replace(SETTINGS.sensor.scorer, limit=1e9, unlikely=1e9)
    ),
)
"""Sensors by themselves are never in alarm."""


def machine(sensors: int = 4, settings: WatchSettings = SETTINGS) -> MachineWatch:
    watch = MachineWatch()
    for number in range(sensors):
        watch.sensors[f"s{number}"] = SensorWatch("Cel", settings.sensor)
    return watch


def run(
    watch: MachineWatch, rows: Floats, settings: WatchSettings = SETTINGS, start: float = 1.0
) -> list[tuple[int, str | None, Finding]]:
    found = []
    for n, row in enumerate(rows.tolist()):
        for number, x in enumerate(row):
            told = watch.take(f"s{number}", round(x, 2), "good", start + n, settings)
            found += [(n, name, finding) for name, finding in told]
    return found


def own(found: list[tuple[int, str | None, Finding]]) -> list[tuple[int, str]]:
    return [(n, finding.change.after) for n, name, finding in found if name is None]


@pytest.fixture(scope="module")
def broken() -> Floats:
    rows = plant(2, 1200)
    rows[900:1000, 2] += 2.5
    return rows


def test_a_sensor_that_leaves_the_others_is_an_alarm_of_the_machine(broken: Floats) -> None:
    found = run(machine(settings=DEAF), broken, DEAF)
    (begun, active), (over, cleared) = own(found)
    assert (active, cleared) == ("active", "normal")
    assert 900 <= begun <= 920
    assert 1000 <= over <= 1060
    evidence = found[0][2].evidence
    assert evidence.condition == "multivariate"
    assert evidence.z >= evidence.limit
    (first, share), *others = evidence.contributors
    assert first == "s2"
    assert share > 0.5
    assert share + sum(own for _, own in others) == pytest.approx(1.0)


def test_who_is_in_alarm_itself_speaks_for_the_machine(broken: Floats) -> None:
    broken = broken.copy()
    broken[900:1000, 2] += 60.0
    found = run(machine(), broken)
    of_sensor = [finding.change.after for n, name, finding in found if name == "s2" and n >= 900]
    assert of_sensor[0] == "active"
    assert [state for n, state in own(found) if n >= 900] == ["suppressed", "normal"]


@pytest.mark.parametrize("away", ["bad", "silent"])
def test_without_one_sensor_the_others_are_scored_all_the_same(broken: Floats, away: str) -> None:
    watch, told = machine(settings=DEAF), list[tuple[int, str | None, Finding]]()
    for n, row in enumerate(broken.tolist()):
        for number, x in enumerate(row):
            gone = number == 0 and n >= 700
            if gone and away == "silent":
                continue
            value, quality = (None, "bad") if gone else (round(x, 2), "good")
            changes = watch.take(f"s{number}", value, quality, n + 1.0, DEAF)
            told += [(n, name, finding) for name, finding in changes]
    (begun, active), (_, cleared) = own(told)
    assert (active, cleared) == ("active", "normal")
    assert 900 <= begun <= 920


@pytest.mark.parametrize("trouble", [1850, 1905])
def test_when_one_is_gone_the_others_are_watched_on(trouble: int) -> None:
    """It has been away for a thousand rows after 1,700, and is looked for once more by 1,800."""
    rows, watch = plant(8, 2100), machine(settings=DEAF)
    rows[trouble : trouble + 60, 2] += 2.5
    found: list[tuple[int, str | None, Finding]] = []
    for n, row in enumerate(rows.tolist()):
        for number, x in enumerate(row):
            if number != 0 or n < 700:
                changes = watch.take(f"s{number}", round(x, 2), "good", n + 1.0, DEAF)
                found += [(n, name, finding) for name, finding in changes]
    assert watch.score is not None
    assert watch.score.sensors == 3
    (begun, active), (_, cleared) = own(found)
    assert (active, cleared) == ("active", "normal")
    assert trouble <= begun <= trouble + 20


@pytest.mark.parametrize("away", [1, 50])
def test_who_was_away_is_no_trouble_when_it_is_back(away: int) -> None:
    rows, watch = plant(7, 1500), machine(settings=DEAF)
    found: list[tuple[int, str | None, Finding]] = []
    for n, row in enumerate(rows.tolist()):
        for number, x in enumerate(row):
            if number == 1 and n >= 700 and n % 100 < away:
                continue
            changes = watch.take(f"s{number}", round(x, 2), "good", n + 1.0, DEAF)
            found += [(n, name, finding) for name, finding in changes]
    assert own(found) == []


def test_who_speaks_seldom_or_joins_later_is_watched_with_the_others() -> None:
    rows, watch = plant(2, 3000), machine(settings=DEAF)
    rows[2700:, 2] += 2.5
    found: list[tuple[int, str | None, Finding]] = []
    for n, row in enumerate(rows.tolist()):
        for number, x in enumerate(row):
            if (number == 0 or n % 2 == 0) and (number != 3 or n > 300):
                changes = watch.take(f"s{number}", round(x, 2), "good", n + 1.0, DEAF)
                found += [(n, name, finding) for name, finding in changes]
    (begun, active), *_ = own(found)
    assert active == "active"
    assert 2700 <= begun <= 2740


def test_a_machine_of_one_sensor_has_no_alarm_of_its_own() -> None:
    watch = machine(1)
    run(watch, plant(4, 600, sensors=1))
    assert watch.score is None


def test_what_lasts_is_normal_from_then_on(broken: Floats) -> None:
    patient = replace(DEAF, normal_after=60, normal_after_s=50.0)
    found = run(machine(settings=patient), broken, patient)
    (begun, _), (over, state) = own(found)[:2]
    assert state == "normal"
    assert over - begun == 59, "the sixtieth row in alarm"
    assert [finding.relearnt for n, _, finding in found if n == over] == [True]


def test_while_it_stands_still_its_alarms_are_suppressed() -> None:
    watch, rows = machine(), plant(5, 400)
    rows[300:, 1] += 30.0
    run(watch, rows[:320])
    assert watch.sensors["s1"].alarms["anomaly"].told == "active"
    changed = watch.suppress(1000.0, "not_running", on=True)
    assert [(name, finding.change.after) for name, finding in changed] == [("s1", "suppressed")]
    assert watch.suppress(1001.0, "not_running", on=False) == []
    found = run(watch, rows[320:330])
    assert [(name, finding.change.after) for _, name, finding in found if name] == [
        ("s1", "active")
    ]


def test_the_order_in_which_sensors_speak_does_not_matter() -> None:
    rows = plant(6, 600)
    one, other = machine(settings=DEAF), machine(settings=DEAF)
    run(one, rows, DEAF)
    for n, row in enumerate(np.asarray(rows).tolist()):
        for number in (3, 1, 0, 2):
            other.take(f"s{number}", round(row[number], 2), "good", 1.0 + n, DEAF)
    assert one.z == pytest.approx(other.z)
