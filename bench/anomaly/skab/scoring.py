"""SKAB's pointwise scoring, and beside it what an operator feels: how many alarms, how late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.anomaly.seam import Flags, Floats, starts
from bench.anomaly.skab.files import LEARNT
from bench.report import Metrics


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an alarm did in the scored part of one file."""

    hits: int
    """Rows labelled and in alarm."""
    false: int
    """Rows in alarm that are not labelled."""
    missed: int
    """Rows labelled without alarm."""
    quiet: int
    """Rows neither labelled nor in alarm."""
    activations: int
    false_activations: int
    delays_s: tuple[float, ...]
    """Of each labelled interval; infinite if it was missed."""


def score(times: Floats, active: Flags, labelled: Flags) -> Outcome:
    """Return what an alarm did behind the first 400 rows of a file; all arrays are ``[n]``.

    An activation is a row in alarm behind one that is not, or the first scored row; it is false at a
    row that is not labelled. The delay, in seconds, is from the begin of a labelled interval (in the
    scored part) to its first row in alarm, 0 if the alarm was active before. Sources: Katser &
    Kozitsin 2020 for the rows that count.
    """
    times, active, labelled = times[LEARNT:], active[LEARNT:], labelled[LEARNT:]
    began = starts(active)
    return Outcome(
        hits=int((active & labelled).sum()),
        false=int((active & ~labelled).sum()),
        missed=int((~active & labelled).sum()),
        quiet=int((~active & ~labelled).sum()),
        activations=len(began),
        false_activations=int((~labelled[began]).sum()),
        delays_s=tuple(_delays(times, active, labelled)),
    )


def _delays(times: Floats, active: Flags, labelled: Flags) -> Iterable[float]:
    ends = starts(~labelled)
    for begin in starts(labelled):
        behind = ends[ends > begin]
        end = int(behind[0]) if len(behind) else len(labelled)
        found = np.flatnonzero(active[begin:end])
        yield float(times[begin + found[0]] - times[begin]) if len(found) else np.inf


def metrics(outcomes: Iterable[Outcome]) -> Metrics:
    """Return the figures over all files; None where there is nothing to divide by, or no median.

    ``f1`` of the labelled rows, ``far`` and ``mar`` in percent of the rows that are not labelled and
    that are, ``delay_s`` the median over labelled intervals. Source: Katser & Kozitsin 2020.
    """
    each = list(outcomes)
    hits, false, missed, quiet = (
        sum(getattr(one, name) for one in each) for name in ("hits", "false", "missed", "quiet")
    )
    delays = [delay for one in each for delay in one.delays_s]
    median = float(np.median(delays)) if delays else np.inf
    return {
        "f1": 2 * hits / (2 * hits + false + missed) if hits + false + missed else None,
        "far": 100 * false / (false + quiet) if false + quiet else None,
        "mar": 100 * missed / (missed + hits) if missed + hits else None,
        "activations": sum(one.activations for one in each),
        "false_activations": sum(one.false_activations for one in each),
        "delay_s": median if np.isfinite(median) else None,
        "intervals": len(delays),
        "missed": sum(not np.isfinite(delay) for delay in delays),
    }
