"""Where reading begins, and what is made of offsets that never came."""

from __future__ import annotations

import structlog
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END

from schemas.topics import BY_NAME
from streams.continuity import Gap, Where
from streams.errors import StateLost
from streams.metrics import Metrics
from streams.runtime.admin import cleanup_policy
from streams.settings import Settings
from streams.topology import shard_of

log = structlog.get_logger()


def first_offset(settings: Settings, where: Where, committed: int, stored: int | None) -> int:
    """Return where to begin: what the store says, else by the settings.

    A topic whose last event of a key tells all is read whole, whatever the settings: who begins at
    its end knows nothing of what does not change.

    Raises `StateLost` if the group has read the partition and the store knows nothing of it.
    """
    if stored is not None:
        return stored
    if committed > 0:
        on_loss = settings.store.on_loss
        if on_loss == "refuse":
            raise StateLost(
                f"The store knows nothing of {where[0]}[{where[1]}], though the group "
                f"{settings.kafka.group} has read up to {committed}. The store "
                "was emptied, or this is another one. Put it back, or choose with "
                "TAILORLINE_STORE__ON_LOSS: `replay` rebuilds the state from the earliest "
                "event that Kafka still has, `skip` goes on from there with empty models."
            )
        skips = on_loss == "skip" and not BY_NAME[where[0]].compacted
        return committed if skips else int(OFFSET_BEGINNING)
    at_end = settings.kafka.start == "latest" and not BY_NAME[where[0]].compacted
    return int(OFFSET_END if at_end else OFFSET_BEGINNING)


class GapJudge:
    """Lets gaps pass that a topic's settings explain."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._told: set[str] = set()
        self._policies: dict[str, str] = {}

    def judge(self, where: Where, gap: Gap) -> None:
        """Let a gap pass, or raise `StateLost`, for events are missing."""
        topic, number = where
        self._metrics.offset_gaps.labels(topic).inc()
        if topic not in self._policies:  # transactions leave gaps in every batch: ask once
            self._policies[topic] = cleanup_policy(self._settings, topic)
        why = "compaction took them away"
        if "compact" not in self._policies[topic]:
            why = "they are markers of transactions, or of ones that were aborted"
            if not self._settings.kafka.transactions:
                raise StateLost(
                    f"{topic}[{number}]: the offsets {gap.first} to {gap.next - 1} never came. The "
                    "topic is not compacted, so these events were lost on the broker (retention, "
                    "truncation, deleted records). Nothing after them was processed. Either "
                    "restore them; or, if your producers use transactions, whose markers look "
                    "alike, set TAILORLINE_KAFKA__TRANSACTIONS=true; or accept the loss with "
                    f"`tailorline shards reset {shard_of(topic, number)}`, which begins anew "
                    "with what Kafka still has."
                )
        if topic not in self._told:
            self._told.add(topic)
            log.info("offsets are missing, as they may here", topic=topic, partition=number,
                     first=gap.first, next=gap.next, why=why)  # fmt: skip
