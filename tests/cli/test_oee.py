"""``tailorline oee``: sums of the floor's shards, shown by machine and together."""

from __future__ import annotations

import json

import pytest

from models.effects import SEPARATOR, Effects
from models.line.effectiveness import OEE
from schemas.sensors import MachineState, ProductionCount
from streams.cli.console import OUT
from streams.store.protocol import Work
from streams.store.redis import RedisStore
from streams.topology import ShardId
from tests.cli.installation import Installation
from tests.streams.events import moment

SHIFT = {"planned_s": 28_800.0, "production_s": 21_600.0}
HALF = SHIFT | {"ideal_s": 10_800.0, "produced": 400, "good": 380}
"""Availability 75 %, performance 50 %, quality 95 %."""
Days = dict[tuple[str, str, str], dict[str, float]]
NOTHING = "No machine has told its state or what it made yet.\n"


async def keep(store: RedisStore, number: int, days: Days) -> None:
    """Add sums to a shard of the floor as a worker does."""
    shard = ShardId("floor", number)
    claim = await store.claim(shard)
    effects = Effects(4)
    for place, sums in days.items():
        for name, amount in sums.items():
            effects.add(OEE, SEPARATOR.join((*place, name)), amount)
    work = Work(claim.seq + 1, {}, [], effects, [])
    assert (await store.apply(shard, claim.epoch, work)).status == "applied"


def kept(installed: Installation, *shards: Days) -> None:
    for number, days in enumerate(shards):
        installed.in_store(lambda store, n=number, own=days: keep(store, n, own))


@pytest.fixture
def page(run, installed):
    def call(*arguments: str) -> dict:
        result = run("oee", "--json", *arguments, **installed.env)
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    return call


def test_machines_of_all_shards_are_shown_and_their_sums_together(installed, page):
    kept(
        installed,
        {("l1", "m1", "2026-11-25"): HALF},
        {("l1", "m2", "2026-11-25"): SHIFT | {"ideal_s": 21_600.0, "produced": 100, "good": 100}},
    )
    found = page()
    first, second = found["machines"]
    assert (first["line"], first["machine"]) == ("l1", "m1")
    parts = ("availability", "performance", "quality", "oee")
    assert [first[part] for part in parts] == pytest.approx([0.75, 0.5, 0.95, 0.75 * 0.5 * 0.95])
    assert [second[part] for part in parts] == pytest.approx([0.75, 1.0, 1.0, 0.75])
    assert not second["wrong_cycle_time"]
    together = found["all"]
    assert [together[part] for part in parts] == pytest.approx([0.75, 0.75, 0.96, 0.54])
    assert (together["produced"], together["planned_s"]) == (500, 57_600.0)
    assert found["days"] == ["2026-11-25"]


def test_the_last_days_are_added_up(installed, page):
    kept(installed, {("l1", "m1", f"2026-11-{day}"): HALF for day in (20, 22, 23)})
    assert (page()["days"], page()["all"]["produced"]) == (["2026-11-23"], 400)
    both = page("--days", "2")
    assert (both["days"], both["all"]["produced"]) == (["2026-11-22", "2026-11-23"], 800)
    assert len(both["machines"]) == 1
    assert page("--days", "14")["all"]["produced"] == 1200


def test_only_machines_of_a_line_or_a_name(installed, page):
    day = "2026-11-25"
    kept(installed, {("l1", "m1", day): HALF, ("l1", "m2", day): HALF, ("l2", "m1", day): HALF})

    def places(*arguments: str) -> list[tuple[str, str]]:
        return [(row["line"], row["machine"]) for row in page(*arguments)["machines"]]

    assert places() == [("l1", "m1"), ("l1", "m2"), ("l2", "m1")]
    assert places("--line", "l1") == [("l1", "m1"), ("l1", "m2")]
    assert places("--machine", "m1") == [("l1", "m1"), ("l2", "m1")]
    assert page("--machine", "m1", "--line", "l2")["all"]["produced"] == 400
    assert places("--line", "l3") == []


def test_without_cycle_times_there_is_no_performance_and_no_oee(run, installed, page):
    kept(installed, {("l1", "m1", "2026-11-25"): SHIFT | {"produced": 9, "good": 8, "unrated": 9}})
    row = page()["machines"][0]
    assert (row["performance"], row["oee"], row["availability"]) == (None, None, 0.75)
    line = run("oee", **installed.env).stdout.splitlines()[1]
    assert line.split() == ["l1/m1", "75.0%", "-", "88.9%", "-", "6.0", "9", "8"]


