"""The floor's shard: samples in, changes of alarms out."""

from __future__ import annotations

import pickle
import random
from itertools import pairwise
from typing import Any

import pytest

from models.effects import Effects
from models.floor import _STEPS, MADE, SCRAPPED, FloorSettings, FloorShard
from models.line.effectiveness import OEE
from models.line.machine import WatchSettings
from models.line.sensor import SensorSettings, SensorWatch
from models.snapshot import Snapshot, seal, unseal
from models.view import View
from schemas.decoding import Reject
from schemas.outputs import Alert
from schemas.topics import ALERTS
from tests.models.events import Feed, made, sample, state
from tests.models.scorers.signals import noise
from tests.models.shards import floor_events, plain, quick_floor

WARM = 200


SOON = FloorSettings(
    watch=WatchSettings(sensor=SensorSettings(normal_after=100, normal_after_s=0.0))
)
"""What is in alarm for a hundred samples is normal from then on."""


def watched(feed: Feed) -> SensorWatch:
    machine = feed.shard.machines["l1", "m1"]
    found = machine.sensors["temperature"]
    assert isinstance(found, SensorWatch)
    return found


def warmed(settings: FloorSettings | None = None, **more: Any) -> Feed:
    feed = Feed(FloorShard(settings or FloorSettings()))
    feed(*(sample(x, float(n), **more) for n, x in enumerate(noise(1, WARM))))
    assert not feed.sent
    return feed


def watched_names(feed: Feed) -> list[str]:
    return [name for machine in feed.shard.machines.values() for name in machine.sensors]


def told(feed: Feed) -> list[tuple[str, str]]:
    return [(alert.condition, alert.state) for alert in feed.sent]


def level(feed: Feed, value: float, number: int, start: float = WARM, **more: Any) -> None:
    rng = random.Random(7)
    feed(*(sample(rng.gauss(value, 0.8), start + n, **more) for n in range(number)))


def calm(feed: Feed, number: int, start: float) -> None:
    feed(*(sample(x, start + n) for n, x in enumerate(noise(5, number))))


def test_a_trouble_is_told_once_and_its_end_too() -> None:
    feed = warmed()
    level(feed, 90.0, 50)
    (alert,) = feed.sent
    assert isinstance(alert, Alert)
    assert (alert.state, alert.condition, alert.priority) == ("active", "deviation", "medium")
    assert (alert.line, alert.machine, alert.sensor, alert.unit) == (
        "l1",
        "m1",
        "temperature",
        "Cel",
    )
    assert alert.value == pytest.approx(90, abs=4)
    assert alert.expected == pytest.approx(70, abs=1)
    assert (alert.occurrence, alert.limit) == (1, 5.0)
    assert alert.since == alert.occurred_at
    assert alert.text.startswith("l1/m1/temperature is off its normal level (")
    assert alert.text.endswith(" sigma, limit 5.0).")
    assert feed.shard.report()["alarms", "medium"] == 1
    calm(feed, 150, WARM + 50)
    (_, cleared) = feed.sent
    assert (cleared.state, cleared.condition, cleared.priority) == (
        "cleared",
        "deviation",
        "medium",
    )
    assert (cleared.alarm_id, cleared.since) == (alert.alarm_id, alert.since)
    assert cleared.alert_id != alert.alert_id
    assert cleared.text == "l1/m1/temperature is back to normal."
    assert alert.advice.startswith("Compare with the set point")
    assert not cleared.advice
    assert feed.shard.report()["alarms", "medium"] == 0
    level(feed, 90.0, 20, WARM + 200)
    assert feed.sent[2].occurrence == 2
    (output, *_) = feed.effects.outputs
    assert (output.topic, output.key, output.id) == (ALERTS.name, b"l1/m1", alert.alert_id)


def test_a_small_deviation_takes_longer_and_is_less_urgent() -> None:
    feed = warmed()
    level(feed, 74.0, 40)
    assert told(feed)[0] == ("deviation", "active")
    assert feed.sent[0].priority == "low"


