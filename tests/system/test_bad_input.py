"""A thousand bad events a topic: each one a dead letter, and the worker none the worse."""

import msgspec
import psutil

from schemas.deadletters import DeadLetter
from tests.mutations import mutated
from tests.streams.events import order, sample, view
from tests.system.installation import Installation, until

BAD = 1000
MOCK_LIMIT = 4_000_000
"""The embedded broker forgets a message of over 5 MB at once; real Kafka gets them whole."""
CHUNK = 1_500_000
"""Bytes published before they must be applied: the embedded broker keeps 5 MB a partition."""


def chunks(messages):
    chunk: list = []
    size = 0
    for message in messages:
        if chunk and size + len(message[2]) > CHUNK:
            yield chunk
            chunk, size = [], 0
        chunk.append(message)
        size += len(message[2])
    yield chunk


def test_bad_events_become_dead_letters_and_good_ones_still_count(installation: Installation):
    worker = installation.start_worker()
    until(worker.ready, "the worker to be ready")
    process = psutil.Process(worker.pid)
    expected: dict[tuple[str, int, int], tuple[bytes, str]] = {}
    reader = installation.reader("dead-letters")
    after_first = 0
    for topic in ("clickstream", "orders", "sensors"):
        bad = [
            (topic, b"bad", raw if installation.real else raw[:MOCK_LIMIT], reason)
            for raw, reason in mutated(topic, BAD, seed=7)
        ]
        assert len(bad) == BAD
        for chunk in chunks(bad):
            where = installation.publish([message[:3] for message in chunk])
            for (_, _, raw, reason), (partition, offset) in zip(chunk, where, strict=True):
                expected[topic, partition, offset] = (raw, reason)
            until(installation.applied, "bad events to be applied")
            reader.read(len(expected))
        after_first = after_first or process.memory_info().rss
    found = {}
    reader.read(reader.held())  # one too many would be there, too
    for message in reader.messages:
        told = DeadLetter.from_headers(dict(message.headers()))
        found[told.topic, told.partition, told.offset] = (message.value() or b"", told.reason)
        assert message.key() == b"bad"
        assert told.message
    assert found == expected
    assert len({reason for _, reason in found.values()}) >= 6

    good = [
        ("clickstream", b"c1", msgspec.json.encode(view(1, "a"))),
        ("orders", b"c1", msgspec.json.encode(order(1, "a", "b"))),
        ("sensors", b"l1/m1", msgspec.json.encode(sample(1, 20.0))),
    ]
    installation.publish(good)
    until(installation.applied, "good events to be applied")
    tally = installation.check_accounting(outputs=False)
    for topic, _, _ in good:
        assert tally[f"{topic}:accepted"] == 1
    # The first thousand warm the allocator up; the next two may not add much.
    assert process.memory_info().rss < after_first + 150_000_000
    assert worker.terminate() == 0, worker.told()
