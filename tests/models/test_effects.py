"""What a step wants done, in the words of the store."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from models.effects import Effects, Output, part_of
from tests.models.stores import Store, origin


def test_amounts_of_a_field_add_up() -> None:
    effects = Effects()
    effects.add("k", "a", 1)
    effects.add("k", "a", 2)
    effects.row("k")["b"] = 5
    assert effects.deltas == {"k": {"a": 3, "b": 5}}
    assert isinstance(effects.deltas["k"]["a"], int)


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ("add", 13.0),
        ("add reset add", 8.0),
        ("add drop", None),
        ("add drop add", 3.0),
        ("reset drop", None),
        ("drop reset", 5.0),
        ("drop reset add", 8.0),
        ("add drop reset drop add add", 6.0),
    ],
)
def test_the_store_ends_where_the_wishes_end(wishes: str, expected: float | None) -> None:
    effects, store = Effects(), Store()
    store.hashes["k"] = {"a": 10.0, "other": 1.0}
    for wish in wishes.split():
        if wish == "add":
            effects.add("k", "a", 3)
        elif wish == "reset":
            effects.reset("k", "a", 5.0)
        else:
            effects.drop("k", "a")
    store.apply(effects)
    assert store.counts("k").get("a") == expected
    assert store.counts("k")["other"] == 1.0


def test_ids_are_the_same_on_every_replay_and_no_two_alike() -> None:
    def ids(offset: int, topic: str) -> list[str]:
        effects = Effects()
        effects.begin(origin(offset, topic=topic))
        return [effects.new_id() for _ in range(3)]

    first = ids(1, "orders")
    assert first == ids(1, "orders")
    every = {*first, *ids(2, "orders"), *ids(1, "clickstream")}
    assert len(every) == 9
    space = uuid.uuid5(uuid.NAMESPACE_URL, "tailorline/outputs")
    expected = {str(uuid.uuid5(space, f"orders/0/{n}/{turn}")) for n in (1, 2) for turn in range(3)}
    assert expected < every
    # Consumers drop repeats on it: it may never change.
    assert first[0] == "511379f4-8605-52f5-a346-fe6dd6aaa8b8"


def test_no_id_without_an_origin() -> None:
    with pytest.raises(RuntimeError, match="begin"):
        Effects().new_id()


def test_marks_go_to_the_part_that_owns_the_item() -> None:
    effects = Effects(4)
    items = [f"sku-{number}" for number in range(100)]
    for item in items:
        effects.mark(item)
    assert set(effects.dirty) == {0, 1, 2, 3}
    assert all(part_of(item, 4) == part for part, own in effects.dirty.items() for item in own)
    assert sum(map(len, effects.dirty.values())) == 100
    assert part_of("sku-1", 4) == 2, "stable over processes and versions"


def test_outputs_keep_their_order() -> None:
    effects = Effects()
    outputs = [Output("offers", b"k", str(number), number) for number in range(3)]
    for output in outputs:
        effects.send(output)
    assert effects.outputs == outputs


@pytest.mark.parametrize("wish", ["add", "put", "drop", "mark", "send"])
def test_there_is_something_to_do_once_something_is_wished_for(wish: str) -> None:
    effects = Effects()
    effects.begin(origin())
    assert not effects
    arguments: dict[str, tuple[Any, ...]] = {
        "add": ("k", "a", 1), "put": ("k", "a", b"1"), "drop": ("k", "a"), "mark": ("a",),
        "send": (Output("t", b"k", "id", 1),),
    }  # fmt: skip
    getattr(effects, wish)(*arguments[wish])
    assert effects


def test_a_mark_is_taken_back_in_this_batch_and_in_the_store() -> None:
    effects = Effects(4)
    effects.mark("a")
    effects.mark("b")
    effects.unmark("a")
    assert set().union(*effects.dirty.values()) == {"b"}
    assert effects.drops == {f"dirty:{part_of('a', 4)}": {"a"}}


def test_what_is_dropped_costs_the_store_too() -> None:
    effects = Effects()
    effects.add("count:x", "a", 1)
    effects.put("blob:x", "a", b"1")
    effects.drop("count:y", "a")
    effects.drop("count:y", "b")
    assert effects.size() == 4