def test_a_stuck_sensor() -> None:
    feed = warmed()
    feed(*(sample(70.5, WARM + float(n)) for n in range(2000)))
    assert told(feed) == [("flat_line", "active")]
    (alert,) = feed.sent
    assert alert.priority == "low"
    assert alert.text == "l1/m1/temperature has not moved, though it normally does."
    calm(feed, 60, WARM + 2000)
    assert told(feed)[1:] == [("flat_line", "cleared")]


def test_bad_quality_in_a_row() -> None:
    feed = warmed()
    feed(*(sample(None, WARM + float(n)) for n in range(4)), sample(70.0, WARM + 4.0))
    feed(*(sample(70.0, WARM + 5.0 + n, quality="bad") for n in range(4)))
    feed(sample(70.0, WARM + 9.0, quality="uncertain"))
    feed(*(sample(None, WARM + 10.0 + n) for n in range(4)))
    assert not feed.sent
    feed(sample(70.0, WARM + 14.0, quality="bad"), sample(None, WARM + 15.0))
    (alert,) = feed.sent
    assert (alert.condition, alert.priority, alert.value, alert.expected) == (
        "bad_quality", "low", None, None,
    )  # fmt: skip
    assert alert.text == "l1/m1/temperature reports bad quality."
    assert feed.shard.report()["sensors", "bad_quality"] == 14
    calm(feed, 4, WARM + 16)
    assert len(feed.sent) == 1
    calm(feed, 1, WARM + 20)
    assert told(feed) == [("bad_quality", "active"), ("bad_quality", "cleared")]


def test_bad_quality_from_the_first_sample_on_can_clear() -> None:
    feed = Feed(FloorShard(FloorSettings()))
    feed(*(sample(None, float(n)) for n in range(10)))
    feed(*(sample(x, 10.0 + n) for n, x in enumerate(noise(1, 25))))
    assert told(feed) == [("bad_quality", "active"), ("bad_quality", "cleared")]


def test_uncertain_samples_are_scored_but_not_learnt() -> None:
    feed = warmed()
    before = watched(feed).score.baseline.base.mean
    level(feed, 70.4, 10, quality="uncertain")
    assert watched(feed).score.baseline.base.mean == before
    level(feed, 90.0, 10, WARM + 10, quality="uncertain")
    assert told(feed) == [("deviation", "active")]
    assert watched(feed).score.baseline.base.mean == before


def test_a_new_level_that_lasts_is_the_normal_one_and_it_says_so() -> None:
    feed = warmed(SOON)
    level(feed, 90.0, 400)
    assert told(feed) == [("deviation", "active"), ("deviation", "cleared")]
    assert feed.sent[1].text == (
        "l1/m1/temperature has been so for 0.0 hours: from now on that is normal."
    )
    calm(feed, 10, WARM + 400)
    assert told(feed)[2:] == [("deviation", "active")]
    assert feed.sent[2].occurrence == 2
    assert feed.sent[2].expected == pytest.approx(90, abs=1)


def test_a_dead_sensor_is_never_the_normal_one() -> None:
    feed = warmed(SOON)
    feed(*(sample(70.5, WARM + float(n)) for n in range(500)))
    feed(*(sample(None, WARM + 500.0 + n) for n in range(500)))
    assert told(feed) == [("flat_line", "active"), ("bad_quality", "active")]
    calm(feed, 60, WARM + 1000)
    assert told(feed)[2:] == [("bad_quality", "cleared"), ("flat_line", "cleared")]


def test_another_unit_of_the_same_quantity_is_converted() -> None:
    feed = warmed()
    feed(*(sample(x + 273.15, WARM + float(n), unit="K") for n, x in enumerate(noise(2, 100))))
    feed(*(sample(x * 9 / 5 + 32, 300.0 + n, unit="[degF]") for n, x in enumerate(noise(3, 100))))
    assert not feed.sent
    feed(*(sample(90 + 273.15, 400.0 + n, unit="K") for n in range(2)))
    (alert,) = feed.sent
    assert alert.value == pytest.approx(90.0)
    assert alert.unit == "Cel"


