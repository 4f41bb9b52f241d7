"""Hit rate, reciprocal rank, and intervals that draw whole sessions."""

from __future__ import annotations

import numpy as np
import pytest

from bench.sessions.metrics import Scores, bootstrap, reciprocal_rank


def scores(*outcomes: tuple[str, float]) -> Scores:
    made = Scores()
    for session, rank in outcomes:
        made.add(session, rank)
    return made


def test_the_rank_counts_from_one_and_a_miss_is_nothing() -> None:
    assert reciprocal_rank(["a", "b", "c"], "a") == 1
    assert reciprocal_rank(["a", "b", "c"], "c") == pytest.approx(1 / 3)
    assert reciprocal_rank(["a", "b", "c"], "d") == 0
    assert reciprocal_rank([], "d") == 0


def test_hit_rate_and_mean_rank() -> None:
    made = scores(("s", 1.0), ("s", 0.0), ("t", 0.5), ("u", 0.0))
    assert made.hit_rate == 0.5
    assert made.mean_rank == pytest.approx(1.5 / 4)
    assert len(made) == 4


def test_nothing_scored_is_zero_and_no_error() -> None:
    assert (Scores().hit_rate, Scores().mean_rank) == (0, 0)
    assert Scores().intervals() == {"hr": (0, 0), "mrr": (0, 0)}


def test_an_interval_holds_its_mean_and_is_the_same_each_time() -> None:
    made = scores(*[(f"s{n % 40}", float(n % 3 == 0)) for n in range(200)])
    low, high = made.intervals()["hr"]
    assert low < made.hit_rate < high
    assert made.intervals() == made.intervals()


def test_sessions_are_drawn_whole() -> None:
    # All clicks of a session alike: as uncertain as 20 sessions, not as 2,000 clicks.
    together = scores(*[(f"s{n % 20}", float(n % 2)) for n in range(2_000)])
    apart = scores(*[(f"s{n}", float(n % 2)) for n in range(2_000)])
    widths = [high - low for low, high in (one.intervals()["hr"] for one in (together, apart))]
    assert widths[0] > 5 * widths[1]


def test_a_draw_weighs_sessions_by_their_clicks() -> None:
    # Two sessions: one click missed, nine hit. Means are 0, 0.9 or 1, and never 0.5.
    means = bootstrap(np.array([[0.0, 9.0]]), np.array([1.0, 9.0]), seed=1)
    assert set(np.round(means[0], 6)) == {0.0, 0.9, 1.0}
