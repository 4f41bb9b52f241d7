"""Reading Prometheus' text format, as far as our own workers write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Sample(NamedTuple):
    """One number with its labels."""

    name: str
    labels: dict[str, str]
    value: float


def parse(text: str) -> Iterator[Sample]:
    """Yield the samples of a page; comments and what is not understood are left out."""
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is not None:
            name, labels, value = found.groups()
            yield Sample(name, dict(_LABEL.findall(labels or "")), float(value))


def histogram(samples: Iterable[Sample], name: str, label: str) -> dict[str, dict[float, float]]:
    """Return the buckets of a histogram for each value of one of its labels."""
    found: dict[str, dict[float, float]] = {}
    for sample in samples:
        if sample.name == f"{name}_bucket":
            bound = float(sample.labels["le"])
            found.setdefault(sample.labels[label], {})[bound] = sample.value
    return found
