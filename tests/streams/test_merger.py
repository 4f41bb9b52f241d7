"""One part of the view: how much is merged at a time, and what leaves it."""

from collections.abc import Sequence

import pytest

from models.articles import ARTICLES, Article
from models.campaigns.document import Limits, OfferRules
from models.effects import Effects
from models.itemsets.counts import ITEMS, ItemsetSettings
from models.merge import MergeSettings
from models.options.choices import OptionValue
from models.options.counts import OptionCounts, OptionSettings
from models.view import OFFER_RULES, TRENDING, Row, View, encode
from schemas.orders import OrderLine
from streams.counted import Judged
from streams.documents import OFFERS, applied, apply
from streams.merger import _ROUND, Merger
from streams.store.memory import MemoryStore
from streams.store.protocol import Wanted, Work
from streams.topology import ShardId

FEW = ItemsetSettings(half_life_s=0, min_customers=3)
SHARDS = [ShardId("shop", 0), ShardId("shop", 1)]


class Part:
    """Part 0 of a view of two shards, with all articles in it."""

    def __init__(self, *, rows: int = 100, most: int = 1000, parts: int = 1) -> None:
        self.store = MemoryStore()
        self._parts = parts
        self.merger = Merger(2, self.store, MergeSettings(), rows, most)
        self.works = dict.fromkeys(SHARDS, 0)
        self.counted = {shard: OptionCounts(OptionSettings(), FEW) for shard in SHARDS}

    async def change(self, shard: ShardId, *bought: str, forgotten: Sequence[str] = ()) -> None:
        effects = Effects(self._parts)
        for item in bought:
            effects.add(ITEMS, item, 1)
        for item in forgotten:
            effects.drop(ITEMS, item)
        effects.add("count:baskets", "w", 1)
        effects.add("count:baskets", "w2", 1)
        for item in (*bought, *forgotten):
            effects.mark(item)
        self.counted[shard].forget(forgotten, effects)
        await self.apply(shard, effects)

    async def tell(self, shard: ShardId, **articles: Article | None) -> None:
        effects = Effects(1)
        for item, article in articles.items():
            if article is None:
                effects.drop(ARTICLES, item)
            else:
                effects.put(ARTICLES, item, encode(article))
            effects.mark(item)
        await self.apply(shard, effects)

    async def configure(self, shard: ShardId, **options: str) -> None:
        """A table of a further customer."""
        effects, name = Effects(self._parts), f"{shard}-{self.works[shard]}"
        line = OrderLine(sku="table", options=options)
        self.counted[shard].learn(name, [line], name, 0.0, effects)
        await self.apply(shard, effects)

    async def apply(self, shard: ShardId, effects: Effects) -> None:
        claim = await self.store.claim(shard, 1)
        self.works[shard] += 1
        applied = await self.store.apply(
            shard, claim.epoch, Work(self.works[shard], effects=effects)
        )
        assert applied.status == "applied"

    def row(self, item: str) -> Row:
        return View(1, self.store._parts[0].rows).row(item)

    @property
    def tests(self) -> Judged:
        return self.merger.part(0).tests

    async def shown(self) -> set[str]:
        return set(self.store._parts[0].rows)

    async def marks(self) -> int:
        return sum([len((await self.store.dirty(shard, [0], 10**6))[0]) for shard in SHARDS])


@pytest.fixture
def part() -> Part:
    return Part()


async def test_an_article_leaves_the_view_with_the_last_shard_that_knew_it(part: Part) -> None:
    await part.change(SHARDS[0], "a", "b")
    await part.change(SHARDS[1], "a")
    await part.merger.merge([0])
    assert await part.shown() == {"a", "b"}
    await part.change(SHARDS[0], forgotten="ab")
    await part.merger.merge([0])
    assert await part.shown() == {"a"}
    await part.change(SHARDS[1], forgotten="a")
    await part.merger.merge([0])
    assert await part.shown() == set()
    assert len(part.tests.rules) == len(part.tests.options) == 0
    assert await part.marks() == 0


