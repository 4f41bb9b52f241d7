"""Tiny made-up folders in the layouts of the benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.bench.anomaly.folders import clock, machine, series

PROFILES = {
    "standard": (1.0, 0.11, 1.0),
    "reward_low_FP_rate": (1.0, 0.22, 1.0),
    "reward_low_FN_rate": (1.0, 0.11, 2.0),
}


@pytest.fixture
def nab(tmp_path: Path) -> Path:
    """One file of 100 records with the window 40 to 49, one of 50 without."""
    folder = tmp_path / "nab"
    series(folder, "plant/pump.csv", [str(row % 7) for row in range(100)])
    series(folder, "plant/quiet.csv", ["1.5"] * 50)
    windows = [[f"{clock(40, 300)}.000000", f"{clock(49, 300)}.000000"]]
    (folder / "labels").mkdir()
    (folder / "labels" / "combined_windows.json").write_text(
        json.dumps({"plant/pump.csv": windows, "plant/quiet.csv": [], "other/x.csv": []}, indent=1)
    )
    profiles = {
        name: {"CostMatrix": {"tpWeight": tp, "fpWeight": fp, "fnWeight": fn, "tnWeight": 1.0}}
        for name, (tp, fp, fn) in PROFILES.items()
    }
    (folder / "profiles.json").write_text(json.dumps(profiles))
    return folder


@pytest.fixture
def skab(tmp_path: Path) -> Path:
    """Two files of 410 rows, a row every two seconds; labelled are rows 404 to 407 of each."""
    folder = tmp_path / "skab"
    labels = ["0.0"] * 404 + ["1.0"] * 4 + ["0.0"] * 2
    for name in ("valve/0.csv", "other/1.csv"):
        machine(folder / "data" / name, labels)
    bare = folder / "data" / "anomaly-free" / "anomaly-free.csv"
    bare.parent.mkdir()
    bare.write_text("datetime;Current\n2020-01-01 00:00:00;1\n")
    return folder


@pytest.fixture
def tep(tmp_path: Path) -> Path:
    """Normal runs of noise in three variables, and two faults: a large shift, and none at all."""
    folder = tmp_path / "tep"
    folder.mkdir()
    rng = np.random.default_rng(1)
    np.savez(folder / "d00.npz", x=rng.normal(size=(300, 3)))
    np.savez(folder / "d00_te.npz", x=rng.normal(size=(400, 3)))
    for fault, shift in (("01", 50.0), ("02", 0.0)):
        run = rng.normal(size=(200, 3))
        run[160:] += shift
        np.savez(folder / f"d{fault}_te.npz", x=run.astype(np.float32))
    return folder
