"""What every store must do, whatever it is made of."""

import copy

import pytest

from models.effects import Effects, part_of
from streams.store.memory import MemoryStore
from streams.store.protocol import (
    TICK_ENTRY,
    VIEW_ENTRY,
    Applied,
    Entry,
    Store,
    ViewGone,
    Wanted,
    Work,
    counts_in,
)
from streams.topology import ShardId

SHOP = ShardId("shop", 3)
OTHER = ShardId("shop", 1)


def work(number: int, first: int, after: int, **kwargs) -> Work:
    effects = kwargs.pop("effects", None) or Effects(4)
    return Work(
        number=number,
        covers={"orders": (first, after)},
        journal=[Entry("orders", first, after)],
        effects=effects,
        **kwargs,
    )


async def test_a_new_shard_knows_nothing(store: Store):
    claim = await store.claim(SHOP)
    assert claim.epoch > 0
    assert (claim.watermarks, claim.journal, claim.seq, claim.quarantine) == ({}, (), 0, {})
    assert await store.outbox(SHOP) == (0, [])
    assert await store.load_snapshot(SHOP) is None
    assert await store.counts(SHOP, "count:items") == {}


async def test_apply_moves_watermark_journal_tally_counts_and_outbox_together(store: Store):
    claim = await store.claim(SHOP)
    effects = Effects(4)
    effects.add("count:items", "a", 2)
    effects.add("count:items", "b", 0.5)
    effects.put("blob:x", "a", b'{"k":1}')
    applied = await store.apply(
        SHOP, claim.epoch,
        work(1, 0, 10, effects=effects, outputs=[b"\x00\xff one", b"two"], tally={"orders:read": 10}),
    )  # fmt: skip
    assert (applied.status, applied.first_output) == ("applied", 0)
    assert await store.counts(SHOP, "count:items") == {"a": 2, "b": 0.5}
    assert await store.read(SHOP, [Wanted("blob:x", ["a", "z"])]) == [{"a": b'{"k":1}'}]
    assert await store.outbox(SHOP) == (0, [b"\x00\xff one", b"two"])
    assert await store.tally(SHOP) == {"orders:read": 10}
    assert await store.watermarks(SHOP) == {"orders": 10}
    again = await store.claim(SHOP)
    assert again.watermarks == {"orders": 10}
    assert again.journal == (Entry("orders", 0, 10),)
    assert again.seq == 1


async def test_a_call_tried_again_changes_nothing_and_names_the_same_outputs(store: Store):
    claim = await store.claim(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 5, outputs=[b"x"]))
    effects = Effects(4)
    effects.add("count:items", "a", 1)
    second = work(2, 5, 9, effects=effects, outputs=[b"y", b"z"])
    first_answer = await store.apply(SHOP, claim.epoch, second)
    second_answer = await store.apply(SHOP, claim.epoch, second)
    assert (first_answer.status, second_answer.status) == ("applied", "already")
    assert first_answer.first_output == second_answer.first_output == 1
    assert await store.counts(SHOP, "count:items") == {"a": 1}
    assert len((await store.outbox(SHOP))[1]) == 3


async def test_work_without_events_is_fenced_too(store: Store):
    claim = await store.claim(SHOP)
    effects = Effects(4)
    effects.add("count:triples", "abc", 3)
    tick = Work(number=1, effects=effects, journal=[Entry(TICK_ENTRY, 1000, 0)])
    assert (await store.apply(SHOP, claim.epoch, tick)).status == "applied"
    assert (await store.apply(SHOP, claim.epoch, tick)).status == "already"
    assert await store.counts(SHOP, "count:triples") == {"abc": 3}


async def test_events_below_the_watermark_change_nothing(store: Store):
    claim = await store.claim(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 10))
    effects = Effects(4)
    effects.add("count:items", "a", 1)
    replay = await store.apply(SHOP, claim.epoch, work(2, 3, 10, effects=effects))
    assert replay.status == "already"
    assert await store.counts(SHOP, "count:items") == {}