def test_a_machine_faster_than_can_be_is_marked(run, installed, page):
    kept(
        installed,
        {
            ("l1", "m1", "2026-11-25"): HALF | {"ideal_s": 30_000.0},
            ("l1", "m2", "2026-11-25"): HALF,
        },
    )
    assert [row["wrong_cycle_time"] for row in page()["machines"]] == [True, False]
    result = run("oee", **installed.env)
    fast, usual = (line for line in result.stdout.splitlines() if line.startswith("l1/"))
    assert ("400 !" in fast, "!" in usual) == (True, False)
    assert "!: faster than its ideal cycle time, which must be wrong" in result.stdout


def test_a_terminal_of_80_columns_shows_whole_names_and_heads(
    run, installed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(OUT, "_width", 80)
    name = "assembly-robot-of-the-west-wing-3"
    kept(installed, {("[b]line-1", name, "2026-11-25"): HALF, ("l2", "m", "2026-11-24"): HALF})
    result = run("oee", "--days", "2", **installed.env)
    lines = result.stdout.splitlines()
    assert "…" not in result.stdout
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == [
        "machine", "avail.", "perform.", "quality", "OEE", "run", "h", "made", "good",
    ]  # fmt: skip
    column = lines[0].index("avail.")
    assert "".join(line[:column].strip() for line in lines[1:-3]) == f"[b]line-1/{name}"
    assert lines[-2].split() == ["all", "75.0%", "50.0%", "95.0%", "35.6%", "12.0", "800", "760"]
    assert lines[-1] == "As it was from 2026-11-24 to 2026-11-25 (UTC)."


def test_a_single_day_is_named(run, installed):
    kept(installed, {("l1", "m1", "2026-11-25"): HALF})
    assert run("oee", **installed.env).stdout.endswith("As it was on 2026-11-25 (UTC).\n")


def test_a_machine_that_said_nothing_of_late_is_another_thing_than_none_at_all(run, installed):
    kept(installed, {("l1", "m1", "2026-11-20"): HALF, ("l1", "m2", "2026-11-25"): HALF})
    result = run("oee", "--machine", "m1", **installed.env)
    assert (result.exit_code, result.stdout) == (
        0,
        "No such machine told anything on 2026-11-25 (UTC): --days looks further back.\n",
    )
    assert run("oee", "--machine", "m1", "--days", "2", **installed.env).stdout.startswith("mach")


def test_nothing_yet_and_no_worker_are_two_things(run, installed, page):
    result = run("oee", **installed.env)
    assert (result.exit_code, result.stdout) == (0, NOTHING)
    assert result.stderr.startswith("No worker has used this store yet.")
    kept(installed, {})
    result = run("oee", **installed.env)
    assert (result.exit_code, result.stdout, result.stderr) == (0, NOTHING, "")
    found = page()
    assert (found["days"], found["machines"], found["all"]["oee"]) == ([], [], None)


@pytest.mark.parametrize("days", ["0", "15", "x"])
def test_days_that_are_not_kept_are_a_wrong_call(run, installed, days):
    result = run("oee", "--days", days, **installed.env)
    assert (result.exit_code, "--days" in result.stderr) == (2, True)


def test_a_store_that_is_not_there_is_a_failure(run, impatient):
    result = run("oee", TAILORLINE_STORE__URL="redis://127.0.0.1:1/0")
    assert (result.exit_code, "tailorline doctor" in result.stderr) == (1, True)


def test_wrong_settings_are_a_wrong_call(run):
    result = run("oee", TAILORLINE_STORE__PREFIX="not allowed")
    assert (result.exit_code, "TAILORLINE_STORE__PREFIX" in result.stderr) == (2, True)


# -- end to end -----------------------------------------------------------------------------------


def test_what_a_machine_did_and_made_is_its_oee(run, installed, page, worker, tmp_path):
    (tmp_path / "line.yaml").write_text("lines: {l1: {machines: {m1: {ideal_cycle_s: 4}}}}\n")
    assert run("line", "apply", "line.yaml", **installed.env).exit_code == 0
    worker.merge()
    for number, (second, state) in enumerate(
        ((0, "running"), (60, "stopped"), (80, "maintenance"), (1080, "stopped"))
    ):
        worker.pipe(
            "sensors",
            MachineState(
                event_id=f"s{number}", occurred_at=moment(second), line="l1", machine="m1",
                state=state,
            ),
        )  # fmt: skip
    worker.pipe(
        "sensors",
        ProductionCount(
            event_id="p", occurred_at=moment(50), line="l1", machine="m1", sku="x", good=9, scrap=3
        ),
    )
    row = page()["machines"][0]
    assert (row["planned_s"], row["production_s"], row["ideal_s"]) == (80.0, 60.0, 48.0)
    assert row["oee"] == pytest.approx(60 / 80 * 48 / 60 * 9 / 12)
