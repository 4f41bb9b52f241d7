"""NAB's folder: what is read, and what is said if it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.anomaly.nab.files import load, load_profiles
from bench.anomaly.nab.scoring import Profile, Window
from bench.data import DataError

BEGIN = 1_400_000_000
FILE = "plant/pump.csv"


def relabel(folder: Path, windows: object) -> None:
    (folder / "labels/combined_windows.json").write_text(
        json.dumps({"plant/quiet.csv": [], FILE: windows}, indent=1)
    )


def test_files_come_with_their_windows_and_times(nab: Path) -> None:
    pump, quiet = load(nab)
    assert (pump.name, quiet.name) == (FILE, "plant/quiet.csv")
    assert pump.windows == [Window(40, 49)]
    assert quiet.windows == []
    assert pump.times[:2].tolist() == [BEGIN, BEGIN + 300]
    assert pump.values[:9].tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1]


def test_what_is_no_number_is_nan_for_the_detector(nab: Path) -> None:
    path = nab / "data" / FILE
    lines = path.read_text().splitlines()
    for row, end in enumerate((",", ",x", ",inf", "")):
        lines[1 + row] = lines[1 + row].split(",")[0] + end
    path.write_text("\n".join(lines))
    values = load(nab)[0].values
    assert np.isnan(values[:4]).all()
    assert np.isfinite(values[4:]).all()


def test_a_window_may_say_microseconds_that_the_file_says_too(nab: Path) -> None:
    path = nab / "data" / FILE
    lines = path.read_text().splitlines()
    lines[41] = lines[41].replace(",", ".250000,")
    path.write_text("\n".join(lines))
    begin, end = lines[41].split(",")[0], lines[50].split(",")[0]
    relabel(nab, [[begin, end + ".000000"]])
    assert load(nab)[0].windows == [Window(40, 49)]
    relabel(nab, [[begin.replace(".25", ".26"), end]])
    with pytest.raises(DataError, match=r"line 3: plant/pump.csv: no record"):
        load(nab)


def test_of_records_at_the_same_second_the_first_counts(nab: Path) -> None:
    path = nab / "data" / FILE
    lines = path.read_text().splitlines()
    lines[42] = lines[41]
    path.write_text("\n".join(lines))
    assert load(nab)[0].windows == [Window(40, 49)]


def test_windows_come_in_order(nab: Path) -> None:
    times = [line.split(",")[0] for line in (nab / "data" / FILE).read_text().splitlines()[1:]]
    relabel(nab, [[times[60], times[70]], [times[20], times[59]]])
    assert load(nab)[0].windows == [Window(20, 59), Window(60, 70)]
    relabel(nab, [[times[59], times[70]], [times[20], times[59]]])
    with pytest.raises(DataError, match="overlap"):
        load(nab)
    relabel(nab, [[times[60], times[59]]])
    with pytest.raises(DataError, match="ends before it begins"):
        load(nab)


@pytest.mark.parametrize(
    ("windows", "message"),
    [({}, "a list of windows"), ([["noon"]], "begin, end"), ([["noon", "one"]], "isoformat")],
)
def test_labels_that_cannot_be_read_are_rejected(nab: Path, windows: object, message: str) -> None:
    relabel(nab, windows)
    with pytest.raises(DataError, match=rf"combined_windows.json: line 3: {FILE}: .*{message}"):
        load(nab)


def test_what_is_lacking_is_said(nab: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="layout of numenta/NAB"):
        load(tmp_path / "nowhere")
    labels = nab / "labels/combined_windows.json"
    held = labels.read_text()
    labels.write_text("{")
    with pytest.raises(DataError, match=r"combined_windows.json: .*line 1"):
        load(nab)
    labels.write_text("[]")
    with pytest.raises(DataError, match="an object"):
        load(nab)
    labels.write_text('{"plant/quiet.csv": []}')
    with pytest.raises(DataError, match=r"no entry 'plant/pump.csv'"):
        load(nab)
    labels.unlink()
    with pytest.raises(DataError, match=r"combined_windows.json is not there"):
        load(nab)
    labels.write_text(held)
    for text, message in (
        ("time,value\n", r"pump.csv: no column timestamp.*timestamp,value"),
        ("timestamp,value\n", r"pump.csv: no records"),
        ("timestamp,value\n2014-01-01 00:00:00,1\nnoon,1\n", r"pump.csv: line 3: timestamp"),
    ):
        (nab / "data" / FILE).write_text(text)
        with pytest.raises(DataError, match=message):
            load(nab)
    (nab / "data" / FILE).write_bytes(b"timestamp,value\n\xff\xfe,1\n")
    with pytest.raises(DataError, match=r"pump.csv: cannot be read"):
        load(nab)


def test_profiles_are_those_of_the_folder(nab: Path) -> None:
    assert load_profiles(nab) == {
        "standard": Profile(1, 0.11, 1), "low_fp": Profile(1, 0.22, 1), "low_fn": Profile(1, 0.11, 2),
    }  # fmt: skip


def test_a_profile_that_is_none_is_said(nab: Path) -> None:
    path = nab / "profiles.json"
    found = json.loads(path.read_text())
    costs = found["reward_low_FN_rate"]["CostMatrix"]
    for weights, message in (
        ({"fpWeight": "much"}, "'reward_low_FN_rate' lacks"),
        ({"fpWeight": -1}, "0 or more"),
        ({"tpWeight": 0, "fnWeight": 0}, "above 0"),
    ):
        changed = found | {"reward_low_FN_rate": {"CostMatrix": costs | weights}}
        path.write_text(json.dumps(changed))
        with pytest.raises(DataError, match=message):
            load_profiles(nab)
    path.unlink()
    with pytest.raises(DataError, match=r"profiles.json is not there"):
        load_profiles(nab)