@pytest.mark.parametrize(("first", "after"), [(12, 20), (5, 15)])
async def test_a_batch_that_does_not_begin_at_the_watermark_is_refused(store, first, after):
    claim = await store.claim(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 10))
    assert (await store.apply(SHOP, claim.epoch, work(2, first, after))).status == "rewound"
    assert await store.watermarks(SHOP) == {"orders": 10}


@pytest.mark.parametrize("number", [0, 3])
async def test_work_that_is_not_the_next_is_refused(store, number):
    """The store lost the work before it: what builds on that must not be applied."""
    claim = await store.claim(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 10))
    tick = Work(number=number, effects=Effects(4), journal=[Entry(TICK_ENTRY, 1000, 0)])
    assert (await store.apply(SHOP, claim.epoch, tick)).status == "rewound"
    assert (await store.claim(SHOP, claim.epoch)).journal == (Entry("orders", 0, 10),)


async def test_one_topic_may_begin_late_and_another_must_go_on_where_it_was(store: Store):
    claim = await store.claim(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 10))
    both = Work(number=2, covers={"orders": (10, 12), "clickstream": (7, 9)}, effects=Effects(4))
    assert (await store.apply(SHOP, claim.epoch, both)).status == "applied"
    half = Work(number=3, covers={"orders": (11, 12), "clickstream": (9, 10)}, effects=Effects(4))
    assert (await store.apply(SHOP, claim.epoch, half)).status == "rewound"
    assert await store.watermarks(SHOP) == {"orders": 12, "clickstream": 9}


async def test_a_shard_that_the_store_forgot_is_told_from_one_that_another_owner_has(store: Store):
    assert (await store.apply(SHOP, 5, work(1, 0, 10))).status == "gone"
    assert await store.watermarks(SHOP) == {}


async def test_what_is_refused_names_no_output(store: Store):
    assert await store.apply(SHOP, 5, work(1, 0, 10)) == Applied("gone")
    old = await store.claim(SHOP)
    claim = await store.claim(SHOP)
    assert await store.apply(SHOP, claim.epoch, work(0, 0, 10)) == Applied("already")
    await store.apply(SHOP, claim.epoch, work(1, 0, 10, outputs=[b"x"]))
    assert await store.apply(SHOP, old.epoch, work(2, 10, 11)) == Applied("stale")
    assert await store.apply(SHOP, claim.epoch, work(3, 10, 11)) == Applied("rewound")
    assert await store.apply(SHOP, claim.epoch, work(2, 11, 12)) == Applied("rewound")
    both = Work(number=2, covers={"clickstream": (0, 5)}, effects=Effects(4))
    assert (await store.apply(SHOP, claim.epoch, both)).status == "applied"
    half = Work(number=3, covers={"orders": (9, 10), "clickstream": (5, 6)}, effects=Effects(4))
    assert await store.apply(SHOP, claim.epoch, half) == Applied("rewound")


async def test_many_fields_are_put_and_added_at_once(store: Store):
    claim = await store.claim(SHOP)
    effects = Effects(4)
    for name in "abc":
        effects.put("blob:x", name, name.encode())
        effects.add("count:items", name, 0.5)
        effects.add("count:made", name, 2)
    await store.apply(SHOP, claim.epoch, work(1, 0, 1, effects=effects))
    effects = Effects(4)
    for name in "abc":
        effects.add("count:items", name, 1)  # a whole number meets a fraction, and the other way
        effects.add("count:made", name, 0.25)
    tally = {"orders:read": 3, "orders:accepted": 2, "orders:rejected": 1}
    await store.apply(SHOP, claim.epoch, work(2, 1, 2, effects=effects, tally=tally))
    assert await store.tally(SHOP) == tally
    (found,) = await store.read(SHOP, [Wanted("blob:x", ["a", "b", "c"])])
    assert found == {"a": b"a", "b": b"b", "c": b"c"}
    assert await store.counts(SHOP, "count:items") == dict.fromkeys("abc", 1.5)
    assert await store.counts(SHOP, "count:made") == dict.fromkeys("abc", 2.25)


