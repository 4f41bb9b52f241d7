"""What is planted follows from the seed, fits the horizon and can be written as JSON."""

from __future__ import annotations

import msgspec
import pytest

from streams.simulate.faults import KINDS
from streams.simulate.truth import CYCLE_S, plant


def test_equal_seeds_plant_equal_truths() -> None:
    assert plant(5, 60.0) == plant(5, 60.0)
    assert plant(5, 60.0) != plant(6, 60.0)


def test_the_catalogue_and_the_customers_have_the_promised_size() -> None:
    truth = plant(1)
    assert len({article.sku for article in truth.articles}) == 120
    assert len({article.category for article in truth.articles}) == 8
    assert len(truth.segment_of) == 400
    assert 0.8 < len(truth.consenting) / 400 < 0.9


def test_planted_pairs_share_no_article() -> None:
    truth = plant(2)
    skus = [sku for pair in truth.affinities for sku in (pair.a, pair.b)]
    assert len(truth.affinities) == 12
    assert len(set(skus)) == len(skus)


@pytest.mark.parametrize("horizon", [20.0, 60.0, 300.0, 3600.0])
@pytest.mark.parametrize("period", [0.1, 0.5, 1.0])
def test_faults_of_every_kind_fit_between_warm_up_and_end(horizon: float, period: float) -> None:
    for seed in range(20):
        faults = plant(seed, horizon, period).faults_of(0)
        assert {fault.kind for fault in faults} == set(KINDS)
        assert min(fault.start_s for fault in faults) >= 0.2 * horizon - 0.001
        assert max(fault.end_s for fault in faults) <= 0.96 * horizon


def test_a_minute_has_enough_normal_samples_before_the_first_fault() -> None:
    assert plant(3, 60.0, 0.4).faults_of(0)[0].start_s >= 64 * 0.4


def test_no_sensor_has_two_faults_at_once() -> None:
    for seed in range(20):
        free: dict[tuple[str, str, str], float] = {}
        for fault in plant(seed, 3600.0).faults_of(0):
            place = (fault.line, fault.machine, fault.sensor)
            assert fault.start_s >= free.get(place, 0.0)
            free[place] = fault.end_s


def test_without_a_horizon_faults_recur_for_ever() -> None:
    truth = plant(4)
    later = truth.faults_of(7)
    assert 7 * CYCLE_S < later[0].start_s < 8 * CYCLE_S
    assert later != truth.faults_of(6)
    assert len(truth.faults_before(3 * CYCLE_S)) == sum(len(truth.faults_of(n)) for n in range(3))
    assert plant(4, 60.0).faults_of(1) == ()


def test_the_truth_is_json() -> None:
    plain = msgspec.json.decode(msgspec.json.encode(plant(1, 60.0).as_dict()))
    assert len(plain["affinities"]) == 12
    assert plain["shift"]["start_s"] == 30.0


def test_the_old_mix_adds_up() -> None:
    assert sum(plant(1).old_mix.values()) == pytest.approx(1.0)
