"""Quantiles of histograms against what they must be by hand."""

from __future__ import annotations

import math

import pytest

from streams.demo.quantiles import add_up, quantile

INF = math.inf


def test_within_a_bucket_observations_are_spread_evenly() -> None:
    ten = {0.1: 0.0, 0.2: 10.0, 0.4: 10.0, INF: 10.0}
    assert quantile(ten, 0.5) == pytest.approx(0.15)
    assert quantile(ten, 1.0) == pytest.approx(0.2)
    assert quantile(ten, 0.0) == pytest.approx(0.1)


def test_several_buckets() -> None:
    found = {1.0: 50.0, 2.0: 90.0, 4.0: 100.0, INF: 100.0}
    assert quantile(found, 0.5) == pytest.approx(1.0)
    assert quantile(found, 0.7) == pytest.approx(1.5)
    assert quantile(found, 0.95) == pytest.approx(3.0)


def test_beyond_the_last_bound_nothing_is_known() -> None:
    assert quantile({1.0: 1.0, 2.0: 1.0, INF: 10.0}, 0.99) == pytest.approx(2.0)


def test_nothing_observed() -> None:
    assert quantile({}, 0.5) is None
    assert quantile({1.0: 0.0, INF: 0.0}, 0.5) is None


def test_only_shares_are_quantiles() -> None:
    with pytest.raises(ValueError, match="not a share"):
        quantile({INF: 1.0}, 95.0)


def test_workers_are_added_up() -> None:
    total = add_up([{1.0: 1.0, INF: 2.0}, {1.0: 3.0, INF: 3.0}])
    assert total == {1.0: 4.0, INF: 5.0}