async def test_what_is_quarantined_is_told_until_a_snapshot_covers_it(store: Store):
    old = await store.claim(SHOP)
    claim = await store.claim(SHOP)
    assert await store.quarantine(SHOP, claim.epoch, "orders", 7, "never came back")
    assert await store.quarantine(SHOP, claim.epoch, "clickstream", 12, "neither")
    assert not await store.quarantine(SHOP, old.epoch, "orders", 8, "by a stale owner")
    await store.apply(SHOP, claim.epoch, work(1, 0, 10))
    both = {("orders", 7): "never came back", ("clickstream", 12): "neither"}
    assert (await store.claim(SHOP, claim.epoch)).quarantine == both
    # What is applied is in the counts: a replay must learn it, however long that takes.
    assert not await store.quarantine(SHOP, claim.epoch, "orders", 9, "slow at its second time")
    assert await store.save_snapshot(SHOP, claim.epoch, 1, {"orders": 10}, b"s")
    assert (await store.claim(SHOP, claim.epoch)).quarantine == {("clickstream", 12): "neither"}


async def test_the_first_layout_stays(store: Store):
    assert await store.layout({"partitions:orders": "4"}) == {"partitions:orders": "4"}
    later = {"partitions:orders": "6", "id:orders": "x"}
    assert await store.layout(later) == {"partitions:orders": "4", "id:orders": "x"}
    await store.forget_layout()
    assert await store.layout({}) == {}


async def test_a_stale_owner_is_refused_everywhere(store: Store):
    old = await store.claim(SHOP)
    await store.apply(SHOP, old.epoch, work(1, 0, 10, outputs=[b"x"]))
    new = await store.claim(SHOP)
    assert new.epoch > old.epoch
    assert (await store.apply(SHOP, old.epoch, work(2, 10, 11))).status == "stale"
    await store.confirm(SHOP, old.epoch, 1)
    assert await store.outbox(SHOP) == (0, [b"x"])
    assert not await store.save_snapshot(SHOP, old.epoch, 1, {"orders": 10}, b"old")
    assert await store.load_snapshot(SHOP) is None


async def test_whoever_still_holds_the_epoch_goes_on_with_it(store: Store):
    first = await store.claim(SHOP)
    assert (await store.claim(SHOP, held=first.epoch)).epoch == first.epoch
    other = await store.claim(SHOP)
    assert other.epoch > first.epoch
    assert (await store.claim(SHOP, held=first.epoch)).epoch > other.epoch


async def test_runs_that_go_on_are_one_journal_entry(store: Store):
    claim = await store.claim(SHOP)
    clicks = Work(
        number=3, covers={"clickstream": (0, 4)}, effects=Effects(4),
        journal=[
            Entry(VIEW_ENTRY, versions=(1, 0, 2, 0)),
            Entry("clickstream", 0, 4),
            Entry(TICK_ENTRY, 5000, 0),
        ],
    )  # fmt: skip
    await store.apply(SHOP, claim.epoch, work(1, 0, 10))
    await store.apply(SHOP, claim.epoch, work(2, 10, 30))
    await store.apply(SHOP, claim.epoch, clicks)
    await store.apply(SHOP, claim.epoch, work(4, 30, 31))
    assert (await store.claim(SHOP)).journal == (
        Entry("orders", 0, 30),
        Entry(VIEW_ENTRY, versions=(1, 0, 2, 0)),
        Entry("clickstream", 0, 4),
        Entry(TICK_ENTRY, 5000, 0),
        Entry("orders", 30, 31),
    )


async def test_runs_with_a_gap_between_them_and_ticks_are_entries_of_their_own(store: Store):
    claim = await store.claim(SHOP)
    entries = [
        Entry("orders", 0, 4),
        Entry("orders", 6, 9),
        Entry("clickstream", 9, 12),
        Entry(TICK_ENTRY, 0, 0),
        Entry(TICK_ENTRY, 0, 0),
        Entry(TICK_ENTRY, 5000, 0),
    ]
    some = Work(number=1, covers={"orders": (0, 9)}, journal=entries, effects=Effects(4))
    await store.apply(SHOP, claim.epoch, some)
    assert (await store.claim(SHOP)).journal == tuple(entries)


