"""Times, as they are written in tables of sensors."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bench.anomaly.fields import moment


@pytest.fixture
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_elsewhere")
def test_a_time_is_the_same_wherever_the_benchmark_runs() -> None:
    assert moment("2014-05-13 16:53:20") == 1_400_000_000
    assert moment("2014-05-13 16:53:20.500000") == 1_400_000_000.5
    assert moment("2014-05-13T18:53:20+02:00") == 1_400_000_000
    # The clocks of New York skip this hour.
    assert moment("2014-03-09 03:30:00") - moment("2014-03-09 01:30:00") == 7_200


@pytest.mark.parametrize("text", [None, "", "noon"])
def test_what_is_no_time_is_not_guessed(text: str | None) -> None:
    with pytest.raises(ValueError):
        moment(text)
