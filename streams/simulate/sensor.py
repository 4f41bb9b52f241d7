"""A made-up sensor: scatter around a set point, a slow wave, and what a fault makes of it."""

from __future__ import annotations

from math import pi, sin, sqrt
from random import Random
from typing import NamedTuple

from streams.simulate.equipment import GAUGES, Spot
from streams.simulate.faults import Fault

MEMORY = 0.5
"""How much of a deviation is still there in the next sample (AR(1))."""
WAVE_S = 900.0
"""The "day" of the factory is short, so that a demo sees something of it."""
WAVE_SIGMAS = 1.0

_UNCERTAIN = 0.005
_BAD = 0.001
_MISSING = 0.001


class Sample(NamedTuple):
    """One sample of a sensor."""

    value: float | None
    quality: str
    seq: int


class Sensor:
    """Takes one sample after the other; `sigma` is the scatter over a long time, without wave."""

    __slots__ = ("_noise", "_phase", "_rng", "_seq", "_shown", "set_point", "sigma", "spot", "unit")

    def __init__(self, spot: Spot, rng: Random) -> None:
        """Mount it; no two machines run at quite the same set point."""
        gauge = GAUGES[spot.sensor]
        self.spot = spot
        self.unit = gauge.unit
        self.sigma = gauge.sigma
        self.set_point = gauge.set_point * rng.uniform(0.9, 1.1)
        self._rng = rng
        self._phase = 2.0 * pi * rng.random()
        self._noise = rng.gauss(0.0, 1.0)
        self._shown = self.set_point
        self._seq = -1

    def sample(self, elapsed: float, fault: Fault | None) -> Sample:
        """Take the sample of the moment ``elapsed`` seconds after the start."""
        self._seq += 1
        self._noise = MEMORY * self._noise + sqrt(1.0 - MEMORY**2) * self._rng.gauss(0.0, 1.0)
        sigmas = self._noise
        quality = self._quality()
        if fault is not None:
            if fault.kind == "stuck":
                return Sample(self._shown, quality, self._seq)
            if fault.kind == "variance_burst":
                sigmas *= fault.sigmas
            if fault.kind == "bad_quality":
                quality = "bad"
            sigmas += fault.offset(elapsed)
        elif self._rng.random() < _MISSING:
            return Sample(None, "bad", self._seq)
        sigmas += WAVE_SIGMAS * sin(2.0 * pi * elapsed / WAVE_S + self._phase)
        self._shown = round(self.set_point + sigmas * self.sigma, 4)
        return Sample(self._shown, quality, self._seq)

    def _quality(self) -> str:
        roll = self._rng.random()
        if roll < _BAD:
            return "bad"
        return "uncertain" if roll < _BAD + _UNCERTAIN else "good"