async def test_the_very_next_event_may_be_quarantined_and_the_one_before_not(store: Store):
    claim = await store.claim(SHOP)
    assert await store.quarantine(SHOP, claim.epoch, "orders", 0, "the first of all")
    await store.apply(SHOP, claim.epoch, work(1, 0, 10))
    assert not await store.quarantine(SHOP, claim.epoch, "orders", 9, "applied")
    assert await store.quarantine(SHOP, claim.epoch, "orders", 10, "the next")
    assert await store.quarantine(SHOP, claim.epoch, "clickstream", 0, "of a topic not read yet")
    assert await store.save_snapshot(SHOP, claim.epoch, 1, {"orders": 10}, b"s")
    assert (await store.claim(SHOP)).quarantine == {
        ("orders", 10): "the next",
        ("clickstream", 0): "of a topic not read yet",
    }


async def test_a_shard_without_any_work_may_be_snapshotted(store: Store):
    claim = await store.claim(SHOP)
    assert not await store.save_snapshot(SHOP, claim.epoch, 1, {}, b"s")
    assert await store.save_snapshot(SHOP, claim.epoch, 0, {}, b"s")


async def test_a_snapshot_is_of_all_topics(store: Store):
    claim = await store.claim(SHOP)
    both = Work(number=1, covers={"orders": (0, 3), "clickstream": (0, 5)}, effects=Effects(4))
    await store.apply(SHOP, claim.epoch, both)
    for wrong in ({"orders": 3, "clickstream": 4}, {"orders": 2, "clickstream": 5}):
        assert not await store.save_snapshot(SHOP, claim.epoch, 1, wrong, b"s")
    assert await store.load_snapshot(SHOP) is None
    assert await store.save_snapshot(SHOP, claim.epoch, 1, {"orders": 3, "clickstream": 5}, b"s")


async def test_what_a_claim_told_stays_as_it_was_then(store: Store):
    claim = await store.claim(SHOP)
    outbox = await store.outbox(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 10, outputs=[b"x"]))
    assert outbox == (0, [])
    assert await store.quarantine(SHOP, claim.epoch, "orders", 10, "never came back")
    assert (claim.watermarks, claim.journal, claim.quarantine) == ({}, (), {})


async def test_confirmed_outputs_go_with_the_next_apply_or_at_once(store: Store):
    claim = await store.claim(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 1, outputs=[b"a", b"b", b"c"]))
    applied = await store.apply(SHOP, claim.epoch, work(2, 1, 2, outputs=[b"d"], confirmed=2))
    assert applied.first_output == 3
    assert await store.outbox(SHOP) == (2, [b"c", b"d"])
    await store.confirm(SHOP, claim.epoch, 4)
    assert await store.outbox(SHOP) == (4, [])
    await store.confirm(SHOP, claim.epoch, 3)
    assert await store.outbox(SHOP) == (4, [])


async def test_outputs_are_confirmed_little_by_little(store: Store):
    claim = await store.claim(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 1, outputs=[b"a", b"b", b"c", b"d", b"e"]))
    await store.confirm(SHOP, claim.epoch, 1)
    assert await store.outbox(SHOP) == (1, [b"b", b"c", b"d", b"e"])
    await store.confirm(SHOP, claim.epoch, 1)
    assert await store.outbox(SHOP) == (1, [b"b", b"c", b"d", b"e"])
    await store.confirm(SHOP, claim.epoch, 2)
    assert await store.outbox(SHOP) == (2, [b"c", b"d", b"e"])
    for number, confirmed in ((2, 3), (3, 3), (4, 4)):
        await store.apply(SHOP, claim.epoch, work(number, number - 1, number, confirmed=confirmed))
    applied = await store.apply(SHOP, claim.epoch, work(5, 4, 5, outputs=[b"f"], confirmed=2))
    assert applied.first_output == 5
    assert await store.outbox(SHOP) == (4, [b"e", b"f"])


