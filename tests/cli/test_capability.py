"""``tailorline capability``: what floor shards know of processes, shown with indices or with why there are none."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import msgspec
import pytest

from models.effects import SEPARATOR, Effects
from models.line.capabilities import CAPABILITY, CapabilityRow
from models.spc.capability import Capability, Specification
from models.spc.spread import Spread
from models.spc.subgroups import Subgroup
from streams.cli.console import OUT
from streams.store.protocol import Work
from streams.topology import ShardId
from tests.streams.events import START, sample

NOTHING = "No sensor with a specification has been heard of: the line rules say `spec` (tailorline line).\n"
START_S = 1_790_000_000.0


def spread_of(subgroups: int, sigma: float = 0.5, between: float = 0.0) -> Spread:
    rng, spread = random.Random(1), Spread()
    for n in range(subgroups):
        mean = rng.gauss(60.0, between)
        values = [rng.gauss(mean, sigma) for _ in range(5)]
        spread.take(Subgroup.of(values, START_S + 60.0 * n))
    return spread


GOOD = CapabilityRow(
    line="l1", machine="m1", sensor="t", unit="Cel", spec=Specification(58.0, 62.0),
    spread=spread_of(126, between=0.3), standing="in_control", quiet=101,
)  # fmt: skip
ONE_SIDED = msgspec.structs.replace(GOOD, sensor="u", spec=Specification(upper=61.0))
WEAK = {
    "a": msgspec.structs.replace(GOOD, spread=spread_of(5), standing="learning"),
    "b": msgspec.structs.replace(GOOD, spread=spread_of(12), standing="learning"),
    "c": msgspec.structs.replace(GOOD, spread=spread_of(40), standing="unproven", quiet=15),
    "d": msgspec.structs.replace(GOOD, spread=spread_of(3), standing="out_of_control", quiet=3),
    "e": msgspec.structs.replace(GOOD, spread=spread_of(20, sigma=0.0), standing="learning"),
}


async def keep(store, number: int, *rows: CapabilityRow | bytes) -> None:
    """Put rows into a shard of the floor as a worker does."""
    shard = ShardId("floor", number)
    claim = await store.claim(shard)
    effects = Effects(4)
    for n, row in enumerate(rows):
        raw = row if isinstance(row, bytes) else msgspec.json.encode(row)
        name = (
            str(n)
            if isinstance(row, bytes)
            else SEPARATOR.join((row.line, row.machine, row.sensor))
        )
        effects.put(CAPABILITY, name, raw)
    work = Work(claim.seq + 1, {}, [], effects, [])
    assert (await store.apply(shard, claim.epoch, work)).status == "applied"


@pytest.fixture
def page(run, installed):
    def call(*arguments: str) -> list[dict]:
        result = run("capability", "--json", *arguments, **installed.env)
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    return call


def test_indices_and_their_bounds_are_those_of_the_library(installed, page):
    installed.in_store(lambda store: keep(store, 1, GOOD))
    (row,) = page()
    found = GOOD.indices()
    assert isinstance(found, Capability)
    for name in ("cp", "cpk", "pp", "ppk"):
        index = getattr(found, name)
        assert row[name] == {
            "value": index.value, "at_least": index.at_least, "at_most": index.at_most,
        }  # fmt: skip
    assert row["cpk"]["value"] > row["ppk"]["value"] > row["ppk"]["at_least"]
    assert (row["line"], row["machine"], row["sensor"], row["unit"]) == ("l1", "m1", "t", "Cel")
    assert (row["lsl"], row["usl"], row["n"], row["subgroups"]) == (58.0, 62.0, 630, 126)
    assert (row["since"], row["until"]) == (
        "2026-09-21T14:13:20+00:00",
        "2026-09-21T16:18:20+00:00",
    )
    assert (row["mean"], row["sigma_within"], row["sigma_overall"]) == (
        GOOD.spread.mean, GOOD.spread.sigma_within, GOOD.spread.sigma_overall,
    )  # fmt: skip
    assert row["reason"] is None


def test_a_table_of_80_columns_with_the_limits_and_all_indices(
    run, installed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(OUT, "_width", 80)
    installed.in_store(
        lambda store: keep(
            store, 0, msgspec.structs.replace(GOOD, machine="[b]robot-of-the-west-wing-of-plant-3")
        )
    )
    result = run("capability", **installed.env)
    lines = result.stdout.splitlines()
    assert "…" not in result.stdout
    assert max(map(len, lines[:-1])) <= 80
    assert lines[0].split() == ["sensor", "n", "mean", "LSL", "sigma", "Cp", "Cpk", ">="]
    assert lines[1].split() == ["over", "unit", "USL", "Pp", "Ppk"]
    column = lines[1].index("over") - 1
    assert (
        "".join(line[:column].strip() for line in lines[2:-1])
        == "l1/[b]robot-of-the-west-wing-of-plant-3/t"
    )
    found, spread = GOOD.indices(), GOOD.spread
    assert isinstance(found, Capability)
    assert lines[2][column:].split() == [
        "630", f"{spread.mean:.3f}", "58", f"{spread.sigma_within:.3f}", f"{found.cp.value:.2f}",
        f"{found.cpk.value:.2f}", f"{found.cpk.at_least:.2f}",
    ]  # fmt: skip
    assert lines[3][column:].split() == [
        "2h", "5m", "Cel", "62", f"{spread.sigma_overall:.3f}", f"{found.pp.value:.2f}",
        f"{found.ppk.value:.2f}", f"{found.ppk.at_least:.2f}",
    ]  # fmt: skip


def test_with_one_limit_there_are_two_indices(run, installed, page):
    installed.in_store(lambda store: keep(store, 0, ONE_SIDED))
    (row,) = page()
    assert (row["lsl"], row["cp"], row["pp"]) == (None, None, None)
    assert row["cpk"]["value"] == pytest.approx((61.0 - row["mean"]) / (3 * row["sigma_within"]))
    line = run("capability", **installed.env).stdout.splitlines()[2]
    assert (line.split()[3], line.split()[5]) == ("-", "-")


def test_why_there_are_no_indices_is_said(run, installed, page):
    rows = [msgspec.structs.replace(row, sensor=name) for name, row in WEAK.items()]
    installed.in_store(lambda store: keep(store, 0, *rows))
    assert run("capability", **installed.env).stdout.splitlines() == [
        "l1/m1/a: no indices, for there are fewer than 30 values in subgroups: 25.",
        "l1/m1/b: no indices, for its chart still learns what is normal: 12 of 25 subgroups.",
        "l1/m1/c: no indices, for it is not known yet whether it is in control: 15 of 25 subgroups.",
        "l1/m1/d: no indices, for it is out of control: 3 of 25 subgroups without a signal.",
        "l1/m1/e: no indices, for its 100 values do not vary.",
    ]
    reasons = ["too_few_values", "learning", "unproven", "out_of_control", "no_variation"]
    assert [row["reason"] for row in page()] == reasons
    assert {row["cpk"] for row in page()} == {None}


def test_a_sensor_that_has_given_no_subgroup_has_no_times(installed, page):
    installed.in_store(lambda store: keep(store, 0, msgspec.structs.replace(GOOD, spread=Spread())))
    (row,) = page()
    assert (row["n"], row["since"], row["until"], row["mean"]) == (0, None, None, None)


def test_sensors_of_all_shards_are_shown_or_those_of_a_place(run, installed, page):
    places = [("l2", "m1", "t"), ("l1", "m2", "u"), ("l1", "m1", "t"), ("l1", "m1", "u")]
    rows = [
        msgspec.structs.replace(GOOD, line=line, machine=machine, sensor=sensor)
        for line, machine, sensor in places
    ]
    installed.in_store(lambda store: keep(store, 0, *rows[:2]))
    installed.in_store(lambda store: keep(store, 1, *rows[2:]))

    def shown(*arguments: str) -> list[tuple[str, str, str]]:
        return [(row["line"], row["machine"], row["sensor"]) for row in page(*arguments)]

    assert shown() == sorted(places)
    assert shown("--line", "l2") == [places[0]]
    assert shown("--machine", "m2") == [places[1]]
    assert shown("--sensor", "u", "--machine", "m1") == [places[3]]
    result = run("capability", "--sensor", "v", **installed.env)
    assert (result.exit_code, result.stdout) == (0, "No such sensor has a specification.\n")


def test_digits_follow_from_sigma(run, installed):
    fine = replace(GOOD.spread, mean=1_000_000.0, squares=1e-3, within=1e-3)
    coarse = replace(GOOD.spread, mean=1_000_000.0, squares=1e9, within=1e9)
    rows = [
        msgspec.structs.replace(GOOD, sensor=name, spread=spread)
        for name, spread in (("fine", fine), ("coarse", coarse))
    ]
    installed.in_store(lambda store: keep(store, 0, *rows))
    lines = run("capability", **installed.env).stdout.splitlines()
    shown = dict(line.split()[:3:2] for line in lines if line.startswith("l1/"))
    assert shown == {"l1/m1/fine": "1,000,000.00000", "l1/m1/coarse": "1,000,000"}


def test_nothing_yet(run, installed):
    result = run("capability", **installed.env)
    assert (result.exit_code, result.stdout) == (0, NOTHING)
    assert result.stderr.startswith("No worker has used this store yet.")
    installed.in_store(lambda store: keep(store, 0))
    result = run("capability", **installed.env)
    assert (result.exit_code, result.stdout, result.stderr) == (0, NOTHING, "")


def test_a_row_of_a_form_that_is_not_known_is_said(run, installed):
    installed.in_store(lambda store: keep(store, 0, b'{"line":"l1"}'))
    result = run("capability", **installed.env)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("A sensor's capability of shard floor-0 cannot be read (")


def test_a_store_that_does_not_answer(run, installed, impatient):
    result = run("capability", **installed.env | {"TAILORLINE_STORE__URL": "redis://127.0.0.1:1/0"})
    assert (result.exit_code, result.stdout) == (1, "")


def test_from_a_specification_in_a_file_to_indices_and_back(run, installed, page, worker, tmp_path):
    def call(*arguments: str) -> None:
        result = run(*arguments, **installed.env)
        assert result.exit_code == 0, result.stderr

    (tmp_path / "line.yaml").write_text(
        "lines: {l1: {machines: {m1: {sensors: {t: {spec: {lower: 58, upper: 62}, "
        "control_chart: {size: 2, every_s: 4}}}}}}}\n"
    )
    call("line", "apply", "line.yaml")
    worker.merge()
    rng = random.Random(1)
    samples = [sample(n, round(rng.gauss(60.0, 0.5), 3)) for n in range(240)]
    worker.pipe_all([("sensors", each, None, START + n) for n, each in enumerate(samples)])
    worker.advance(START + 250.0)
    (row,) = page()
    assert (row["n"], row["reason"]) == (120, None)
    assert row["cp"]["value"] == pytest.approx(4.0 / (6 * 0.5), rel=0.15)

    worker.crash()
    worker.advance(START + 260.0)
    assert page() == [row]
    call("line", "clear", "--yes")
    worker.merge()
    worker.pipe("sensors", sample(265, 60.0))
    worker.advance(START + 270.0)
    assert page() == []
