"""The product's detector behind the seam of each benchmark; nothing else here knows it."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np

from bench.anomaly.seam import Flags, Floats, Watcher
from models.cleaning.quality import Quality
from models.line.machine import MachineWatch, WatchSettings
from models.line.sensor import SensorSettings, SensorWatch

_UNIT = "1"
_TEP_EVERY_S = 180.0
_TEP_OVER = 0.01
"""Share of calibration rows in alarm, at most: what the benchmark calibrates for."""


def detect_nab(times: Floats, values: Floats) -> list[int]:
    """Return where alarms begin in one series, as `DetectSeries` says.

    The series is one sensor's, watched as the product does by default; what is no number is a sample of
    bad quality.
    """
    settings = SensorSettings()
    watch = SensorWatch(_UNIT, settings)
    begun = []
    for place, (at, value) in enumerate(zip(times.tolist(), values.tolist(), strict=True)):
        found = watch.take(*_sample(value), at, settings)
        if any(finding.change.after == "active" for finding in found):
            begun.append(place)
    return begun


def watch_skab(times: Floats, rows: Floats) -> Flags:
    """Return for each row whether the machine's alarm is active, as `WatchMachine` says."""
    return _Machine(rows.shape[1]).run(rows, times)


def watch_tep(normal: Floats, calibration: Floats) -> Watcher:
    """Return the watcher of the process, as `WatchProcess` says.

    The limit is what one in a hundred calibration rows exceed for each row that an alarm takes: as these
    have to come in a row, less than one in a hundred is in alarm. It holds for the model it was calibrated
    with, so that one stays: nothing is learnt anew.
    """
    machine = _Machine(normal.shape[1], every_s=_TEP_EVERY_S)
    machine.keep_model()
    machine.run(normal)
    machine.run(calibration)
    # Once more, now that it is known how far its scores go.
    scores: list[float] = []
    copy.deepcopy(machine).run(calibration, scores=scores)
    in_a_row = WatchSettings().multivariate.on_samples
    machine.limit(float(np.quantile(scores, 1.0 - in_a_row * _TEP_OVER)))
    return _Afresh(machine)


def _sample(value: float) -> tuple[float | None, Quality]:
    return (None, "bad") if math.isnan(value) else (value, "good")


class _Machine:
    """One machine whose sensors all speak at the same times, watched by default."""

    def __init__(self, sensors: int, every_s: float = 1.0) -> None:
        self._settings = WatchSettings()
        self._every_s = every_s
        self._watch = MachineWatch()
        self._names = [f"sensor-{number:03}" for number in range(sensors)]
        for name in self._names:
            self._watch.sensors[name] = SensorWatch(_UNIT, self._settings.sensor)
        self._at = 0.0

    def limit(self, sigma: float) -> None:
        machine = replace(self._settings.machine, limit=sigma)
        self._settings = replace(self._settings, machine=machine)

    def keep_model(self) -> None:
        machine = replace(self._settings.machine, relearn_every=math.inf)
        self._settings = replace(self._settings, machine=machine)

    def run(
        self, rows: Floats, times: Floats | None = None, scores: list[float] | None = None
    ) -> Flags:
        active = np.zeros(len(rows), dtype=bool)
        for place, row in enumerate(rows.tolist()):
            self._at = self._at + self._every_s if times is None else float(times[place])
            for name, value in zip(self._names, row, strict=True):
                self._watch.take(name, *_sample(value), self._at, self._settings)
            active[place] = self._watch.alarm.present
            if scores is not None and self._watch.z is not None:
                scores.append(self._watch.z)
        return active


class _Afresh:
    """Watches each run as if it came right after what was learnt."""

    def __init__(self, machine: _Machine) -> None:
        self._machine = machine

    def run(self, rows: Floats, /) -> Flags:
        return copy.deepcopy(self._machine).run(rows)
