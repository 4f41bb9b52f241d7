"""Mean and variance that forget."""

from __future__ import annotations

import pytest

from models.scorers.running import Running


def test_running_moments_are_plain_until_the_memory_is_full() -> None:
    values = [1.0, 4.0, 4.0, 7.0]
    running = Running()
    for x in values:
        running.learn(x, 10)
    assert (running.n, running.mean) == (4, 4.0)
    assert running.var == pytest.approx(4.5)
    assert running.std == pytest.approx(4.5**0.5)
    for _ in range(200):
        running.learn(50.0, 10)
    assert running.n == 10
    assert running.mean == pytest.approx(50.0)
    slow = Running(n=10, mean=0.0, var=1.0)
    slow.learn(10.0, 10, 0.1)
    assert slow.mean == pytest.approx(0.1)
