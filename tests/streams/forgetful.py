"""An installation with small caps, and a stream that goes far beyond them."""

from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr

from models.floor import FloorSettings
from models.itemsets.counts import ItemsetSettings
from models.merge import MergeSettings
from models.options.counts import OptionSettings
from models.sequences.guess import SequenceSettings
from streams.settings import MergeTimes, Settings, SnapshotSettings, StoreSettings
from tests.streams.events import article, cancel, made, order, sample, view

CAP = 24
SETTINGS = Settings(
    _env_file=None,
    snapshots=SnapshotSettings(key=SecretStr("test"), every_s=1e9),
    store=StoreSettings(batch_s=3_600.0),
    max_customers=CAP,
    max_skus=CAP,
    itemsets=ItemsetSettings(window=50, max_pairs=60, max_triples=10, min_customers=1),
    options=OptionSettings(max_items=90, max_values=8, max_pairs=12),
    sequences=SequenceSettings(max_items=CAP, max_row=8),
    rules=MergeSettings(min_support=0.0, min_count=2.0),
    floor=FloorSettings(max_sensors=CAP, max_skus=CAP, seen_ids=50),
    merging=MergeTimes(rows=20),
)


def stream(number: int, first: int = 0) -> Iterator[tuple[str, Any, None, None]]:
    """Yield, so many times, new customers who look at and buy new articles, and some old ones."""
    for n in range(first, first + number):
        who, at = f"c{n}", n * 30.0
        for turn in range(3):
            yield (
                "clickstream",
                view(3 * n + turn, f"v{n}-{turn}", customer=who, second=at),
                None,
                None,
            )
        for turn, name in enumerate((f"n{n}", f"t{n}")):  # the second one is never bought
            yield "catalogue", article(2 * n + turn, name, second=at, stock=n), None, None
        usual = ("usual-1", "usual-2", "usual-3")
        options = {"wood": f"w{n % 3}", "oil": f"o{n % 2}", "engraving": f"dear {who}"}
        bought = order(
            n, *usual, f"n{n}", f"m{n}", customer=who, second=at, options=options if n % 2 else None
        )
        yield "orders", bought, None, None
        if n % 7 == 3:
            yield "orders", cancel(n - 3, customer=f"c{n - 3}", second=at), None, None
            yield "orders", cancel(10**6 + n, f"r{n}", customer=who, second=at), None, None
        yield "sensors", made(n, f"p{n}", 5, 1), None, None
        yield "sensors", sample(n, 20.0, machine=f"machine-{n}"), None, None
        if n % 4 == 1:
            for turn in range(6):  # enough for an alarm
                bad = sample(turn, 1.0, machine=f"faulty-{n}", second=at + turn, quality="bad")
                yield "sensors", bad, None, None
        if n % 20 == 0:
            yield "orders", b"{}", None, None
