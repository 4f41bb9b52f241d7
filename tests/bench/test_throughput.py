"""The pure parts of the throughput benchmark: mixes, the steps alone, stages, medians."""

from __future__ import annotations

from itertools import groupby

import pytest

from bench.throughput.inprocess import Shards
from bench.throughput.mixes import Load, messages
from bench.throughput.run import summary
from bench.throughput.system import stages
from schemas.topics import COMMANDS, INPUTS
from streams.processor import Message
from streams.topology import FLOW_OF_TOPIC, ShardId


def test_a_mix_has_as_many_events_as_asked_for_and_ends_about_now() -> None:
    made = list(messages("mix", 2_000, seed=3))
    assert len(made) == 2_000
    assert {topic for topic, *_ in made} == {topic.name for topic in INPUTS} - {COMMANDS.name}
    times = [at for *_, at in made]
    assert times == sorted(times)


def test_ingest_has_no_clicks_so_no_offers() -> None:
    assert {topic for topic, *_ in messages("ingest", 500, seed=3)} == {"orders", "sensors"}


def test_events_are_counted_by_flow() -> None:
    load = Load()
    load.by_topic.update({"clickstream": 5, "orders": 2, "sensors": 3})
    assert load.by_flow == {"shop": 7, "floor": 3}


async def test_the_steps_alone_take_every_event_and_see_the_merged_view() -> None:
    shards = Shards(2)
    batches = [
        (ShardId(FLOW_OF_TOPIC[topic].name, 0), list(own))
        for topic, own in groupby(
            (
                Message(topic, 0, offset, at, key, value)
                for offset, (topic, key, value, at) in enumerate(messages("mix", 1_500, seed=3))
            ),
            key=lambda message: message.topic,
        )
    ]
    for number, (shard, own) in enumerate(batches):
        await shards.take(shard, own)
        if number % 50 == 0:
            await shards.merge()
    total = shards.spent()
    assert total.events == 1_500
    assert 0 < total.cpu < 60
    assert shards.spent("shop").events + shards.spent("floor").events == 1_500
    tally: dict[str, int] = {}
    for shard in await shards.store.shards():
        for name, count in (await shards.store.tally(shard)).items():
            tally[name] = tally.get(name, 0) + count
    assert sum(count for name, count in tally.items() if name.endswith(":read")) == 1_500
    assert any(shards._views.latest.versions)


def test_stages_are_read_from_the_metrics() -> None:
    page = """
tailorline_batch_seconds_count{flow="shop",stage="steps"} 4.0
tailorline_batch_seconds_sum{flow="shop",stage="steps"} 0.5
tailorline_batch_seconds_sum{flow="shop",stage="store"} 0.25
tailorline_batch_seconds_sum{flow="floor",stage="store"} 0.25
tailorline_batch_seconds_bucket{flow="shop",le="1.0",stage="store"} 3.0
"""
    assert stages(page, {"shop": 1_000}) == {
        "shop_batches": 4.0, "shop_steps": 500.0, "shop_store": 250.0,
    }  # fmt: skip


def _round(rate: float, cpu: float) -> dict[str, object]:
    return {
        "events_per_s": rate, "cpu_us_per_event": cpu, "valkey_us_per_event": 9.0,
        "flows": {"shop": 1.0, "floor": 2.0}, "stages": {"shop_steps": 3.0}, "outputs": 5,
        "transport_us_per_event": 60.0,
    }  # fmt: skip


def test_ratios_are_taken_round_by_round() -> None:
    flows = {"flows": {name: {"cpu_us_per_event": 7.0} for name in ("shop", "floor")}}
    # The second round met a machine twice as slow, the third one twice as fast.
    collected = {
        "limit": [_round(1e6, 1.0)] * 3,
        "core": [_round(rate, 40.0) | flows for rate in (10_000.0, 5_000.0, 20_000.0)],
        "mix": [_round(rate, 100.0) for rate in (4_000.0, 2_500.0, 9_000.0)],
        "core_ingest": [_round(20_000.0, 30.0)] * 3,
        "ingest": [_round(5_000.0, 90.0)] * 3,
        "faust": [_round(1_000.0, 300.0)] * 3,
    }
    results, baselines = summary(collected)
    assert results["system_over_core"] == pytest.approx(0.45)
    assert results["system_over_core_cpu"] == pytest.approx(0.4)
    assert results["plumbing_us_per_event"] == 60.0
    assert results["events_per_s_mix"] == 4_000.0
    assert results["events_per_s_mix_floor"] == 2.0
    assert results["stage_us_shop_steps"] == 3.0
    assert baselines["faust"]["cpu_us_per_event"] == 300.0
