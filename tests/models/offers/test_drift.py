"""Whether what was learnt still holds."""

from __future__ import annotations

import random

from scipy import stats

from models.offers.drift import Watch
from models.propensity.validation import log_loss


def offers(watch: Watch, rng: random.Random, count: int, rate: float, chance: float) -> int:
    """Take offers of three articles in: clicked at ``rate``, thought to be clicked at ``chance``."""
    found = 0
    for _ in range(count):
        clicks = [rng.random() < rate for _ in range(3)]
        loss = sum(log_loss(chance, hit=clicked) for clicked in clicks) / 3
        found += watch.take(loss, sum(clicks) / 3)
    return found


def test_while_nothing_changes_there_is_hardly_ever_drift() -> None:
    """In 100 streams of 1,000 offers less than one in 20, with 97.5 % confidence."""
    streams = [offers(Watch(), random.Random(seed), 1_000, 0.1, 0.1) for seed in range(100)]
    drifting = sum(found > 0 for found in streams)
    assert stats.binomtest(drifting, 100).proportion_ci(0.95, method="exact").high <= 0.05


def test_customers_who_click_less_than_before_are_drift_each_time_it_is_found() -> None:
    for seed in range(10):
        watch, rng = Watch(), random.Random(seed)
        assert offers(watch, rng, 1_000, 0.3, 0.3) == 0
        found = offers(watch, rng, 1_000, 0.1, 0.3)
        assert found >= 1
        assert watch.drifts == found


def test_a_model_that_has_become_worse_is_drift_though_as_many_click() -> None:
    watch = Watch()
    rng = random.Random(1)
    for _ in range(1_000):
        watch.take(rng.gauss(0.3, 0.05), 0.1)
    assert watch.drifts == 0
    for _ in range(1_000):
        watch.take(rng.gauss(0.6, 0.05), 0.1)
    assert watch.drifts >= 1


def test_a_model_that_learns_is_no_drift() -> None:
    watch = Watch()
    rng = random.Random(1)
    for loss in (0.9, 0.6, 0.3, 0.1):
        for _ in range(1_000):
            assert not watch.take(rng.gauss(loss, 0.05), 0.1)
    assert watch.drifts == 0