async def test_a_snapshot_starts_the_journal_anew_only_if_it_covers_all(store: Store):
    claim = await store.claim(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 10))
    assert not await store.save_snapshot(SHOP, claim.epoch, 1, {"orders": 9}, b"too old")
    assert (await store.claim(SHOP, claim.epoch)).journal
    assert await store.save_snapshot(SHOP, claim.epoch, 1, {"orders": 10}, b"\x00snap")
    assert await store.load_snapshot(SHOP) == b"\x00snap"
    assert (await store.claim(SHOP, claim.epoch)).journal == ()


async def test_a_snapshot_with_work_that_the_store_lost_is_refused(store: Store):
    """Ticks and views move no watermark; their numbers tell that the store has lost one."""
    claim = await store.claim(SHOP)
    await store.apply(SHOP, claim.epoch, work(1, 0, 10))
    tick = Work(number=2, effects=Effects(4), journal=[Entry(TICK_ENTRY, 1000, 0)])
    assert not await store.save_snapshot(SHOP, claim.epoch, 2, {"orders": 10}, b"has the tick")
    await store.apply(SHOP, claim.epoch, tick)
    assert not await store.save_snapshot(SHOP, claim.epoch, 1, {"orders": 10}, b"lacks the tick")
    assert await store.save_snapshot(SHOP, claim.epoch, 2, {"orders": 10}, b"s")


async def test_a_whole_number_meets_a_fraction(store: Store):
    """A setting was changed: an error in the middle would leave half of the work applied."""
    claim = await store.claim(SHOP)
    fraction = Effects(4)
    fraction.add("count:items", "b", 0.5)
    await store.apply(SHOP, claim.epoch, work(1, 0, 10, effects=fraction))
    whole = Effects(4)
    for item in ("a", "b", "c"):
        whole.add("count:items", item, 1)
    applied = await store.apply(SHOP, claim.epoch, work(2, 10, 11, effects=whole))
    assert applied.status == "applied"
    assert await store.counts(SHOP, "count:items") == {"a": 1, "b": 1.5, "c": 1}
    assert await store.watermarks(SHOP) == {"orders": 11}


async def test_drops_come_before_puts_and_puts_before_deltas(store: Store):
    claim = await store.claim(SHOP)
    before = Effects(4)
    before.add("row:pairs:a", "b", 1.5)
    before.add("row:pairs:a", "c", 2.5)
    await store.apply(SHOP, claim.epoch, work(1, 0, 1, effects=before))
    effects = Effects(4)
    effects.drop("row:pairs:a", "b")
    effects.add("row:pairs:a", "b", 0.25)
    effects.reset("row:pairs:a", "c", 10.0)
    effects.add("row:pairs:a", "c", 0.5)
    await store.apply(SHOP, claim.epoch, work(2, 1, 2, effects=effects))
    wanted = [Wanted("row:pairs:a"), Wanted("row:pairs:none"), Wanted("row:pairs:a", ["c", "x"])]
    found = [counts_in(row) for row in await store.read(SHOP, wanted)]
    assert found == [{"b": 0.25, "c": 10.5}, {}, {"c": 10.5}]


async def test_many_hashes_and_many_fields_are_read_in_one_go(store: Store):
    claim = await store.claim(SHOP)
    effects = Effects(1)
    names = [f"n{number}" for number in range(4_500)]
    for number, name in enumerate(names):
        effects.add("many", name, number + 1)
    for name in names[:600]:
        effects.add(f"row:{name}", name, 1)
    await store.apply(SHOP, claim.epoch, work(1, 0, 1, effects=effects))
    wanted = [
        Wanted("none", []), *(Wanted(f"row:{name}") for name in names[:600]),
        Wanted("many", ["absent", *reversed(names)]), Wanted("none", ["n1"]), Wanted("many", ["n7"]),
    ]  # fmt: skip
    none, *rows, many, absent, seven = map(counts_in, await store.read(SHOP, wanted))
    assert none == absent == {}
    assert rows == [{name: 1.0} for name in names[:600]]
    assert many == {name: float(number) for number, name in enumerate(names, 1)}
    assert seven == {"n7": 8.0}
    assert await store.read(SHOP, []) == []


