"""Being in the consumer group: the consumer's settings, and whether its coordinator is in reach."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson

from schemas.topics import MAX_MESSAGE_BYTES
from streams.settings import KafkaSettings

_COORDINATOR = "GroupCoordinator"
_STATISTICS_MS = 5_000
_PATIENCE_S = 30.0


class Coordinator:
    """For how long the group's coordinator has been out of reach, by librdkafka's statistics.

    librdkafka 2.16 can lose it for good: a broker that was out of touch with the cluster answers
    metadata requests without brokers for a moment, the coordinator's handle is taken down while it
    connects, and nothing connects it again. The consumer then polls for ever, without an error and
    without partitions.
    """

    def __init__(
        self, patience_s: float = _PATIENCE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience_s = patience_s
        self._clock = clock
        self._since: float | None = None

    def told(self, statistics: str | bytes) -> None:
        """Take librdkafka's statistics, a JSON document (STATISTICS.md of librdkafka)."""
        found: dict[str, Any] = orjson.loads(statistics)
        state = found.get("cgrp", {}).get("state")
        connection = found.get("brokers", {}).get(_COORDINATOR, {}).get("state")
        if state == "up" and connection == "UP":
            self._since = None
        elif self._since is None:
            self._since = self._clock()

    @property
    def is_lost(self) -> bool:
        """Whether the consumer should be given up for a new one."""
        return self._since is not None and self._clock() - self._since > self._patience_s


def coordinator_of(
    kafka: KafkaSettings, clock: Callable[[], float] = time.monotonic
) -> Coordinator:
    """Return one that gives up only after the group has given the consumer up."""
    return Coordinator(kafka.session_timeout_ms / 1000 + _PATIENCE_S, clock)


def consumer_config(kafka: KafkaSettings, coordinator: Coordinator) -> dict[str, Any]:
    """Return the settings of the consumer."""
    config = kafka.client_config() | {
        "group.id": kafka.group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # Equal partition numbers of a flow's topics must land on one worker; only range does.
        "partition.assignment.strategy": "range",
        "session.timeout.ms": kafka.session_timeout_ms,
        "heartbeat.interval.ms": max(kafka.session_timeout_ms // 3, 1),
        "max.poll.interval.ms": 300_000,
        "auto.offset.reset": "error",
        "allow.auto.create.topics": False,
        "enable.partition.eof": True,
        "fetch.wait.max.ms": kafka.fetch_wait_ms,
        "fetch.max.bytes": 4 * MAX_MESSAGE_BYTES,
        "queued.max.messages.kbytes": 65_536,
        "topic.metadata.refresh.interval.ms": 10_000,
        "statistics.interval.ms": _STATISTICS_MS,
        "stats_cb": coordinator.told,
    }
    if kafka.instance_id:
        config["group.instance.id"] = kafka.instance_id
    return config
