"""Policies judged off each other's logs, on made-up logs in the layout of the Open Bandit Dataset."""

from __future__ import annotations

import gzip
import io
import json
import random
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from bench.bandit.campaign import measure
from bench.bandit.impressions import COLUMNS, Log, aligned, find, load
from bench.bandit.policies import PRIOR_SHOWN, click_rates, frequencies, predictions, top
from bench.bandit.run import bench_bandit, show
from bench.cli import app
from bench.data import DataError

HEAD = "," + ",".join(COLUMNS) + ",user_feature_0"
ITEMS = 10
RATES = [0.02 * (1 + item) for item in range(ITEMS)]
CHANCES = [(1 + item) / 55 for item in range(ITEMS)]
"""Of bts: the better an item, the likelier."""


def line(number: int, item: int, position: int, click: int, propensity: float) -> str:
    at = f"2019-11-24 {number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.5+00:00"
    return f"{number},{at},{item},{position},{click},{propensity},x"


def rows(policy: str, size: int, seed: int) -> list[str]:
    """A log of a policy; items are numbered from 7 on, to be renumbered."""
    rng = random.Random(f"{policy}/{seed}")
    chances = CHANCES if policy == "bts" else [1 / ITEMS] * ITEMS
    found = []
    for number in range(size):
        (item,) = rng.choices(range(ITEMS), chances)
        click = int(rng.random() < RATES[item])
        found.append(line(number, item + 7, 1 + number % 3, click, chances[item]))
    return found


def write(folder: Path, policy: str, name: str, lines: list[str], suffix: str = ".csv") -> Path:
    own = folder / policy / name
    own.mkdir(parents=True, exist_ok=True)
    path = own / f"{name}{suffix}"
    raw = "\n".join([HEAD, *lines, ""]).encode()
    path.write_bytes(gzip.compress(raw) if suffix.endswith(".gz") else raw)
    return path


def campaign(folder: Path, name: str, size: int, suffix: str = ".csv") -> None:
    for policy in ("random", "bts"):
        write(folder, policy, name, rows(policy, size, seed=1), suffix)


def log(*impressions: tuple[int, int, int]) -> Log:
    """A log of (item, position, click), numbered from 0."""
    item, position, click = (np.array(column) for column in zip(*impressions, strict=True))
    return Log(item, position, click.astype(float), np.full(len(item), 0.5))


def test_any_campaigns_are_found_plain_or_packed(tmp_path: Path) -> None:
    campaign(tmp_path, "women", 3)
    campaign(tmp_path, "men", 3, ".csv.gz")
    found = find(tmp_path)
    assert list(found) == ["men", "women"]
    assert found["men"][0] == tmp_path / "random" / "men" / "men.csv.gz"
    assert len(load(found["men"][1])) == len(load(found["women"][1])) == 3


def test_what_is_lacking_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no random/NAME/NAME.csv\[.gz\] beside bts"):
        find(tmp_path)
    write(tmp_path, "random", "all", rows("random", 3, 1))
    with pytest.raises(DataError, match=r"bts/all/all.csv\[.gz\] is not there"):
        find(tmp_path)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (line(1, 7, 1, 2, 0.5), "line 3: click is 2"),
        (line(1, 7, 1, 0, 0.0), r"line 3: propensity_score is 0.0, not in \(0, 1\]"),
        (line(1, 7, 1, 0, 1.5), "line 3: propensity_score is 1.5"),
        ("1,noon,7,1,0,0.5,x", "line 3: .*noon"),
        ("1,2019-11-24 00:00:00", "line 3"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, bad: str, message: str) -> None:
    path = write(tmp_path, "bts", "all", [line(0, 7, 1, 0, 0.5), bad])
    with pytest.raises(DataError, match=message):
        load(path)


def test_a_file_that_is_no_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no impressions"):
        load(write(tmp_path, "bts", "all", []))
    path = tmp_path / "other.csv"
    path.write_text("item_id\n1\n")
    with pytest.raises(DataError, match="no column click"):
        load(path)
    packed = write(tmp_path, "bts", "all", rows("bts", 100, 1), ".csv.gz")
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(DataError, match="damaged"):
        load(packed)


def test_impressions_come_by_time_and_are_numbered_alike(tmp_path: Path) -> None:
    late, early = line(9, 30, 2, 1, 0.5), line(1, 20, 3, 0, 0.25)
    first = load(write(tmp_path, "bts", "all", [late, early]))
    assert first.item.tolist() == [20, 30]
    assert first.propensity.tolist() == [0.25, 0.5]
    second = load(write(tmp_path, "random", "all", [line(1, 25, 1, 0, 0.5)]))
    logs, shape = aligned(first, second)
    assert [each.item.tolist() for each in logs] == [[0, 2], [1]]
    assert [each.position.tolist() for each in logs] == [[2, 1], [0]]
    assert shape == (3, 3)


def test_the_policy_of_a_log_is_what_it_showed_by_position() -> None:
    shown = frequencies(log((0, 0, 0), (1, 0, 0), (1, 0, 0), (1, 1, 1)), (2, 3))
    assert shown == pytest.approx(np.array([[1 / 3, 0, 0], [2 / 3, 1, 0]]))