async def test_marks_stay_when_the_item_changed_again(store: Store):
    claim = await store.claim(SHOP)
    for number in (1, 2):
        effects = Effects(1)
        effects.mark("a")
        if number == 1:
            effects.mark("b")
        await store.apply(SHOP, claim.epoch, work(number, number - 1, number, effects=effects))
        if number == 1:
            seen = (await store.dirty(SHOP, [0], 100))[0]
    assert set(seen) == {"a", "b"}
    await store.clean(SHOP, {0: seen})
    assert set((await store.dirty(SHOP, [0], 100))[0]) == {"a"}
    await store.clean(SHOP, {0: {}})


async def test_the_marks_of_several_parts_are_read_and_taken_away_in_one_go(store: Store):
    claim = await store.claim(SHOP)
    effects = Effects(3)
    items = [f"item-{number:04d}" for number in range(900)]
    for item in items:
        effects.mark(item)
    await store.apply(SHOP, claim.epoch, work(1, 0, 1, effects=effects))
    marks = await store.dirty(SHOP, [0, 1, 2, 3], 1_000)
    assert {item: part for part, own in marks.items() for item in own} == {
        item: part_of(item, 3) for item in items
    }
    assert marks[3] == {}
    few = await store.dirty(SHOP, [2, 0], 20)
    assert [len(own) for own in few.values()] == [20, 20]
    assert all(own.items() <= marks[part].items() for part, own in few.items())
    await store.clean(SHOP, {0: marks[0], 1: {}, 2: few[2]})
    left = await store.dirty(SHOP, [0, 1, 2], 1_000)
    assert left == {0: {}, 1: marks[1], 2: {i: m for i, m in marks[2].items() if i not in few[2]}}


async def test_shards_do_not_see_each_other(store: Store):
    claim = await store.claim(SHOP)
    await store.claim(OTHER)
    effects = Effects(4)
    effects.add("count:items", "a", 1)
    await store.apply(SHOP, claim.epoch, work(1, 0, 1, effects=effects))
    assert await store.counts(OTHER, "count:items") == {}
    assert await store.watermarks(OTHER) == {}
    assert await store.shards() == [OTHER, SHOP]


async def test_the_view_is_versioned_and_its_past_can_be_read(store: Store):
    assert await store.view_since(2, 0) == (0, {}, False)
    one = await store.publish_view(2, {"a": b'"1"', "b": b'"2"'})
    two = await store.publish_view(2, {"a": b'"3"'})
    three = await store.publish_view(2, {"c": b'"\xc3\xa9"'})
    assert 0 < one < two < three
    changed = {"a": b'"3"', "b": b'"2"', "c": b'"\xc3\xa9"'}
    assert await store.view_since(2, 0) == (three, changed, False)
    assert await store.view_since(2, one) == (three, {"a": b'"3"', "c": b'"\xc3\xa9"'}, False)
    assert await store.view_since(2, three) == (three, {}, False)
    assert await store.view_at(2, 0) == {}
    assert await store.view_at(2, one) == {"a": b'"1"', "b": b'"2"'}
    assert await store.view_at(2, two) == {"a": b'"3"', "b": b'"2"'}
    assert await store.view_at(2, three) == changed
    assert (await store.view_since(1, 0)) == (0, {}, False)
    with pytest.raises(ViewGone):
        await store.view_at(2, three + 1)


async def test_single_rows_of_the_view_can_be_read(store: Store):
    assert await store.view_rows(2, ["a"]) == {}
    await store.publish_view(2, {"a": b'"1"', "b": b'"\xc3\xa9"'})
    await store.publish_view(2, {"a": None, "c": b'"3"'})
    assert await store.view_rows(2, ["a", "b", "x"]) == {"b": b'"\xc3\xa9"'}
    assert await store.view_rows(2, []) == {}
    assert await store.view_rows(1, ["b"]) == {}


async def test_the_views_past_is_bounded(store: Store):
    versions = [await store.publish_view(0, {"a": str(n).encode()}) for n in range(205)]
    with pytest.raises(ViewGone):
        await store.view_at(0, versions[3])
    assert await store.view_at(0, versions[4]) == {"a": b"4"}
    assert await store.view_since(0, versions[0]) == (versions[-1], {"a": b"204"}, True)


