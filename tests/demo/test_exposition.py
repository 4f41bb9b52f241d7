"""Reading our own metrics pages."""

from __future__ import annotations

import math

from streams.demo.exposition import Sample, histogram, parse
from streams.metrics import Metrics


def test_labels_may_hold_anything() -> None:
    page = '# HELP x y\nx{a="b,c=\\"d\\"",e=""} 1.5\ny 2\n\nnonsense\n'
    assert list(parse(page)) == [
        Sample("x", {"a": 'b,c=\\"d\\"', "e": ""}, 1.5),
        Sample("y", {}, 2.0),
    ]


def test_the_page_of_a_worker() -> None:
    metrics = Metrics()
    for seconds in (0.0015, 0.004, 100000.0):
        metrics.end_to_end_seconds.labels("orders").observe(seconds)
    samples = list(parse(metrics.exposition().decode()))
    buckets = histogram(samples, "tailorline_end_to_end_seconds", "topic")["orders"]
    assert (buckets[0.001], buckets[0.002], buckets[0.005]) == (0.0, 1.0, 2.0)
    assert buckets[math.inf] == 3.0
