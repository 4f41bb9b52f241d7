"""Whether a machine as a whole behaves otherwise than it did: all its sensors' rows together.

Phase I learns what rows are normal, phase II watches the innovations of each new row: their T-squared
by itself, smoothed over the last few rows, and over more of them (MEWMA), which finds what is small but
stays. The higher two of the three count, so that two have to agree, whatever way a fault comes.
Machines warm up and wander. While nothing is wrong, all sensors' drift is followed, and now and then all is
learnt anew from the newest rows; while something is, only sensors that are quiet themselves and drift slowly are
followed, so that a fault is not, and the others so slowly that it takes hours until what lasts is normal.
Sources: Hotelling (1947); Lowry, Woodall, Champ and Rigdon (1992), MEWMA.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.scorers.innovations import Model, fit
from models.scorers.lately import Lately
from models.scorers.running import Running

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_CLIP = 8.0
_ADDED = 0.1
"""Of the usual T-squared, to it before the logarithm: near nothing is as good as nothing."""
_LEAST_STD = 0.05
_OWN_SMOOTHING = 0.2
_CLIP_LASTING = 3.0


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """Lengths are in rows."""

    learn_rows: int = 250
    learn_per_sensor: int = 8
    """So many rows are learnt from, or so many for each sensor if that is more."""
    calibrate_share: float = 0.6
    """Of the rows learnt from, so many more are needed to know how far scores go by themselves."""
    keep: float = 2.0
    """So many times the rows of phase I are kept at most, the newest, and learnt from later on."""
    relearn_every: float = 0.25
    """Of the rows of phase I, so many in which nothing is wrong lie between one time and the next; infinite: never."""
    memory: int = 2000
    """How long is remembered how far they go."""
    smoothing: float = 0.4
    """Weight of the latest row in the smoothed score; beside it stands that of the row by itself."""
    slow_smoothing: float = 0.1
    """The same of a score that is smoothed more, for faults that come slowly."""
    follow: float = 0.003
    """A sensor's drift is followed by this share of each row, while it is slow."""
    follow_quiet: float = 0.005
    """Any drift is followed by this share while the machine is not in alarm."""
    follow_lasting: float = 0.0005
    """And by this share while it is: what lasts for thousands of rows is how the machine is now."""
    limit: float = 2.4
    """In sigma of the logarithm of T-squared."""
    most_sensors: int = 64

    @property
    def smoothings(self) -> tuple[float, float, float]:
        """Weights of the latest row in the three scores, the most smoothed one last."""
        return 1.0, self.smoothing, self.slow_smoothing

    def rows_to_learn(self, sensors: int) -> int:
        """Return how many rows phase I takes for a machine of so many sensors."""
        return max(self.learn_rows, self.learn_per_sensor * sensors)

    def rows_to_keep(self, sensors: int) -> int:
        """Return from how many rows, at most, is learnt later on."""
        return round(self.keep * self.rows_to_learn(sensors))


class MachineScored(NamedTuple):
    """A row that was scored: what `learn` needs to know of it."""

    row: Floats
    scaled: Floats | None
    """What is absent is as was expected."""
    left: Floats | None
    """What is new in the row, drift taken off."""
    absent: Flags
    """Whether each sensor is not in the row."""
    whole: bool
    """All sensors are in this row, and were in the one before."""
    smoothed: tuple[Floats, ...]
    squares: tuple[float, ...]
    """T-squared of each, and its logarithm."""
    logs: tuple[float, ...]
    z: float | None
    """How unusual the row is, in sigma; None while that is not known."""


