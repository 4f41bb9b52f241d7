"""Whether what was learnt still holds."""

from __future__ import annotations

import random

from scipy import stats

from models.offers.drift import PurchaseWatch, Watch
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


# -- purchases ------------------------------------------------------------------------------------

DAY = 86_400.0


def outcomes(rng: random.Random, days: list[tuple[int, float]]) -> list[tuple[float, bool]]:
    """Draw clicks of some days, each with so many at such a rate of purchases, as they become known.

    A purchase is known within the hour, its absence a day after the click.
    """
    known = []
    for day, (clicks, rate) in enumerate(days):
        for _ in range(clicks):
            at = (day + rng.random()) * DAY
            bought = rng.random() < rate
            known.append((at + (rng.random() * 3_600 if bought else DAY), at, bought))
    return [(at, bought) for _, at, bought in sorted(known)]


def drifts(known: list[tuple[float, bool]], chance: float) -> tuple[int, int]:
    """Return how often there was drift in the order of the clicks, and in that of knowing."""
    watch, hasty = PurchaseWatch(10_000), Watch()
    told = False
    for at, bought in known:
        loss = log_loss(chance, hit=bought)
        told |= watch.take(at, loss, bought=bought)
        hasty.take(loss, float(bought))
    assert told == (watch.drifts > 0)
    return watch.drifts, hasty.drifts


def test_that_purchases_are_known_sooner_than_their_absence_is_no_drift() -> None:
    """The first day, and days with a tenfold of clicks of which as many are bought as ever."""
    days = [(300, 0.2), (300, 0.2), (3_000, 0.2), (300, 0.2), (3_000, 0.2), (300, 0.2)]
    seen = [drifts(outcomes(random.Random(seed), days), 0.2) for seed in range(20)]
    assert sum(found > 0 for found, _ in seen) <= 1
    assert all(hasty > 0 for _, hasty in seen), "the order is what makes it"


def test_customers_who_buy_less_of_what_they_click_are_drift() -> None:
    for seed in range(5):
        days = [(500, 0.3)] * 4 + [(500, 0.05)] * 4
        found, _ = drifts(outcomes(random.Random(seed), days), 0.3)
        assert found >= 1


def test_purchases_are_held_back_up_to_a_bound() -> None:
    watch = PurchaseWatch(3)
    for number in range(50):
        watch.take(float(number), 0.1, bought=True)
        assert len(watch._bought) <= 3
