"""A thread that ends a worker which does not get on: Faust and its kin are known to sit still unheard.

It looks from outside the event loop, which may be what is stuck. What it measures is counted in its
own looks and not by the clock: a machine or process that was stopped for a while is not stuck.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog

from models.effects import Origin
from streams.metrics import Metrics
from streams.settings import GuardSettings
from streams.topology import ShardId

log = structlog.get_logger()
EXIT_STUCK = 75
LOOK_EVERY_S = 0.5
_LAST_RESORT = 2.0


class Sight(NamedTuple):
    """What the watchdog sees of a worker at one look."""

    beat: int
    """Goes up while the event loop turns."""
    in_hand: tuple[ShardId, Origin] | None
    """The event that a step has in hand."""
    progress: Mapping[ShardId, int]
    """Goes up while events of a shard are processed; only of shards that have something to do."""


class Verdict(NamedTuple):
    """Why a worker must end, and the event that is to blame if it is one."""

    why: str
    culprit: tuple[ShardId, Origin] | None = None


class Patience:
    """Judges sight after sight. Pure: one call is one look, ``LOOK_EVERY_S`` after the last."""

    def __init__(self, settings: GuardSettings) -> None:
        self._settings = settings
        self._last: Sight | None = None
        self._in_hand_s = self._beat_s = 0.0
        self._stalled_s: dict[ShardId, float] = {}

    @property
    def stalled_s(self) -> float:
        """How long there have been events of a shard and none was processed; of the worst shard."""
        return max(self._stalled_s.values(), default=0.0)

    def look(self, sight: Sight) -> Verdict | None:
        """Take a look; return a verdict if patience is at its end."""
        last, self._last = self._last, sight
        if last is None:
            return None

        def longer(seconds: float, same: bool) -> float:
            return seconds + LOOK_EVERY_S if same else 0.0

        same_event = sight.in_hand is not None and (
            last.in_hand is not None and sight.in_hand[1] is last.in_hand[1]
        )
        self._in_hand_s = longer(self._in_hand_s, same_event)
        self._beat_s = longer(self._beat_s, sight.beat == last.beat)
        # Each shard by itself: others that get on must not hide the one that does not.
        self._stalled_s = {
            shard: longer(self._stalled_s.get(shard, 0.0), progress == last.progress.get(shard))
            for shard, progress in sight.progress.items()
        }
        if self._in_hand_s >= self._settings.step_s and sight.in_hand is not None:
            shard, at = sight.in_hand
            return Verdict(
                f"The step of {at.topic}[{at.partition}]@{at.offset} (shard {shard}) has not come "
                f"back after {self._in_hand_s:g} s.",
                sight.in_hand,
            )
        if self._beat_s >= self._settings.stall_s:
            return Verdict(f"The event loop has not turned for {self._beat_s:g} s.")
        for shard, stalled_s in self._stalled_s.items():
            if stalled_s >= self._settings.stall_s:
                return Verdict(
                    f"There are events of {shard} to be read, and none was processed for "
                    f"{stalled_s:g} s."
                )
        return None


class Watchdog:
    """Looks at a worker from a thread of its own, and ends the process when it must."""

    def __init__(
        self, settings: GuardSettings, metrics: Metrics, see: Callable[[], Sight],
        blame: Callable[[ShardId, Origin, str], None],
    ) -> None:  # fmt: skip
        """``blame`` keeps the culprit from its step from now on; it is called off the loop."""
        self._settings = settings
        self._see = see
        self._blame = blame
        self._patience = Patience(settings)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        metrics.stalled_seconds.set_function(lambda: self._patience.stalled_s)

    @property
    def stalled_s(self) -> float:
        """How long there were events and none was applied."""
        return self._patience.stalled_s

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more: an orderly stop has a deadline of its own."""
        self._over.set()
        faulthandler.cancel_dump_traceback_later()

    def _run(self) -> None:
        longest = _LAST_RESORT * max(self._settings.stall_s, self._settings.step_s)
        while not self._over.wait(LOOK_EVERY_S):
            # If C code keeps the interpreter lock this thread does not run either: a timer in C
            # then dumps the stacks and ends the process. (It goes by the clock: a process stopped
            # for so long ends when it is woken, and others have its shards by then.)
            faulthandler.dump_traceback_later(longest, exit=True)
            verdict = self._patience.look(self._see())
            if verdict is not None:
                self._end(verdict)
        faulthandler.cancel_dump_traceback_later()

    def _end(self, verdict: Verdict) -> None:
        log.error("worker is stuck and ends", why=verdict.why)
        faulthandler.dump_traceback(all_threads=True)
        if verdict.culprit is not None:
            try:
                self._blame(*verdict.culprit, verdict.why)
            except Exception as error:
                log.exception("the event could not be kept from its step", why=str(error))
        sys.stderr.flush()
        os._exit(EXIT_STUCK)
