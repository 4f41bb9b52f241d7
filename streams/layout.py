"""What the state in the store rests on: how many partitions the topics have, and which topics they are.

A customer's shard is the partition of the key. With other numbers of partitions customers would move
away from their state, and the offsets of a topic that was made anew are of other events.
"""

from __future__ import annotations

from collections.abc import Mapping

from streams.topology import FLOWS

_ANEW = (
    "begin anew: stop all workers, `tailorline shards reset` each shard, start them again; the "
    "state is then rebuilt from the events that Kafka still has"
)


def layout_of(counts: Mapping[str, int], ids: Mapping[str, str]) -> dict[str, str]:
    """Return the facts to note, by name; ``ids`` are those that the broker tells."""
    topics = [topic for flow in FLOWS for topic in flow.topics]
    return {f"partitions:{topic}": str(counts[topic]) for topic in topics} | {
        f"id:{topic}": ids[topic] for topic in topics if ids.get(topic)
    }


def refusal(noted: Mapping[str, str], found: Mapping[str, str]) -> str | None:
    """Return why a worker must not go on with the noted state; None if all is as it was."""
    for name, value in sorted(found.items()):
        before = noted.get(name, value)
        if before == value:
            continue
        kind, _, topic = name.partition(":")
        if kind == "partitions":
            return resized(topic, int(before), int(value))
        return (
            f"Topic {topic} was deleted and made anew since this state was begun (its id was "
            f"{before}, now it is {value}): the offsets in the store are those of the old one. "
            f"Either restore the old topic, or {_ANEW}."
        )
    return None


def resized(topic: str, before: int, now: int) -> str:
    """Return what to say when a topic has another number of partitions than the state."""
    return (
        f"Topic {topic} has {now} partitions, and the state in the store was made with {before}. "
        "Keys are on other partitions now, so customers would be cut off from their profiles and "
        f"counts. Either go back to a topic with {before} partitions, or {_ANEW}. Choose the number "
        "with room to grow: it is the largest number of workers that share the work."
    )
