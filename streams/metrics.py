"""All Prometheus metrics, in one place. Base units; labels out of closed lists only."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from models.itemsets.audit import Audit
from streams.processor import Done, Message
from streams.topology import ShardId

_LATENCY = (
    0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2,
    0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0,
)  # fmt: skip
_SAMPLES = 16
"""Latencies taken per batch and topic: evenly spread, for a histogram costs a microsecond each."""

_AUDIT = (
    "compared", "violations", "missing", "largest_difference", "largest_relative_difference",
    "complete", "seconds", "loop_seconds",
)  # fmt: skip


class Metrics:
    """The metrics of one worker, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.events = Counter(
            "tailorline_events",
            "Events by what became of them.",
            ("flow", "topic", "outcome"),
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "tailorline_batch_seconds",
            "Time per batch, by stage.",
            ("flow", "stage"),
            buckets=_LATENCY,
            registry=registry,
        )
        self.end_to_end_seconds = Histogram(
            "tailorline_end_to_end_seconds",
            "Kafka's timestamp of an event to its effects applied (inputs, sampled), or to the "
            "output's delivery (outputs).",
            ("topic",),
            buckets=_LATENCY,
            registry=registry,
        )
        self.consumer_lag = Gauge(
            "tailorline_consumer_lag",
            "Events not yet applied.",
            ("topic", "partition"),
            registry=registry,
        )
        self.dead_letters = Counter(
            "tailorline_dead_letters",
            "Dead letters by reason.",
            ("topic", "reason"),
            registry=registry,
        )
        self.outputs = Counter("tailorline_outputs", "Outputs sent.", ("topic",), registry=registry)
        self.outbox_pending = Gauge(
            "tailorline_outbox_pending",
            "Outputs applied but not confirmed by Kafka.",
            ("shard",),
            registry=registry,
        )
        self.store_seconds = Histogram(
            "tailorline_store_seconds",
            "Time per call of the store.",
            ("op",),
            buckets=_LATENCY,
            registry=registry,
        )
        self.store_errors = Counter(
            "tailorline_store_errors",
            "Calls of the store that failed.",
            ("op",),
            registry=registry,
        )
        self.snapshot_age_seconds = Gauge(
            "tailorline_snapshot_age_seconds",
            "Time since the shard's last snapshot covered all.",
            ("shard",),
            registry=registry,
        )
        self.snapshot_bytes = Gauge(
            "tailorline_snapshot_bytes",
            "Size of the shard's last snapshot.",
            ("shard",),
            registry=registry,
        )
        self.assigned_partitions = Gauge(
            "tailorline_assigned_partitions",
            "Partitions this worker owns.",
            ("topic",),
            registry=registry,
        )
        self.model_metric = Gauge(
            "tailorline_model_metric",
            "What a model says of itself.",
            ("model", "metric", "shard"),
            registry=registry,
        )
        self.view_version = Gauge(
            "tailorline_view_version",
            "Version of the merged view here.",
            ("part",),
            registry=registry,
        )
        self.misrouted = Counter(
            "tailorline_misrouted",
            "Events whose key is not the one they must be keyed by, or "
            "whose partition is not murmur2's.",
            ("topic",),
            registry=registry,
        )
        self.offset_gaps = Counter(
            "tailorline_offset_gaps",
            "Runs of offsets that never came; the worker stops where nothing explains them.",
            ("topic",),
            registry=registry,
        )
        self.rejoins = Counter(
            "tailorline_rejoins",
            "Times the consumer was given up for a new one, the group's coordinator being lost.",
            registry=registry,
        )
        self.stalled_seconds = Gauge(
            "tailorline_stalled_seconds",
            "How long there have been events to read and none was applied.",
            registry=registry,
        )
        self.alarms_active = Gauge(
            "tailorline_alarms_active", "Active alarms.", ("priority",), registry=registry
        )
        self.build_info = Gauge(
            "tailorline_build_info",
            "Versions.",
            ("version", "river", "python"),
            registry=registry,
        )
        try:
            own = version("tailorline")
        except PackageNotFoundError:  # run from a checkout that is not installed
            own = "0"
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        self.build_info.labels(own, version("river"), python).set(1)

    def stage(self, flow: str, stage: str, seconds: float) -> None:
        """Note how long a stage of a batch took."""
        self.batch_seconds.labels(flow, stage).observe(seconds)

    def applied(
        self, shard: ShardId, done: Done, messages: Sequence[Message], seconds: float
    ) -> None:
        """Note an applied batch: once per batch, for one observation per event is too dear."""
        self.stage(shard.flow, "store", seconds)
        self.store_seconds.labels("apply").observe(seconds)
        for name, count in done.work.tally.items():
            topic, _, outcome = name.partition(":")
            if outcome in {"accepted", "rejected", "duplicate"}:
                self.events.labels(shard.flow, topic, outcome).inc(count)
            elif outcome == "sent":
                self.outputs.labels(topic).inc(count)
        for (topic, reason), count in done.rejects.items():
            self.dead_letters.labels(topic, reason).inc(count)
        now = time.time()
        by_topic: dict[str, list[Message]] = {}
        for message in messages:
            by_topic.setdefault(message.topic, []).append(message)
        for topic, own in by_topic.items():
            observe = self.end_to_end_seconds.labels(topic).observe
            for message in own[:: max(len(own) // _SAMPLES, 1)]:
                observe(max(now - message.timestamp, 0.0))

    def delivered(self, topic: str, caused_at: float) -> None:
        """Note an output that Kafka confirmed."""
        self.end_to_end_seconds.labels(topic).observe(max(time.time() - caused_at, 0.0))

    def snapshot(self, shard: ShardId, size: int, seconds: float) -> None:
        """Note a snapshot."""
        self.snapshot_bytes.labels(str(shard)).set(size)
        self.store_seconds.labels("snapshot").observe(seconds)
        self.snapshot_current(shard)

    def snapshot_current(self, shard: ShardId) -> None:
        """Note that the last snapshot covers everything there is."""
        taken = time.monotonic()
        self.snapshot_age_seconds.labels(str(shard)).set_function(lambda: time.monotonic() - taken)

    def audited(self, shard: ShardId, found: Audit, seconds: float, held_up: float) -> None:
        """Note what an audit found, how long it took, and the longest that it held up the loop."""
        values = (
            found.compared, found.violations, found.missing, found.largest_difference,
            found.largest_relative, found.complete, seconds, held_up,
        )  # fmt: skip
        for name, value in zip(_AUDIT, values, strict=True):
            self.model_metric.labels("itemsets_audit", name, str(shard)).set(value)

    def not_audited(self, shard: ShardId) -> None:
        """Forget what audits of a shard found: it is another worker's."""
        for name in _AUDIT:
            self.model_metric.remove("itemsets_audit", name, str(shard))

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


NAMES: frozenset[str] = frozenset(
    family.name + ("_total" if family.type == "counter" else "")
    for family in Metrics().registry.collect()
)
"""Every metric's name as Prometheus sees it; dashboards and rules are tested against it."""