def test_a_unit_of_another_quantity_begins_anew() -> None:
    feed = warmed()
    feed(*(sample(5.0 + x / 100, WARM + float(n), unit="bar") for n, x in enumerate(noise(2, 32))))
    assert not feed.sent
    assert watched(feed).score.unit == "bar"
    level(feed, 90.0, 3, WARM + 40, unit="bar")
    assert told(feed) == [("deviation", "active")]


def test_an_alarm_ends_when_the_unit_changes() -> None:
    feed = warmed()
    level(feed, 90.0, 10)
    later = [(WARM + 10.0 + n, 5.0 + x / 100) for n, x in enumerate(noise(2, 70))]
    feed(*(sample(x, at, unit="bar") for at, x in later))
    assert told(feed) == [("deviation", "active"), ("deviation", "cleared")]


def test_an_unknown_unit_is_refused_and_may_come_again_mended() -> None:
    feed = Feed(FloorShard(FloorSettings()))
    (refused,) = feed(sample(1.0, unit="furlong", event_id="x"))
    assert isinstance(refused, Reject)
    assert refused.reason == "unknown_unit"
    assert feed(sample(1.0, event_id="x")) == ["accepted"]


def test_a_machine_that_stands_still_is_not_scored() -> None:
    feed = warmed()
    before = watched(feed).score.baseline.base.mean
    feed(state("stopped", WARM))
    level(feed, 20.0, 100)
    feed(*(sample(None, WARM + 100.0 + n) for n in range(10)))
    assert not feed.sent
    assert watched(feed).score.baseline.base.mean == before
    assert feed.shard.report()["sensors", "bad_quality"] == 10
    feed(state("running", 400.0))
    level(feed, 20.0, 2, 401.0)
    assert told(feed) == [("deviation", "active")]


def test_late_samples_are_counted_and_move_nothing() -> None:
    feed = warmed()

    def kept() -> bytes:
        own = watched(feed)  # all but when it was heard of
        rest = (own.rest.last, own.rest.same, own.rest.moves, own.rest.interval, own.rest.heard_at)
        return pickle.dumps((own.score, own.level, own.alarms, own.last_at, own.behind_s, rest))

    before = kept()
    level(feed, 90.0, 10, 50.0)
    assert kept() == before
    assert not feed.sent
    assert feed.shard.report()["sensors", "late"] == 10
    assert feed(sample(70.0, float(WARM - 1))) == ["accepted"], "as late as the last one is in time"
    assert feed.shard.report()["sensors", "late"] == 10


def test_a_noisy_sensor_on_its_limit_does_not_chatter() -> None:
    feed = warmed()
    rng = random.Random(1)
    values = [70 + 0.8 * rng.gauss(3.0, 1.0) for _ in range(3600)]
    feed(*(sample(x, WARM + n * 0.5) for n, x in enumerate(values)))
    assert len(feed.sent) <= 2, "half an hour at 2 Hz"


def test_production_is_counted() -> None:
    feed = Feed(FloorShard(FloorSettings()))
    feed(made("s1", 5, 1), made("s1", 2), made("s2", 0, 3), made("s3", 0))
    counts = {key: row for key, row in feed.effects.deltas.items() if key != OEE}
    assert counts == {MADE: {"s1": 7}, SCRAPPED: {"s1": 1, "s2": 3}}


def test_duplicates_and_future_times() -> None:
    feed = Feed(FloorShard(FloorSettings()))
    one = made("s1", 5, event_id="x")
    assert feed(one, one) == ["accepted", "duplicate"]
    feed.sceptical = True
    (refused,) = feed(made("s1", 5, at=1e6))
    assert isinstance(refused, Reject)
    assert refused.reason == "future_time"
    assert feed.effects.deltas[MADE] == {"s1": 5}