async def test_no_more_rows_are_merged_at_a_time_than_asked_for() -> None:
    part = Part(rows=4)
    for shard, names in zip(SHARDS, ("abcdef", "efghij"), strict=True):
        await part.change(shard, *names)
    for _ in range(5):
        assert await part.merger.merge([0]) <= 4
    assert await part.shown() == set("abcdefghij")
    assert await part.marks() == 0


async def test_rows_that_change_all_the_time_keep_none_waiting() -> None:
    part = Part(rows=4)
    await part.change(SHARDS[1], *"efgh")
    for _ in range(2):
        await part.change(SHARDS[0], *"abcd")
        await part.merger.merge([0])
    assert await part.shown() == set("abcdefgh")


async def test_a_row_whose_mark_was_lost_goes_in_its_turn(part: Part) -> None:
    many = [f"item-{n:03d}" for n in range(3 * _ROUND)]
    await part.change(SHARDS[0], *many)
    await part.merger.merge([0])
    part.store._shard(SHARDS[0]).hashes[ITEMS].pop(many[-1])
    versions = set()
    for _ in range(4):
        await part.merger.merge([0])
        versions.add((await part.store.view_since(0, 0)).version)
    assert await part.shown() == set(many[:-1])
    assert len(versions) == 2, "rows that were looked at in vain are not published"
    # A merger that begins in another process finds the rows in the store.
    other = Merger(2, part.store, MergeSettings(), 100, 1000)
    part.store._shard(SHARDS[0]).hashes[ITEMS].pop(many[0])
    for _ in range(4):
        await other.merge([0])
    assert await part.shown() == set(many[1:-1])


async def test_a_full_part_takes_no_new_row_until_one_leaves() -> None:
    part = Part(most=2)
    await part.change(SHARDS[0], "a", "b", "c")
    await part.merger.merge([0])
    assert await part.shown() == part.merger.part(0).ordered == {"a", "b"}
    await part.change(SHARDS[0], "b", "c", forgotten="a")
    await part.merger.merge([0])
    await part.change(SHARDS[0], "c")
    await part.merger.merge([0])
    assert await part.shown() == {"b", "c"}
    assert TRENDING not in part.tests.rules


OAK = Article("rings", 10.0, 6.0, 3, True, 100.0)


async def test_what_the_catalogue_says_is_in_the_row_beside_what_was_bought(part: Part) -> None:
    await part.change(SHARDS[0], "a", "b")
    await part.tell(SHARDS[1], a=OAK, c=OAK)
    await part.merger.merge([0])
    assert await part.shown() == {"a", "b", "c"}
    assert (part.row("a").article, part.row("a").count) == (OAK, 1.0)
    assert part.row("b").article is None
    assert part.row("c") == Row(article=OAK)
    assert await part.marks() == 0


async def test_of_two_shards_the_one_that_was_told_last_is_right(part: Part) -> None:
    later = Article(stock=0, changed_at=101.0)
    for shard, told in zip(SHARDS, (later, OAK), strict=True):
        await part.tell(shard, a=told)
        await part.merger.merge([0])
    assert part.row("a").article == later


async def test_a_row_with_nothing_but_the_catalogues_word_is_not_bare(part: Part) -> None:
    withdrawn = Article(available=False, changed_at=1.0)
    await part.tell(SHARDS[0], a=withdrawn)
    for merger in (part.merger, Merger(2, part.store, MergeSettings(), 100, 1000)):
        for _ in range(4):
            await merger.merge([0])
        assert part.row("a") == Row(article=withdrawn)
    version = (await part.store.view_since(0, 0)).version
    for _ in range(4):
        await merger.merge([0])
    assert (await part.store.view_since(0, 0)).version == version, "written in vain"
    await part.tell(SHARDS[0], a=None)
    await merger.merge([0])
    assert await part.shown() == set()


@pytest.mark.parametrize("restarted", [False, True])
async def test_orders_whose_mark_was_lost_leave_a_row_that_the_catalogue_keeps(
    part: Part, restarted: bool
) -> None:
    await part.change(SHARDS[0], "a", "b")
    await part.tell(SHARDS[1], a=OAK)
    await part.merger.merge([0])
    assert part.row("a").count == 1.0
    part.store._shard(SHARDS[0]).hashes[ITEMS].pop("a")
    merger = Merger(2, part.store, MergeSettings(), 100, 1000) if restarted else part.merger
    for _ in range(3):
        await merger.merge([0])
    assert part.row("a") == Row(article=OAK)
    assert part.row("b").count == 1.0


