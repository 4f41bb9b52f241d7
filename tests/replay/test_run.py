"""One replay against a fake publisher, fake consumers and a clock that the test turns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.replay.backpressure import Backlog, StalledError
from streams.replay.pacing import Pacing
from streams.replay.records import BadRow
from streams.replay.rejects import RejectFile
from streams.replay.run import Limits, ReplayReport, replay
from tests.replay.fakes import FakeConsumers, FakePublisher, Hands
from tests.replay.samples import views

BAD = BadRow("f.csv", 3, "missing", "1,caf\udce9", "sku is empty")


def test_records_are_published_and_bad_rows_kept(tmp_path: Path) -> None:
    publisher, hands = FakePublisher(), Hands()
    path = tmp_path / "rejects.jsonl"
    told: list[ReplayReport] = []
    with RejectFile(path) as rejects:
        report = replay(
            [*views(1.0, 2.0), BAD, BAD],
            publisher,
            Pacing(),
            rejects.write,
            on_progress=told.append,
            clock=hands.clock,
        )
    assert (report.read, report.published, report.bad) == (2, {"clickstream": 2}, {"missing": 2})
    assert publisher.flushed
    assert told[-1] is report
    assert [key for _, key, _ in publisher.sent] == [b"c", b"c"]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0] == {
        "file": "f.csv",
        "line": 3,
        "reason": "missing",
        "detail": "sku is empty",
        "raw": "1,caf\udce9",
    }
    assert len(lines) == rejects.count == 2


def test_without_bad_rows_there_is_no_reject_file(tmp_path: Path) -> None:
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        replay(views(1.0), FakePublisher(), Pacing(), rejects.write)
    assert list(tmp_path.iterdir()) == []


def test_records_are_published_when_they_are_due() -> None:
    hands = Hands()
    publisher = FakePublisher(hands)
    replay(views(1000.0, 1010.0, 1010.0, 1025.0), publisher, Pacing(5.0), print, clock=hands.clock)
    assert publisher.when == pytest.approx([0.0, 2.0, 2.0, 5.0])
    # Delivery reports and the progress bar are served during a long wait.
    assert max(hands.naps) <= 0.2


def test_times_can_be_moved_to_now() -> None:
    hands = Hands()
    publisher = FakePublisher(hands)
    replay(views(1000.0, 1010.0), publisher, Pacing(1.0, "now"), print, clock=hands.clock)
    dates = [json.loads(value)["occurred_at"] for _, _, value in publisher.sent]
    assert dates == ["2027-01-15T08:00:00Z", "2027-01-15T08:00:10Z"]


def test_no_partition_ever_holds_more_than_the_limit() -> None:
    hands = Hands()
    limit = 20_000

    class Watched(FakePublisher):
        """Notes how many bytes lie unread after each event, by the real sizes."""

        worst = 0

        def publish(self, topic: str, key: bytes, value: bytes) -> None:
            super().publish(topic, key, value)
            unread = self.sent[consumers.at :]
            self.worst = max(self.worst, sum(len(k) + len(v) for _, k, v in unread))

    publisher = Watched()
    consumers = FakeConsumers(publisher, step=7)
    report = replay(
        views(*range(3000)),
        publisher,
        Pacing(),
        print,
        follow=consumers,
        clock=hands.clock,
        limits=Limits(limit, 10.0),
    )
    assert report.published == {"clickstream": 3000}
    assert limit * 0.7 < publisher.worst <= limit
    assert hands.naps


def test_nobody_is_asked_while_little_is_unread() -> None:
    publisher = FakePublisher()
    consumers = FakeConsumers(publisher, step=1)
    replay(views(*range(50)), publisher, Pacing(), print, follow=consumers)
    assert consumers.asked == 0


def test_consumers_that_stop_are_an_error_in_time() -> None:
    hands = Hands()
    publisher = FakePublisher()
    with pytest.raises(StalledError, match=r"nothing was consumed for 10 s, and clickstream\[0\]"):
        replay(
            views(*range(3000)),
            publisher,
            Pacing(),
            print,
            follow=FakeConsumers(publisher, step=0),
            clock=hands.clock,
            limits=Limits(20_000, 10.0),
        )
    assert hands.at == pytest.approx(10.0, abs=0.1)


def test_the_backlog_takes_off_whole_marks_only() -> None:
    backlog = Backlog()
    backlog.mark({("t", 0): (4, 500), ("t", 1): (0, 90)})
    backlog.mark({("t", 0): (9, 1000), ("t", 1): (0, 90)})
    assert backlog.longest() == (("t", 0), 1000)
    backlog.consumed({("t", 0): 9, ("t", 1): 1})
    assert (backlog.waiting(("t", 0)), backlog.waiting(("t", 1))) == (500, 0)
    backlog.consumed({("t", 0): 10})
    assert backlog.longest()[1] == 0
    assert backlog.read_bytes == 1090
