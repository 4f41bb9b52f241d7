"""A machine's newest rows."""

from __future__ import annotations

import numpy as np

from models.scorers.lately import Lately


def test_the_newest_rows_are_kept_in_their_order() -> None:
    kept = Lately(2, 3)
    for n in range(5):
        kept.add(np.array([n, 10.0 * n]))
        newest = list(range(max(0, n - 2), n + 1))
        assert kept.n == len(newest)
        assert kept.rows()[:, 0].tolist() == newest
    assert kept.rows().tolist() == [[2.0, 20.0], [3.0, 30.0], [4.0, 40.0]]


def test_a_counter_that_hardly_moves_keeps_its_digits() -> None:
    kept = Lately(1, 4)
    rows = 1e9 + np.array([[0.0], [0.01], [0.02]])
    for row in rows:
        kept.add(row)
    assert np.allclose(kept.rows() - 1e9, rows - 1e9, atol=1e-6, rtol=0)


def test_what_was_taken_in_may_change_afterwards() -> None:
    kept, row = Lately(1, 2), np.array([1.0])
    kept.add(row)
    row[0] = 5.0
    assert kept.rows().tolist() == [[1.0]]


def test_a_counter_that_goes_far_keeps_its_digits() -> None:
    kept = Lately(1, 100)
    counter = 1e6 * np.arange(100_000.0)
    for value in counter:
        kept.add(np.array([value]))
    assert np.abs(np.diff(kept.rows()[:, 0]) - 1e6).max() < 100.0