async def test_a_large_catalogue_does_not_outgrow_the_part() -> None:
    part = Part(most=3)
    await part.change(SHARDS[0], "a")
    await part.merger.merge([0])
    await part.tell(SHARDS[0], **{f"s{n}": OAK for n in range(9)}, a=OAK)
    await part.merger.merge([0])
    assert len(await part.shown()) == 3
    assert part.row("a").article == OAK, "a row that is there is always kept up"
    assert part.merger.part(0).ordered == {"a"}


async def test_offer_rules_are_no_article_to_the_merge(part: Part) -> None:
    """No shard counts them, so they look like a row that nothing is behind."""
    rules = OfferRules(limits=Limits(daily_cap=3))
    await apply(part.store, OFFERS, rules)
    await part.change(SHARDS[0], "a")
    for _ in range(4):
        await part.merger.merge([0])
    later = Merger(2, part.store, MergeSettings(), 100, 1000)  # finds them in the store
    await part.change(SHARDS[0], forgotten="a")
    for _ in range(4):
        await later.merge([0])
    assert await part.shown() == {OFFER_RULES}
    assert await applied(part.store, OFFERS) == rules


async def test_a_mark_on_the_offer_rules_does_not_take_them_away(part: Part) -> None:
    await apply(part.store, OFFERS, OfferRules())
    effects = Effects(1)
    effects.mark(OFFER_RULES)
    claim = await part.store.claim(SHARDS[0])
    await part.store.apply(SHARDS[0], claim.epoch, Work(1, effects=effects))
    await part.merger.merge([0])
    assert await part.shown() == {OFFER_RULES}
    assert await part.marks() == 0


async def test_options_are_merged_from_all_shards_and_only_they_cost_a_read(part: Part) -> None:
    read: list[str] = []
    ask = part.store.read

    async def noted(shard: ShardId, wanted: Sequence[Wanted]) -> list[dict[str, bytes]]:
        read.extend(key for key, fields in wanted if fields is None)
        return await ask(shard, wanted)

    part.store.read = noted  # type: ignore[method-assign]
    for shard, oaks in zip(SHARDS, (6, 3), strict=True):
        await part.change(shard, "table", "lamp")
        for number in range(9):
            await part.configure(shard, wood="oak" if number < oaks else f"w{number}")
    await part.merger.merge([0])
    change = await part.store.view_since(0, 0)
    table = View(1, change.rows).row("table")
    (wood,) = table.options
    assert (wood.of, wood.without, wood.known) == (18, 0, 7)
    assert wood.values == (OptionValue("oak", 9),), "the others were chosen by one customer"
    assert table.configured == 1
    assert not View(1, change.rows).row("lamp").options
    assert {key for key in read if "lamp" in key} == {"row:pairs:lamp", "row:reach:lamp"}
    await part.change(SHARDS[0], forgotten=["table"])
    await part.change(SHARDS[1], forgotten=["table"])
    await part.merger.merge([0])
    assert "table" not in await part.shown()
    assert len(part.tests.options) == 0


async def rows_of_all_parts(*rounds: Sequence[int]) -> dict[int, dict[str, bytes]]:
    """Return what three parts publish of the same counts, merged together as in each of ``rounds``."""
    part = Part(parts=3)
    names = [f"item-{number}" for number in range(12)]
    for number in range(60):
        first = number % 12
        await part.change(SHARDS[number % 2], names[first], names[(first + number % 5) % 12])
    await part.configure(SHARDS[0], wood="oak")
    for numbers in rounds:
        assert await part.merger.merge(numbers)
        assert not await part.merger.merge(numbers), "all marks are taken away"
    return {number: dict(own.rows) for number, own in part.store._parts.items()}


async def test_parts_merged_together_publish_what_each_does_alone() -> None:
    together = await rows_of_all_parts([0, 1, 2])
    assert sorted(together) == [0, 1, 2]
    assert all(len(rows) > 1 for rows in together.values())
    assert (
        await rows_of_all_parts([1], [0], [2]) == await rows_of_all_parts([2, 0], [1]) == together
    )
