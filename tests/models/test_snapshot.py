"""Snapshots: whole, ours, of this version, and of nothing but the classes that a shard has."""

from __future__ import annotations

import io
import pickle
import sys
import zlib
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest

import models.customers
import models.snapshot
from models.customers import Customer, Customers, Purchase
from models.floor import FloorShard
from models.itemsets.counts import ItemsetCounts
from models.itemsets.window import Kept
from models.propensity.classifier import Classifier
from models.propensity.contenders.roster import NAMES
from models.propensity.settings import ContestSettings
from models.scorers.moved import LevelWatch
from models.scorers.river_models import NAMES as DETECTORS
from models.scorers.river_score import RiverScore, RiverSettings
from models.shop import ShopShard
from models.snapshot import MAGIC, VERSION, Snapshot, SnapshotError, seal, unseal
from tests.models.events import Feed, article, sample
from tests.models.propensity.examples import examples, squares
from tests.models.shards import BusyShop, floor_events, plain, quick_floor, shop_events

KEY = b"k" * 32


@pytest.fixture(scope="module")
def shop() -> ShopShard:
    busy = BusyShop()
    busy.run([*shop_events(1), article("s1", price=9.5)])
    assert isinstance(busy.feed.shard, ShopShard)
    return busy.feed.shard


@pytest.fixture(scope="module")
def floor() -> FloorShard:
    shard = quick_floor()
    feed = Feed(shard)
    feed(*floor_events(1))
    feed(*(sample(None, 2000.0 + n) for n in range(9)))  # an alarm stands
    return shard


def names_in(state: Any) -> set[tuple[str, str]]:
    """Return what a pickle of ``state`` names."""
    found: set[tuple[str, str]] = set()

    class Spy(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            found.add((module, name))
            return super().find_class(module, name)

    Spy(io.BytesIO(pickle.dumps(state, protocol=5))).load()
    return found


def test_a_shop_shard_comes_back_whole_but_for_the_view(shop: ShopShard) -> None:
    snapshot = Snapshot(shop, {"clickstream": 7, "orders": 3}, (1, 2))
    again = unseal(seal(snapshot, KEY), KEY)
    assert (again.watermarks, again.views) == (snapshot.watermarks, snapshot.views)
    assert shop.view is not None
    assert again.state.view is None
    assert again.state.report() == shop.report()


def test_a_floor_shard_comes_back_whole(floor: FloorShard) -> None:
    again = unseal(seal(Snapshot(floor, {"sensors": 9}, ()), KEY), KEY)
    assert plain(again.state.machines) == plain(floor.machines)
    assert again.state.report() == floor.report()


def test_the_list_is_exactly_what_shards_are_made_of(shop: ShopShard, floor: FloorShard) -> None:
    found = names_in(shop) | names_in(floor)
    for detector in DETECTORS:
        settings = RiverSettings(detector)
        score = RiverScore(settings)
        for n in range(700):
            score.learn(score.score(float(n % 7), settings), settings, quiet=True)
        found |= names_in((score, settings))
    found |= names_in(LevelWatch())
    for name in NAMES:
        classifier = Classifier(ContestSettings(name, ""))
        for signals, hit in examples(squares, 300 if name == "adaptive_random_forest" else 1500):
            classifier.learn([classifier.meet(signals)], hit=hit)
        found |= names_in(classifier)
    assert found == models.snapshot._ALLOWED


def test_a_class_of_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = seal(Snapshot(Classifier(ContestSettings("mlp", "")), {}, ()), KEY)
    monkeypatch.setitem(sys.modules, "sklearn.neural_network._multilayer_perceptron", None)
    with pytest.raises(SnapshotError, match=r"cannot be loaded: .*sklearn"):
        unseal(raw, KEY)


def good() -> bytes:
    return seal(Snapshot({"a": 1}, {}, ()), KEY)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda raw: b"", "cut off"),
        (lambda raw: raw[:8], "cut off"),
        (lambda raw: raw[:20], "signature"),
        (lambda raw: raw[:-1], "signature"),
        (lambda raw: raw + b"x", "signature"),
        (lambda raw: b"OTHER!" + raw[6:], "version"),
        (lambda raw: raw[:6] + b"\x02" + raw[7:], "version"),
        (lambda raw: raw[:8] + b"\xff\xff\xff\x7f" + raw[12:], "signature"),
    ],
)
def test_what_is_no_whole_snapshot_is_refused(
    spoil: Callable[[bytes], bytes], message: str
) -> None:
    with pytest.raises(SnapshotError, match=message):
        unseal(spoil(good()), KEY)