def test_an_event_whose_step_raised_is_no_duplicate_when_it_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: Any) -> None:
        raise ZeroDivisionError

    feed, event = Feed(FloorShard(FloorSettings())), made("s1", 3)
    with monkeypatch.context() as patch:
        patch.setitem(_STEPS, type(event), failing)
        for _ in range(2):  # neither is the second one a repeat of the first
            with pytest.raises(ZeroDivisionError):
                feed(event)
    assert feed(event, event) == ["accepted", "duplicate"]


def test_the_number_of_sensors_and_machines_is_bounded() -> None:
    feed = Feed(FloorShard(FloorSettings(max_sensors=3)))
    for n in range(6):
        feed(*(sample(None, float(t), sensor=f"t{n}") for t in range(6)))
    assert len(watched_names(feed)) == len(feed.shard.annunciator.told) == 3
    assert feed.shard.report()["sensors", "known"] == 3
    feed = Feed(FloorShard(FloorSettings(max_sensors=2)))
    for n in range(5):
        feed(state("stopped", float(n), machine=f"m{n}"))
    assert len(feed.shard.machines) == 2


def test_the_floor_needs_no_view_and_publishes_nothing() -> None:
    shard, effects = FloorShard(FloorSettings()), Effects()
    shard.adopt(View(1), effects)
    shard.publish(effects)
    shard.tick(5.0, effects)
    shard.tick(3.0, effects)
    assert shard.clock == 5.0
    assert not effects.deltas
    assert not effects.puts


def outputs_of(feed: Feed) -> list[tuple[str, Any]]:
    return [(output.id, output.value) for output in feed.effects.outputs]


@pytest.mark.parametrize("seed", range(3))
def test_the_same_events_give_the_same_alerts_also_after_a_restart(seed: int) -> None:
    events = floor_events(seed)
    whole, first = Feed(quick_floor()), Feed(quick_floor())
    outcomes = whole(*events)
    assert {"accepted", "duplicate"} == {str(outcome) for outcome in outcomes}
    assert len(whole.sent) >= 4
    feed, found = Feed(quick_floor()), []
    cuts = (0, 100, 320, 520, 800, len(events))
    for begin, end in pairwise(cuts):
        found += feed(*events[begin:end])
        first(*events[begin:end])
        feed.shard = unseal(seal(Snapshot(feed.shard, {}, ()), b"k"), b"k").state
        assert plain(feed.shard.machines) == plain(first.shard.machines)
    assert found == outcomes
    assert outputs_of(feed) == outputs_of(first) == outputs_of(whole)
    assert plain(feed.shard.machines) == plain(whole.shard.machines)
    assert feed.shard.report() == whole.shard.report()


def test_a_restored_sensor_gives_the_same_next_scores() -> None:
    feed = warmed()
    restored = unseal(seal(Snapshot(feed.shard, {}, ()), b"k"), b"k").state
    settings = feed.shard.settings.watch.sensor.scorer
    one, other = watched(feed).score, watched(Feed(restored)).score
    for x in noise(9, 500):
        scored = one.score(x, settings)
        assert plain(other.score(x, settings)) == plain(scored)
        for score in (one, other):
            score.learn(scored, settings, quiet=True, interval_s=1.0)


def test_the_articles_longest_not_made_are_forgotten() -> None:
    feed = Feed(FloorShard(FloorSettings(max_skus=2)))
    feed(made("s1", 5, 1), made("s2", 1), made("s1", 2), made("s3", 0, 3))
    assert feed.effects.deltas[MADE] == {"s1": 7}
    assert feed.effects.deltas[SCRAPPED] == {"s1": 1, "s3": 3}
    assert feed.effects.drops == {MADE: {"s2"}, SCRAPPED: {"s2"}}
