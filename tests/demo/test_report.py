"""What adds up and what does not."""

from __future__ import annotations

from dataclasses import replace

from streams.demo.report import caught, differences, envelope, results
from streams.demo.snapshot import Input, Output, Snapshot
from tests.demo.sample import busy

DIRT = {"clickstream": {"duplicate": 7, "invalid": 60, "not_json": 40}}


def with_clicks(**changes: int) -> Snapshot:
    whole = busy()
    clicks = replace(whole.inputs["clickstream"], **changes)
    return replace(whole, inputs={**whole.inputs, "clickstream": clicks})


def settled() -> Snapshot:
    return busy()


def test_everything_adds_up() -> None:
    assert differences(settled(), DIRT) == []


def test_an_event_that_was_never_read() -> None:
    (line,) = differences(with_clicks(published=1_000_108), DIRT)
    assert line == "clickstream: 1,000,108 were published, 1,000,107 were read"


def test_an_event_without_an_outcome() -> None:
    (line,) = differences(with_clicks(accepted=999_999), DIRT)
    assert "999,999 accepted + 7 duplicates + 100 rejected are 1,000,106" in line


def test_what_is_still_to_be_applied() -> None:
    (line,) = differences(with_clicks(lag=3), DIRT)
    assert line == "clickstream: 3 were published but not applied"


def test_an_output_that_did_not_come() -> None:
    outputs = {**busy().outputs, "offers": Output(20, 19)}
    assert differences(busy(outputs=outputs), DIRT) == ["offers: 20 were sent, 19 came"]


def test_a_rejected_event_without_a_dead_letter() -> None:
    outputs = {**busy().outputs, "dead-letters": Output(99, 99)}
    (line,) = differences(busy(outputs=outputs), DIRT)
    assert line == "100 events were rejected, 99 dead letters were sent"


def test_rejected_without_a_reason() -> None:
    inputs = {"orders": Input(published=2, read=2, accepted=1, rejected=1)}
    found = differences(Snapshot(inputs=inputs, outputs={"dead-letters": Output(1, 1)}))
    assert found == ["orders: 1 rejected, 0 of them with a reason"]


def test_dirt_that_was_missed_or_made_up() -> None:
    planted = {"clickstream": {"duplicate": 8, "invalid": 60}}
    assert caught(settled(), planted)["clickstream"] == {
        "duplicate": (8, 7),
        "invalid": (60, 60),
        "not_json": (0, 40),
    }
    assert differences(settled(), planted) == [
        "clickstream: 8 duplicate were planted, 7 caught",
        "clickstream: 0 not_json were planted, 40 caught",
    ]


def test_the_report_has_what_programs_compare() -> None:
    found = results(settled(), 10.0, DIRT, {"faults_found": 3})
    clicks = found["topics"]["clickstream"]
    assert clicks["read"] == clicks["published"] == 1_000_107
    assert clicks["rejected_by_reason"] == {"invalid": 60, "not_json": 40}
    assert (clicks["lag_end"], clicks["p95_ms"], clicks["events_per_s"]) == (0, 61.2, 100_010.7)
    assert found["outputs"]["offers"]["outputs"] == 20
    assert found["dirt"]["clickstream"]["duplicate"] == {"planted": 7, "caught": 7}
    assert (found["accounted"], found["faults_found"]) == (1, 3)
    page = envelope([], {"rate": 1}, found, {"popularity": {"affinities_found": 1.0}})
    assert list(page) == ["bench", "data", "settings", "results", "baselines"]
    assert page["bench"] == "demo"
