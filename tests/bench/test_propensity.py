"""The benchmark of purchase propensity, on made-up files."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from rich.console import Console
from sklearn.metrics import roc_auc_score

from bench.data import DataError
from bench.propensity.contenders import BASELINES, SLOW, Ours, contenders
from bench.propensity.run import bench_propensity, exact_auc, prequential, show
from bench.propensity.visits import KINDS, LABEL, NUMBERS, find, load
from models.propensity.contenders.roster import NAMES

COLUMNS = (*NUMBERS, *KINDS, LABEL)


def row(rng: random.Random) -> list[str]:
    worth = rng.choice([0.0, 0.0, 0.0, 12.5])
    bought = rng.random() < (0.7 if worth else 0.05)
    values = dict.fromkeys(NUMBERS, "1") | dict.fromkeys(KINDS, "May")
    values |= {"PageValues": str(worth), LABEL: str(bought)}
    return [values[name] for name in COLUMNS]


def write(folder: Path, rows: list[list[str]], name: str = "raw_data.csv.gz") -> Path:
    text = "\n".join(",".join(each) for each in [list(COLUMNS), *rows])
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["raw_data.csv.gz", "online_shoppers_intention.csv"])
def test_the_whole_bench(tmp_path: Path, name: str) -> None:
    rng = random.Random(1)
    write(tmp_path, [row(rng) for _ in range(300)], name)
    report = bench_propensity(tmp_path, Console(quiet=True))
    show(report, Console(quiet=True))
    assert {"auc", "auc_second_half", "us_per_event", "ece"} <= report.results.keys()
    assert set(report.baselines) == {*BASELINES, *contenders(slow=False)}
    assert "contender_mlp" not in report.baselines
    alone = report.baselines["contender_logistic"]
    assert alone["auc"] == report.results["auc"]
    assert alone["state_kb"] < report.results["state_kb"]
    assert report.results["promotions"] == 0
    assert report.results["n"] == 300
    assert report.results["auc"] > report.baselines["base_rate"]["auc"] + 0.2
    assert report.baselines["gate_alone"]["auc"] > 0.7


def test_the_gate_is_what_the_pages_are_worth(tmp_path: Path) -> None:
    rng = random.Random(2)
    visits = load(write(tmp_path, [row(rng) for _ in range(50)]))
    assert {visit.signals.gate for visit in visits} == {True, False}
    assert all(visit.signals.gate == (visit.signals.numbers["PageValues"] > 0) for visit in visits)


def test_what_is_wrong_with_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 are there"):
        find(tmp_path)
    rng = random.Random(3)
    broken = row(rng)
    broken[0] = "many"
    with pytest.raises(DataError, match="line 3"):
        load(write(tmp_path, [row(rng), broken]))
    (tmp_path / "raw_data.csv.gz").unlink()
    path = tmp_path / "other.csv"
    path.write_text("Month,Revenue\nMay,TRUE\n")
    with pytest.raises(DataError, match="PageValues"):
        load(path)


def test_all_that_can_serve_is_run_when_asked_for() -> None:
    names = {f"contender_{name}" for name in NAMES}
    assert names <= contenders(slow=True).keys()
    assert names - contenders(slow=False).keys() == {f"contender_{name}" for name in SLOW}


def test_a_contest_begun_with_the_wrong_one_is_one(tmp_path: Path) -> None:
    rng = random.Random(6)
    visits = load(write(tmp_path, [row(rng)]))
    begun = contenders(slow=False)["contest_begun_with_the_tree"]()
    assert prequential(begun, visits)["promotions"] == 0
    assert begun._classifier.contest.champion == "hoeffding_adaptive_tree"


def test_an_example_is_scored_before_it_is_learnt(tmp_path: Path) -> None:
    rng = random.Random(4)
    visits = load(write(tmp_path, [row(rng)]))
    assert prequential(Ours(), visits)["log_loss"] == pytest.approx(0.693, abs=1e-3)


def test_the_area_under_the_curve_is_that_of_the_textbook() -> None:
    rng = random.Random(5)
    scores = [rng.randrange(20) / 20 for _ in range(500)]
    hits = [rng.random() < score for score in scores]
    assert exact_auc(scores, hits) == pytest.approx(roc_auc_score(hits, scores))
    assert exact_auc([0.1, 0.2], [True, True]) == 0.5
