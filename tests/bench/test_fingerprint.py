"""Equal states have equal fingerprints, and only these."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from bench.fingerprint import fingerprint


@dataclass(slots=True)
class State:
    """Something with numbers in it."""

    values: Any = field(default_factory=lambda: np.array([1.0, np.nan]))
    names: set[str] = field(default_factory=lambda: {"a", "b", "c"})
    rows: dict[str, list[float]] = field(default_factory=lambda: {"x": [1.0, 2.0]})


def test_a_copy_has_the_same_also_where_there_is_no_number() -> None:
    state = State()
    assert fingerprint(pickle.loads(pickle.dumps(state))) == fingerprint(state)


@pytest.mark.parametrize(
    "other",
    [
        State(values=np.array([1.0, 2.0])), State(values=np.array([[1.0], [np.nan]])),
        State(values=np.float32(1.0)), State(names={"a", "b"}), State(rows={"x": [1.0, 2.1]}),
        State(rows={"y": [1.0, 2.0]}),
    ],
)  # fmt: skip
def test_another_state_has_another(other: State) -> None:
    assert fingerprint(other) != fingerprint(State())


def test_numbers_of_numpy_are_told_apart() -> None:
    assert fingerprint([np.float32(1.5)]) != fingerprint([np.float32(2.5)])
    assert fingerprint([np.float32(1.5)]) == fingerprint([np.float32(1.5)])
