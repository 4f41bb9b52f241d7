"""Dead letters for tests, with only what the test cares about."""

from __future__ import annotations

from typing import Any

from schemas.deadletters import DeadLetter
from streams.dlq.letters import Letter, read_letter


def letter(name: str = "a", offset: int = 0, **changes: Any) -> Letter:
    mine = {"key": b"c1", "value": b"{}", "at": 1000.0, "partition": 0, "more": ()}
    own = {each: changes.pop(each, standard) for each, standard in mine.items()}
    told: dict[str, Any] = {
        "id": name, "reason": "invalid", "message": "wrong", "where": "$", "topic": "clickstream",
        "partition": 3, "offset": 1200, "size": len(own["value"]),
    }  # fmt: skip
    told |= {each.removeprefix("told_"): value for each, value in changes.items()}
    headers = (*DeadLetter(**told).headers(), *own["more"])
    found = read_letter(own["key"], own["value"], headers, own["at"], own["partition"], offset)
    assert found is not None
    return found
