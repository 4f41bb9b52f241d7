"""Session logs as session-based recommenders use them: SessionId, ItemId, Time, tab-separated.

Sessions are anonymous, so each is its own customer, and every click is a ``View``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path

from streams.replay.cells import unix
from streams.replay.event_ids import event_id
from streams.replay.reading import Meter
from streams.replay.records import BadRow, Record
from streams.replay.tables import Row, table

COLUMNS = ("SessionId", "ItemId", "Time")


def read(path: Path, *, name: str, meter: Meter | None = None) -> Iterator[Record | BadRow]:
    """Yield the clicks ordered by time; those of one second stay in the order of the file.

    Such logs are ordered by session, so the clicks of the whole file are held to be sorted. Bad
    rows come first.
    """
    # Only what an event needs is held, for a log may have millions of clicks.
    clicks: list[tuple[int, str, str, str]] = []
    times = array("d")
    for row in table(path, delimiter="\t", needed=COLUMNS, meter=meter):
        if isinstance(row, BadRow):
            yield row
            continue
        session, item, time = (row.text(column) for column in COLUMNS)
        if not session or not item:
            yield row.bad("missing", f"{'ItemId' if session else 'SessionId'} is empty")
            continue
        moment = row.parsed("Time", unix, "bad_time")
        if isinstance(moment, BadRow):
            yield moment
            continue
        clicks.append((row.line, session, item, time))
        times.append(moment.timestamp())
    for index in sorted(range(len(clicks)), key=times.__getitem__):
        number, *values = clicks[index]
        cells = dict(zip(COLUMNS, values, strict=True))
        yield _view(Row(str(path), number, cells, "\t"), name)


def _view(row: Row, name: str) -> Record | BadRow:
    session = f"s{row.cells['SessionId']}"
    fields = {
        "type": "view",
        "event_id": event_id("sessions", name, row.line),
        "occurred_at": unix(row.cells["Time"]),
        "customer_id": session,
        "session_id": session,
        "consent": True,
        "sku": row.cells["ItemId"],
    }
    return row.build("clickstream", fields)
