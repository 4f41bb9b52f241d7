"""How many rows of each fault are in alarm, how soon the first, and how many that are normal."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from bench.anomaly.seam import Flags, starts
from bench.anomaly.tep.files import ONSET
from bench.report import Metrics


def metrics(quiet: Flags, faults: Mapping[str, Flags]) -> Metrics:
    """Return the figures of an alarm, from whether it was active in each row of the runs.

    ``detection`` is the mean over faults of the share of rows from 160 on, ``detection_NN`` of one;
    ``false_alarm`` the share of the normal rows, ``pre_fault`` of all rows before 160 in the runs with a
    fault. ``false_activations`` are counted in both; a run's first row counts as one if it is in alarm.
    ``delay_rows`` is the median over faults until the first row in alarm, None if more than half of
    them are never found; ``missed`` are those. Source: Chiang, Russell & Braatz 2001.
    """
    shares = {name: float(active[ONSET:].mean()) for name, active in faults.items()}
    before = [active[:ONSET] for active in faults.values()]
    delays = [_delay(active[ONSET:]) for active in faults.values()]
    median = float(np.median(delays))
    return {
        "detection": float(np.mean(list(shares.values()))),
        "false_alarm": float(quiet.mean()),
        "pre_fault": float(np.concatenate(before).mean()),
        "false_activations": sum(len(starts(active)) for active in (quiet, *before)),
        "delay_rows": median if np.isfinite(median) else None,
        "missed": int(np.isinf(delays).sum()),
        **{f"detection_{name}": share for name, share in shares.items()},
    }


def _delay(active: Flags) -> float:
    found = np.flatnonzero(active)
    return float(found[0]) if len(found) else math.inf
