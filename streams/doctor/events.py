"""The newest events: keyed, partitioned and dated as they must be, or not."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.topics import BY_NAME
from streams.doctor.facts import Sample
from streams.doctor.finding import Finding
from streams.routing import misrouted

_SKEW_S = 2.0


def partitioner_findings(samples: Mapping[str, Sample], counts: Mapping[str, int]) -> list[Finding]:
    """Look where the newest keys are: Java's murmur2 must have put them there."""
    found = []
    for topic, sample in samples.items():
        subject, count = f"keys of {topic}", counts[topic]
        keyed = [(number, key) for number, key in sample.keys if key]
        bare = len(sample.keys) - len(keyed)
        astray = sum(misrouted(key, number, count) for number, key in keyed)
        if not sample.keys:
            found.append(Finding("ok", subject, "no events yet to look at"))
        elif bare:
            found.append(
                Finding(
                    "wrong", subject, f"{bare} of the newest {len(sample.keys)} events have none",
                    f"producers must key {topic} by {BY_NAME[topic].key}",
                )
            )  # fmt: skip
        elif astray:
            found.append(
                Finding(
                    "wrong", subject,
                    f"{astray} of the newest {len(keyed)} are in another partition than murmur2's",
                    "producers on librdkafka (Python, Go, .NET, Node): "
                    "partitioner=murmur2_random; Java's default is right",
                )
            )  # fmt: skip
        else:
            found.append(
                Finding("ok", subject, f"the newest {len(keyed)} are where murmur2 puts them")
            )
    return found


def newest_findings(samples: Mapping[str, Sample], now: float) -> list[Finding]:
    """Check that no event comes from the future: the broker's or a producer's clock would be wrong."""
    found = []
    for topic, sample in samples.items():
        if sample.newest - now > _SKEW_S:
            whose = "the broker's clock" if sample.stamped_by_broker else "a producer's clock"
            found.append(
                Finding(
                    "warn", f"times of {topic}",
                    f"the newest event is {sample.newest - now:,.1f} s in the future",
                    f"synchronise {whose}, or this machine's, by NTP",
                )
            )  # fmt: skip
    if not found and any(sample.newest for sample in samples.values()):
        found = [Finding("ok", "event times", "none lies in the future")]
    return found


def clock_finding(subject: str, ahead_s: float, uncertain_s: float) -> Finding:
    """Judge how far a clock is from ours."""
    if abs(ahead_s) - uncertain_s > _SKEW_S:
        way = "ahead of" if ahead_s > 0 else "behind"
        return Finding(
            "warn", subject, f"{abs(ahead_s):,.1f} s {way} this machine's",
            "synchronise both by NTP: event times decide what is late and what has expired",
        )  # fmt: skip
    return Finding("ok", subject, "agrees with this machine's")