def test_every_single_changed_byte_is_noticed() -> None:
    raw = good()
    assert (raw[:6], raw[6]) == (MAGIC, VERSION)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(SnapshotError):
            unseal(changed, KEY)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(SnapshotError, match="TAILORLINE_SNAPSHOTS__KEY"):
        unseal(good(), b"another key")


def test_another_river_does_not_open_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.snapshot, "version", lambda _: "0.25.0")
    raw = good()
    monkeypatch.undo()
    with pytest.raises(SnapshotError, match=r"river 0\.25\.0"):
        unseal(raw, KEY)


def test_a_patch_of_river_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = models.snapshot.version("river")
    monkeypatch.setattr(models.snapshot, "version", lambda _: f"{ours}.post1")
    raw = good()
    monkeypatch.undo()
    assert unseal(raw, KEY).state == {"a": 1}


def test_models_of_another_make_do_not_open_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.snapshot, "layout", lambda: "another")
    raw = good()
    monkeypatch.undo()
    with pytest.raises(SnapshotError, match="another version of Tailorline's models"):
        unseal(raw, KEY)


@pytest.mark.parametrize("kind", [Customers, Purchase, Kept, ItemsetCounts, ShopShard])
def test_a_changed_class_is_another_make(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    before = models.snapshot.layout.__wrapped__()
    assert models.snapshot.layout.__wrapped__() == before
    if kind is ShopShard:

        def begin(self: Any) -> None:
            self.something_new = 1

        monkeypatch.setattr(kind, "__init__", begin)
    else:
        names = "_fields" if hasattr(kind, "_fields") else "__slots__"
        monkeypatch.setattr(kind, names, (*getattr(kind, names), "something_new"))
    assert models.snapshot.layout.__wrapped__() != before


def test_of_packed_records_the_order_of_fields_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = models.snapshot.layout.__wrapped__()
    first, second, *others = ((name, object) for name in Customer.__struct_fields__)
    for fields, same in (([first, second, *others], True), ([second, first, *others], False)):
        monkeypatch.setattr(models.customers, "Customer", msgspec.defstruct("Customer", fields))
        assert (models.snapshot.layout.__wrapped__() == before) is same


class Evil:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("code was run",))


@pytest.mark.parametrize("state", [Evil(), date(2026, 1, 1), object(), print])
def test_even_if_signed_other_classes_are_refused(state: Any) -> None:
    raw = seal(Snapshot(state, {}, ()), KEY)
    with pytest.raises(SnapshotError, match="not on the list"):
        unseal(raw, KEY)


@pytest.mark.parametrize("body", [b"no zlib", zlib.compress(b"no pickle"), zlib.compress(b"N")])
def test_a_signed_body_that_does_not_load(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zlib, "compress", lambda *_: body)
    raw = good()
    monkeypatch.undo()
    with pytest.raises(SnapshotError, match="cannot be loaded"):
        unseal(raw, KEY)


def test_a_class_that_has_gone_since(monkeypatch: pytest.MonkeyPatch, floor: FloorShard) -> None:
    raw = seal(Snapshot(floor, {}, ()), KEY)
    monkeypatch.delattr("models.line.machine.MachineWatch")
    with pytest.raises(SnapshotError, match="cannot be loaded"):
        unseal(raw, KEY)