async def test_a_row_that_is_gone_is_told_and_its_past_can_be_read(store: Store):
    one = await store.publish_view(2, {"a": b'"1"', "b": b'"2"'})
    two = await store.publish_view(2, {"a": None, "never": None, "c": b'"3"'})
    assert await store.view_since(2, one) == (two, {"a": None, "never": None, "c": b'"3"'}, False)
    assert await store.view_at(2, one) == {"a": b'"1"', "b": b'"2"'}
    assert await store.view_at(2, two) == {"b": b'"2"', "c": b'"3"'}
    three = await store.publish_view(2, {"a": b'"4"', "b": None})
    assert await store.view_since(2, one) == (
        three, {"a": b'"4"', "b": None, "never": None, "c": b'"3"'}, False,
    )  # fmt: skip
    assert await store.view_at(2, two) == {"b": b'"2"', "c": b'"3"'}
    assert await store.view_at(2, three) == {"a": b'"4"', "c": b'"3"'}
    for number in range(200):
        last = await store.publish_view(2, {"x": str(number).encode()})
    assert await store.view_since(2, two) == (
        last, {"a": b'"4"', "c": b'"3"', "x": b"199"}, True,
    )  # fmt: skip


async def test_a_lost_version_is_not_mistaken_for_the_one_that_came_in_its_place(store: Store):
    """The store lost its newest writes: who holds such a version must get everything anew."""
    before = await store.publish_view(0, {"a": b'"1"'})
    put_back = await _kept_view(store)
    lost = await store.publish_view(0, {"a": b'"lost"', "b": b'"lost too"'})
    await put_back()
    assert await store.view_since(0, lost) == (before, {"a": b'"1"'}, True)
    after = await store.publish_view(0, {"c": b'"2"'})
    assert after not in {before, lost}
    assert await store.view_since(0, lost) == (after, {"a": b'"1"', "c": b'"2"'}, True)
    with pytest.raises(ViewGone):
        await store.view_at(0, lost)


async def _kept_view(store):
    """Remember the view as it is; return what puts it back."""
    if isinstance(store, MemoryStore):
        parts = copy.deepcopy(store._parts)

        async def put_back() -> None:
            store._parts = parts

        return put_back
    keys = store._view(0)
    dumps = [await store.client.dump(key) for key in keys]

    async def restore() -> None:
        for key, dump in zip(keys, dumps, strict=True):
            await store.client.restore(key, 0, dump, replace=True)

    return restore


async def test_a_mark_can_be_taken_back(store: Store):
    claim = await store.claim(SHOP)
    effects = Effects(1)
    for item in ("a", "b", "c"):
        effects.mark(item)
    effects.unmark("c")
    await store.apply(SHOP, claim.epoch, work(1, 0, 1, effects=effects))
    effects = Effects(1)
    effects.unmark("a")
    await store.apply(SHOP, claim.epoch, work(2, 1, 2, effects=effects))
    assert set((await store.dirty(SHOP, [0], 100))[0]) == {"b"}


async def test_large_numbers_and_many_fields_survive(store: Store):
    claim = await store.claim(SHOP)
    effects = Effects(4)
    for number in range(20_000):
        effects.add("count:items", f"item-{number}", 1)
    effects.add("count:weights", "w", 3.0e71)
    await store.apply(SHOP, claim.epoch, work(1, 2**40, 2**40 + 1, effects=effects))
    effects = Effects(4)
    for number in range(20_000):
        effects.drop("count:items", f"item-{number}")
    effects.add("count:weights", "w", 1.0e71)
    await store.apply(SHOP, claim.epoch, work(2, 2**40 + 1, 2**40 + 2, effects=effects))
    assert await store.counts(SHOP, "count:items") == {}
    assert (await store.counts(SHOP, "count:weights"))["w"] == pytest.approx(4.0e71, rel=1e-12)
    assert await store.watermarks(SHOP) == {"orders": 2**40 + 2}