class MachineScore:
    """The state of one machine's scorer: sensors by place, in an order that never changes."""

    __slots__ = (
        "_absent", "_bias", "_last", "_left", "_logs", "_rows", "_seen", "_since", "_smoothed", "_squares", "model", "sensors",
    )  # fmt: skip

    def __init__(self, sensors: int, settings: MachineSettings) -> None:
        self.sensors = sensors
        self.model: Model | None = None
        self._rows = Lately(sensors, settings.rows_to_keep(sensors))
        """Those in which nothing was wrong."""
        self._seen = 0
        """Rows of phase II."""
        self._since = 0
        """Of these, those taken into `_rows` since all was learnt anew."""
        self._last: Floats | None = None
        """The last row, scaled; None in phase I."""
        self._absent = np.zeros(sensors, dtype=bool)
        """Whether each sensor was not in it."""
        self._bias = np.zeros(sensors)
        self._left = np.zeros(sensors)
        """Each sensor's own smoothed innovation, in its sigma."""
        self._smoothed = tuple(np.zeros(sensors) for _ in settings.smoothings)
        self._logs = tuple(Running() for _ in settings.smoothings)
        self._squares = tuple(Running() for _ in settings.smoothings)
        """T-squared, and its logarithm: what they usually are."""

    @property
    def learning(self) -> bool:
        """Still in phase I."""
        return self.model is None

    def of(
        self, places: Sequence[int], settings: MachineSettings, digits: Sequence[float]
    ) -> MachineScore:
        """Return the score of some of its sensors alone, learnt from the same rows: the others are gone.

        ``digits`` are those of the sensors that stay.
        """
        found, rows = MachineScore(len(places), settings), self._rows.rows()[:, places]
        for row in rows:
            found._rows.add(row)
        if self.model is None:
            return found
        found._learn_anew(rows[-1], digits)
        assert found.model is not None  # noqa: S101 - just learnt
        # When these rows were is not known: nothing can be said of the next one.
        found._absent = np.ones(len(places), dtype=bool)
        wider = self.model.scale[places] / found.model.scale
        found._bias = self._bias[places] * wider
        found._smoothed = tuple(own[places] * wider for own in self._smoothed)
        found._seen = self._seen
        # T-squared of fewer sensors is less, and its logarithm varies more.
        share = len(places) / self.sensors
        found._logs = tuple(
            Running(own.n, own.mean + math.log(share), own.var / share) for own in self._logs
        )
        found._squares = tuple(
            Running(own.n, own.mean * share, own.var * share**2) for own in self._squares
        )
        return found

    def score(self, row: Floats, settings: MachineSettings) -> MachineScored:
        """Return how unusual a row is; nan stands for a sensor that is absent. Changes nothing.

        A sensor that comes back says nothing yet: what it did in between is not known.
        """
        absent = np.isnan(row)
        mute = absent | self._absent
        whole = not mute.any()
        model, last = self.model, self._last
        if model is None or last is None:
            return MachineScored(row, None, None, absent, whole, self._smoothed, (), (), None)
        expected = model.expected(last) + self._bias
        scaled = model.scaled(row)
        left, heard = scaled - expected, self.sensors
        if not whole:
            left = model.completed(left, mute)
            scaled = np.where(absent, expected + left, scaled)
            heard = max(self.sensors - int(mute.sum()), 1)
        bound = _CLIP * model.sigma
        clipped = np.clip(left, -bound, bound)
        smoothed = tuple(
            (1 - share) * own + share * clipped
            for share, own in zip(settings.smoothings, self._smoothed, strict=True)
        )
        squares = tuple(
            float(own @ model.inverse @ own) * (2 - share) / share * self.sensors / heard
            for share, own in zip(settings.smoothings, smoothed, strict=True)
        )
        logs = tuple(
            math.log(square + _ADDED * (usual.mean if usual.n else self.sensors))
            for square, usual in zip(squares, self._squares, strict=True)
        )
        z = None
        if self._seen >= settings.calibrate_share * settings.rows_to_learn(self.sensors):
            # What fewer sensors say varies more.
            wider = math.sqrt(self.sensors / heard)
            each = sorted(
                (log - own.mean) / max(own.std * wider, _LEAST_STD)
                for log, own in zip(logs, self._logs, strict=True)
            )
            z = (each[-1] + each[-2]) / 2
        return MachineScored(row, scaled, left, absent, whole, smoothed, squares, logs, z)

    def learn(
        self,
        scored: MachineScored,
        settings: MachineSettings,
        digits: Callable[[], Sequence[float]],
        *,
        quiet: bool,
        certain: bool = True,
    ) -> None:
        """Move on to the next row, which is learnt from if all sensors are in it.

        ``digits`` returns what one more in each sensor's last digit is, in its unit. A row that is not ``certain``
        is scored and not learnt from.
        """
        to_learn = settings.rows_to_learn(self.sensors)
        if self.model is None:
            if not scored.whole or not certain:
                return
            self._rows.add(scored.row)
            if self._rows.n >= to_learn:
                self._learn_anew(scored.row, digits())
            return
        assert scored.scaled is not None  # noqa: S101 - scored with the model
        assert scored.left is not None  # noqa: S101 - as above
        self._last, self._absent = scored.scaled, scored.absent
        self._smoothed = scored.smoothed
        if not scored.whole or not certain:
            return
        self._follow(scored.left, self.model, settings, quiet=quiet)
        self._seen += 1
        if quiet:
            for log, own in zip(scored.logs, self._logs, strict=True):
                own.learn(log, settings.memory)
            for square, usual in zip(scored.squares, self._squares, strict=True):
                usual.learn(square, settings.memory)
            self._rows.add(scored.row)
            self._since += 1
            if self._since >= settings.relearn_every * to_learn:
                self._learn_anew(scored.row, digits())

    def contributions(self, scored: MachineScored) -> Floats:
        """Return each sensor's share of the row's smoothed T-squared; all together are 1.

        A sensor's is what T-squared would lose without it (Runger, Alt and Montgomery, 1996).
        """
        assert self.model is not None  # noqa: S101 - only asked of what was scored
        own = scored.smoothed[-1]
        inverse = self.model.inverse
        lost = (inverse @ own) ** 2 / np.maximum(np.diag(inverse), 1e-12)
        total = float(lost.sum())
        found: Floats = lost / total if total > 0 else np.full(self.sensors, 1 / self.sensors)
        return found

    def _learn_anew(self, row: Floats, digits: Sequence[float]) -> None:
        """Fit the model to the rows that are kept; what goes by the scale of the one before is converted."""
        least = np.array([digit if math.isfinite(digit) else 0.0 for digit in digits])
        before, self.model = self.model, fit(self._rows.rows(), least)
        if before is not None:
            wider = before.scale / self.model.scale
            self._smoothed = tuple(own * wider for own in self._smoothed)
        self._bias = np.zeros(self.sensors)
        self._last, self._absent = self.model.scaled(row), np.zeros(self.sensors, dtype=bool)
        self._since = 0

    def _follow(
        self, left: Floats, model: Model, settings: MachineSettings, *, quiet: bool
    ) -> None:
        """Follow the drift of all sensors, or above all of those that are quiet themselves."""
        own = np.clip(left / model.sigma, -_CLIP, _CLIP)
        self._left = (1 - _OWN_SMOOTHING) * self._left + _OWN_SMOOTHING * own
        slow = (np.abs(self._left) < 1.0) & (np.abs(own) < 3.0)
        share = np.where(slow, settings.follow, 0.0)
        if quiet:
            share = np.maximum(share, settings.follow_quiet)
        else:
            lasting = np.clip(own, -_CLIP_LASTING, _CLIP_LASTING)
            self._bias = self._bias + settings.follow_lasting * lasting * model.sigma
        self._bias = self._bias + share * own * model.sigma
