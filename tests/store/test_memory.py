"""What only the store in memory promises: the whole journal is always kept."""

from models.effects import Effects
from streams.store.memory import MemoryStore
from streams.store.protocol import TICK_ENTRY, VIEW_ENTRY, Entry, Work
from streams.topology import ShardId

SHOP = ShardId("shop", 0)


async def test_the_whole_journal_is_kept_as_it_came() -> None:
    store = MemoryStore()
    claim = await store.claim(SHOP)
    entries = [
        Entry("orders", 0, 4), Entry(VIEW_ENTRY, versions=(1, 2)), Entry("orders", 4, 6),
        Entry("orders", 6, 7), Entry(TICK_ENTRY, 5000, 0),
    ]  # fmt: skip
    for number, entry in enumerate(entries, 1):
        covers = {"orders": (entry.first, entry.next)} if entry.kind == "orders" else {}
        work = Work(number=number, covers=covers, journal=[entry], effects=Effects(4))
        assert (await store.apply(SHOP, claim.epoch, work)).status == "applied"
    assert await store.save_snapshot(SHOP, claim.epoch, 5, {"orders": 7}, b"s")
    assert (await store.claim(SHOP)).journal == ()
    assert await store.history(SHOP) == entries