def test_a_click_rate_is_drawn_to_that_of_the_log() -> None:
    rates = click_rates(log((0, 0, 1), (0, 0, 0), (1, 1, 0), (1, 1, 0)), (2, 2))
    assert rates[0, 0] == pytest.approx((1 + PRIOR_SHOWN / 4) / (2 + PRIOR_SHOWN))
    assert rates[1, 1] == pytest.approx((PRIOR_SHOWN / 4) / (2 + PRIOR_SHOWN))
    assert rates[1, 0] == 0.25


def test_the_best_are_shown_each_as_often_and_ties_go_to_the_lower_number() -> None:
    policy = top(log((3, 0, 1), (0, 0, 0), (1, 0, 0), (2, 1, 0)), (4, 2), size=2)
    assert policy.tolist() == [[0.5, 0.5], [0, 0], [0, 0], [0.5, 0.5]]


def test_no_impression_is_predicted_from_its_own_fold() -> None:
    impressions = [(0, 0, 0)] * 8 + [(0, 0, 1)] * 2
    predicted, expected = predictions(log(*impressions), np.ones((1, 1)))
    # The last fifth has both clicks: predicted from the rest it is 0, the rest is not.
    assert predicted.tolist() == pytest.approx([0.25] * 8 + [0.0] * 2)
    assert expected.tolist() == predicted.tolist()


def test_a_policy_is_found_out_of_the_others_log(tmp_path: Path) -> None:
    campaign(tmp_path, "all", 6_000)
    report = bench_bandit(tmp_path, Console(quiet=True))
    found = report.results
    truth = {
        "bts": sum(map(float.__mul__, RATES, CHANCES)),
        "random": sum(RATES) / ITEMS,
        "top5": sum(RATES[5:]) / 5,
    }
    for policy, value in truth.items():
        for estimator in ("ips", "snips", "dr", "replay" if policy == "top5" else "reward"):
            name = f"{estimator}_{policy}_all"
            assert found[f"{name}_low"] < value < found[f"{name}_high"]
    # Each log's own mean is no estimate of the other policy, and the five are better than all.
    assert found["reward_random_all_high"] < found["snips_bts_all_low"]
    assert report.baselines["uniform"]["replay_top5_all_high"] < found["snips_top5_all_low"]
    # Five of the ten items are in half of the second half.
    assert found["effective_n_top5_all"] == pytest.approx(found["n_top5_all"])
    assert found["n_top5_all"] == pytest.approx(1_500, rel=0.1)


def test_what_is_learnt_is_not_judged_by_what_it_was_learnt_from() -> None:
    first = [(item, 0, int(item < 5)) for item in range(ITEMS)] * 10
    second = [(item, 0, int(item >= 5)) for item in range(ITEMS)] * 10
    found, uniform = measure("all", log(*first, *second), log(*first))
    assert found["snips_top5_all"] == found["clicks_top5_all"] == 0
    assert found["n_top5_all"] == 50
    assert uniform["replay_top5_all"] == 0.5


def test_the_whole_bench(tmp_path: Path) -> None:
    campaign(tmp_path, "all", 200)
    campaign(tmp_path, "men", 200, ".csv.gz")
    console = Console(width=120, file=io.StringIO(), record=True)
    report = bench_bandit(tmp_path, console)
    show(report, console)
    assert "Campaign men" in console.export_text()
    assert report.data[-1] == "bts/men/men.csv.gz"
    names = {f"snips_bts_{name}{end}" for name in ("all", "men") for end in ("", "_low", "_high")}
    assert names | {"clicks_random_all", "effective_n_top5_men"} <= report.results.keys()
    assert report.baselines["uniform"]["n_top5_all"] == 100


def test_a_log_without_clicks_leaves_the_bounds_open(tmp_path: Path) -> None:
    for policy in ("random", "bts"):
        write(tmp_path, policy, "all", [line(n, 7 + n % 6, 1, 0, 1 / 6) for n in range(60)])
    console = Console(quiet=True)
    report = bench_bandit(tmp_path, console)
    show(report, console)
    report.write(tmp_path / "out.json")
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    assert results["snips_bts_all"] == 0
    assert results["snips_bts_all_high"] is None
    assert results["reward_bts_all_high"] == pytest.approx(0.06, abs=0.001)  # Wilson, 0 of 60


def test_logs_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(DataError, match="position"):
        measure("all", log((0, 0, 0), (0, 1, 0)), log((0, 0, 0)))
    with pytest.raises(DataError, match="bts_all"):
        measure("all", log((0, 0, 0)), log((1, 0, 0)))


def test_the_command_writes_the_report_or_says_what_is_lacking(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["bandit", str(tmp_path)])
    assert refused.exit_code == 2
    assert "random/NAME" in refused.output
    campaign(tmp_path, "all", 100)
    file = tmp_path / "bandit.json"
    assert CliRunner().invoke(app, ["bandit", str(tmp_path), "--json", str(file)]).exit_code == 0
    assert json.loads(file.read_text())["bench"] == "bandit"
