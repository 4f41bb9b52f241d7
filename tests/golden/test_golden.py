"""Golden streams: stored events in, stored outputs out, with a crash after every k-th event.

Crashes after every 41st event with snapshots after every 40th: each crash is one event farther from
the snapshot before it, so all distances come.

To make the golden files anew after a wanted change: ``python -m tests.golden.test_golden``, then read
the difference as you would read code.
"""

import sys
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr

from streams.driver import Driver
from streams.settings import Settings, SnapshotSettings
from streams.simulate.world import World

FOLDER = Path(__file__).parent
START = 1_790_000_000.0
CASES = {"shop-and-floor": (21, 30.0, 60.0)}
"""Name to seed, seconds, and events a second of the simulated world that the stream is from."""


def settings() -> Settings:
    return Settings(
        _env_file=None, snapshots=SnapshotSettings(key=SecretStr("golden"), every_s=1e9)
    )


def stream(name: str) -> list[tuple[str, bytes, bytes, float]]:
    lines = (FOLDER / f"{name}.in.jsonl").read_bytes().splitlines()
    return [
        (row["topic"], row["value"].encode("latin-1"), row["key"].encode(), row["at"])
        for row in map(orjson.loads, lines)
    ]


def run(name: str, *, crash_every: int = 0, snapshot_every: int = 0) -> bytes:
    """Return the outputs of a stream, one JSON object a line, each id once."""
    seen: dict[str, dict] = {}
    with Driver(settings(), partitions=2) as driver:
        for number, event in enumerate(stream(name), start=1):
            driver.pipe_all([event])
            if snapshot_every and number % snapshot_every == 0:
                driver.snapshot()
            if crash_every and number % crash_every == 0:
                driver.crash()
        for record in driver.log.outputs:
            headers = {key: value.decode() for key, value in record.headers}
            own = headers.get("ce_id") or headers["tailorline.id"]
            value = record.value.decode("latin-1")
            row = {"topic": record.topic, "key": record.key.decode(), "id": own}
            if record.topic == "dead-letters":
                row |= {"reason": headers["tailorline.reason"], "value": value}
            else:
                row["value"] = rounded(orjson.loads(record.value))
            assert seen.setdefault(own, row) == row
        tally = {"tally": dict(sorted(driver.tally().items()))}
    return b"".join(orjson.dumps(row) + b"\n" for row in [*seen.values(), tally])


def rounded(value):
    """Numbers to nine digits: the last ones differ between machines' libraries."""
    if isinstance(value, dict):
        return {key: rounded(own) for key, own in value.items()}
    if isinstance(value, list):
        return [rounded(own) for own in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    ("crash_every", "snapshot_every"), [(0, 0), (191, 0), (61, 150), (400, 97), (41, 40)]
)
def test_a_stream_gives_its_golden_outputs(name: str, crash_every: int, snapshot_every: int):
    golden = (FOLDER / f"{name}.out.jsonl").read_bytes()
    assert run(name, crash_every=crash_every, snapshot_every=snapshot_every) == golden


def write() -> None:
    for name, (seed, seconds, rate) in CASES.items():
        path = FOLDER / f"{name}.in.jsonl"
        if not path.exists():
            world, lines, now = World(seed, rate, seconds), [], START
            while now < START + seconds:
                now += 0.5
                lines += [
                    orjson.dumps(
                        {"topic": m.topic, "key": m.key.decode(), "at": now,
                         "value": m.value.decode("latin-1")}
                    )
                    for m in world.advance(now)
                ]  # fmt: skip
            path.write_bytes(b"\n".join(lines) + b"\n")
        (FOLDER / f"{name}.out.jsonl").write_bytes(run(name))
        sys.stdout.write(f"{name}: written\n")


if __name__ == "__main__":
    write()
