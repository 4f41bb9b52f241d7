"""Every family of keys in the store, as data: what it holds, what bounds it, and how large that is.

The table in docs/storage.md, `tailorline store` and the doctor's look at the server's memory are made
from it. A bound is in units (fields, lines, …) and follows from the settings alone; where it takes the
rate of events too, a `Load` says which. The bytes of a unit are measured: `tailorline store bounds
--measure` prints those of the embedded Valkey, and a test refuses figures that are off. They lie
between those of Valkey 9 and of Redis 7, which takes a little more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from models.articles import ARTICLES
from models.campaigns.checking import MAX_BYTES
from models.itemsets.counts import ITEMS, PAIRS, REACH, TOTALS, TRIPLES
from models.line.annunciator import STANDING
from models.line.capabilities import CAPABILITY
from models.line.checking import MAX_BYTES as MAX_LINE_BYTES
from models.line.effectiveness import DAYS, MACHINES, OEE, SUMS
from models.options.counts import CHOOSERS, CONFIGURED, OPTIONS
from models.shop import COVISITS, TRENDS
from schemas.topics import DEAD_LETTERS, INPUTS
from streams.settings import Settings
from streams.store.memory import VIEW_HISTORY

Per = Literal["installation", "shard", "shop shard", "floor shard", "part of the view"]
Kind = Literal["string", "hash", "list", "set"]


@dataclass(frozen=True, slots=True)
class Load:
    """What bounds rest on beside the settings."""

    partitions: int
    events_per_s: float = 1000.0
    """Of one shard, at its busiest."""
    handled_letters: int = 10_000
    """Dead letters handled by an operator within their topic's retention."""


@dataclass(frozen=True)
class Family:
    """The keys of one kind."""

    key: str
    """With placeholders: ``{shop-k}``, ``{floor-k}``, ``{view-k}``, ``{shard}`` and ``<name>``."""
    kind: Kind
    per: Per
    holds: str
    unit: str
    bound: str
    """In words, with the settings that it follows from."""
    most: Callable[[Settings, Load], float] | None
    """The number of units in one instance; None: it grows without end, and is meant to."""
    unit_bytes: int
    """As measured: with the key's own overhead, shared by its units."""
    fields: int = 1
    """Fields of the hash that make a unit."""

    @property
    def whole(self) -> bool:
        """Whether a key is one unit, whatever is in it."""
        return self.unit in {"mark", "key"}

    @property
    def countable(self) -> bool:
        """Whether the server can say how many units a key holds without sending it whole."""
        return self.whole or (self.kind != "string" and self.unit != "row")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        text = re.escape(self.key)
        for name in ("shop", "floor", "view"):
            text = text.replace(re.escape(f"{{{name}-k}}"), rf"\{{{name}-\d+\}}")
        text = text.replace(re.escape("{shard}"), r"\{(?:shop|floor)-\d+\}")
        return re.compile(re.sub(r"<\w+>", "(?s:.+)", text))

    def owns(self, key: str) -> bool:
        """Return whether a key (without the prefix and its colon) is of this family."""
        return self._pattern.fullmatch(key) is not None

    def example(self, name: str = "x") -> str:
        """Return a key of the family; ``name`` stands where the keys of an instance differ."""
        text = re.sub(r"<\w+>", lambda _: name, self.key).replace("{shard}", "{shop-0}")
        return text.replace("-k}", "-0}")

    def instances(self, load: Load) -> int:
        """Return how often the bound counts."""
        times = {"installation": 1, "shard": 2 * load.partitions}
        return times.get(self.per, load.partitions)

    def units(self, settings: Settings, load: Load) -> float | None:
        """Return the bound of the whole installation in units; None: there is none."""
        return None if self.most is None else self.most(settings, load) * self.instances(load)

    def size(self, settings: Settings, load: Load) -> float | None:
        """Return the bound of the whole installation in bytes; None: there is none."""
        units = self.units(settings, load)
        return None if units is None else units * self.unit_bytes


def total(settings: Settings, load: Load) -> float:
    """Return the bound of all families together, in bytes."""
    return sum(family.size(settings, load) or 0.0 for family in FAMILIES)


def family_of(key: str, families: Sequence[Family] | None = None) -> list[Family]:
    """Return the families that a key (without the prefix and its colon) is of: one, if all is well."""
    return [family for family in families or FAMILIES if family.owns(key)]


def partitions_of(shards: Iterable[tuple[str, int]]) -> int:
    """Return the number of partitions that shards, as flow and number, are of; 0: there are none."""
    return max((number + 1 for _, number in shards), default=0)


def _dirty(s: Settings, _: Load) -> float:
    # Known for their orders, for their views, from the catalogue, left lately; and the list of trends.
    return 3 * s.max_skus + s.sequences.max_items + 1


def _state_of_shop(s: Settings, _: Load) -> float:
    sets = s.itemsets
    return max(
        s.max_customers, s.max_skus, s.sequences.max_items, s.seen_ids, sets.window,
        s.sequences.neighbours.sessions,
        sets.max_pairs // 10, s.options.max_items * 2 // 3,
    )  # fmt: skip


def _journal(s: Settings, load: Load) -> float:
    # A line at most for each event, and for each round of maintenance a view and a tick.
    return s.snapshots.every_s * (load.events_per_s + 8)


FAMILIES: tuple[Family, ...] = (
    Family(
        "shards", "set", "installation", "the shards that were ever claimed", "shard",
        "number of partitions", lambda _, load: 2 * load.partitions, 24,
    ),
    Family(
        "layout", "hash", "installation", "partitions and ids of the topics that the state is of",
        "field", "two for each topic", lambda *_: 2 * len(INPUTS), 40,
    ),
    Family(
        "dlq:<id>", "hash", "installation", "that a dead letter was sent again or thrown away",
        "mark", "TTL: as long as the topic keeps the letter "
        f"({DEAD_LETTERS.retention_hours // 24} days unless it is set otherwise) and a segment more; "
        "one for each letter that an operator handled", lambda _, load: load.handled_letters, 130,
    ),
    Family(
        "{shard}:meta", "hash", "shard", "epoch, number of the last work, watermarks, outbox head "
        "and end", "field", "a few fields", lambda *_: 16, 29,
    ),
    Family(
        "{shard}:journal", "list", "shard", "what was applied since the snapshot", "line",
        "cut by each snapshot (`TAILORLINE_SNAPSHOTS__EVERY_S`), of idle shards too; a line at most "
        "for each event in between", _journal, 29,
    ),
    Family(
        "{shard}:history", "list", "shard", "the whole journal, for audits and fault tests", "line",
        "none: it is kept only with `TAILORLINE_STORE__KEEP_HISTORY`", None, 29,
    ),
    Family(
        "{shard}:quarantine", "hash", "shard", "events kept from their step, which never came back",
        "event", "`TAILORLINE_GUARD__MAX_QUARANTINE`, and gone once a snapshot covers them",
        lambda s, _: s.guard.max_quarantine, 160,
    ),
    Family(
        "{shard}:outbox", "list", "shard", "outputs that Kafka has not confirmed", "record",
        "`TAILORLINE_KAFKA__MAX_UNCONFIRMED` and the outputs of a batch (`TAILORLINE_KAFKA__BATCH`)",
        lambda s, _: s.kafka.max_unconfirmed + s.kafka.batch, 1350,
    ),
    Family(
        "{shop-k}:snapshot", "string", "shop shard", "the signed state of a shop shard", "customer",
        "a unit is a customer with its share of the state at the caps: 4 event ids, a basket, 10 "
        "pairs, a configured line and 1.5 counts of options, an article and what the catalogue says of it, a row of co-visits, a session "
        "of three views. "
        "`TAILORLINE_MAX_CUSTOMERS`, `TAILORLINE_OPTIONS__MAX_ITEMS`, "
        "`TAILORLINE_ITEMSETS__WINDOW`, `TAILORLINE_ITEMSETS__MAX_PAIRS`, `TAILORLINE_MAX_SKUS`, "
        "`TAILORLINE_SEQUENCES__MAX_ITEMS`, `TAILORLINE_SEQUENCES__NEIGHBOURS__SESSIONS`, "
        "`TAILORLINE_SEEN_IDS`", _state_of_shop, 600,
    ),
    Family(
        "{floor-k}:snapshot", "string", "floor shard", "the signed state of a floor shard", "sensor",
        "a unit is a sensor with 5 event ids. `TAILORLINE_FLOOR__MAX_SENSORS`, "
        "`TAILORLINE_FLOOR__SEEN_IDS`", lambda s, _: max(s.floor.max_sensors, 2 * s.floor.seen_ids // 5),
        7_500,
    ),
    Family(
        "{shard}:tally", "hash", "shard", "exact totals: `topic:outcome`, `topic:rejected:reason`, "
        "`topic:sent`", "field", "closed lists", lambda *_: 60, 31,
    ),
    Family(
        "{shop-k}:dirty:<part>", "hash", "shop shard", "articles whose rows changed", "field",
        "cleared by the merge; and if that does not get round to it, three times `TAILORLINE_MAX_SKUS` "
        "and `TAILORLINE_SEQUENCES__MAX_ITEMS`", _dirty, 52,
    ),
    Family(
        "{shop-k}:" + TOTALS, "hash", "shop shard", "number and weight of baskets", "field",
        "3 fields", lambda *_: 3, 48,
    ),
    Family(
        "{shop-k}:" + ITEMS, "hash", "shop shard", "baskets with an article", "field",
        "`TAILORLINE_MAX_SKUS`: those longest not ordered go; decays", lambda s, _: s.max_skus, 68,
    ),
    Family(
        "{shop-k}:count:demand", "hash", "shop shard", "units ordered, less cancelled and returned",
        "field", "`TAILORLINE_MAX_SKUS`: those longest not ordered go", lambda s, _: s.max_skus, 50,
    ),
    Family(
        "{shop-k}:" + TRIPLES, "hash", "shop shard", "baskets with three articles", "field",
        "`TAILORLINE_ITEMSETS__MAX_TRIPLES`, gone with their articles; decays",
        lambda s, _: s.itemsets.max_triples, 100,
    ),
    Family(
        f"{{shop-k}}:{PAIRS}<article>", "hash", "shop shard",
        "baskets with it and each other article; every pair is in both rows", "pair",
        "`TAILORLINE_ITEMSETS__MAX_PAIRS`: the lightest go; before that Lossy Counting "
        "(`TAILORLINE_ITEMSETS__EPSILON`); gone with their articles; decays; TTL "
        "`TAILORLINE_STORE__ROW_TTL_S`", lambda s, _: s.itemsets.max_pairs, 78, fields=2,
    ),
    Family(
        f"{{shop-k}}:{REACH}<article>", "hash", "shop shard", "pairs that enough customers bought",
        "pair", "as the rows of pairs", lambda s, _: s.itemsets.max_pairs, 38, fields=2,
    ),
    Family(
        "{shop-k}:" + CONFIGURED, "hash", "shop shard", "lines with an article and options", "field",
        "as many as have rows of options; decays", lambda s, _: min(s.max_skus, s.options.max_items),
        68,
    ),
    Family(
        f"{{shop-k}}:{OPTIONS}<article>", "hash", "shop shard",
        "its lines with each value of an option and each two of them; and their squared weight",
        "field", "`TAILORLINE_OPTIONS__MAX_ITEMS`: those of the articles longest not ordered go; of an "
        "article those longest not chosen (`TAILORLINE_OPTIONS__MAX_VALUES`, "
        "`TAILORLINE_OPTIONS__MAX_PAIRS`); gone with their articles; decays; TTL "
        "`TAILORLINE_STORE__ROW_TTL_S`",
        lambda s, _: s.options.max_items + min(s.max_skus, s.options.max_items), 55,
    ),
    Family(
        f"{{shop-k}}:{CHOOSERS}<article>", "hash", "shop shard",
        "values and pairs of them that enough customers chose", "field", "as the rows of options",
        lambda s, _: s.options.max_items, 34,
    ),
    Family(
        "{shop-k}:" + COVISITS, "hash", "shop shard", "what is viewed near an article, at most 50",
        "field", "`TAILORLINE_SEQUENCES__MAX_ITEMS`: those that were opened first go; decays",
        lambda s, _: s.sequences.max_items, 1040,
    ),
    Family(
        "{shop-k}:" + TRENDS, "hash", "shop shard", "the most viewed articles", "field",
        "one field of 200 articles; decays", lambda *_: 1, 7000,
    ),
    Family(
        "{shop-k}:" + ARTICLES, "hash", "shop shard", "what the catalogue says of an article", "field",
        "`TAILORLINE_MAX_SKUS`: those longest not told of go", lambda s, _: s.max_skus, 105,
    ),
    Family(
        "{floor-k}:count:made", "hash", "floor shard", "units made", "field",
        "`TAILORLINE_FLOOR__MAX_SKUS`: those longest not made go", lambda s, _: s.floor.max_skus, 50,
    ),
    Family(
        "{floor-k}:count:scrapped", "hash", "floor shard", "units scrapped", "field",
        "`TAILORLINE_FLOOR__MAX_SKUS`: those longest not made go", lambda s, _: s.floor.max_skus, 50,
    ),
    Family(
        "{floor-k}:" + STANDING, "hash", "floor shard", "alarms that are not normal: the last alert of each",
        "alarm", "those of `TAILORLINE_FLOOR__MAX_SENSORS` sensors, gone with them; a unit for every "
        "sensor, though one may have several", lambda s, _: s.floor.max_sensors, 700,
    ),
    Family(
        "{floor-k}:" + OEE, "hash", "floor shard", "OEE: sums of each machine and day", "sum",
        f"{len(SUMS)} for each of {DAYS} days of {MACHINES:,} machines: those that had no new day for "
        "longest go", lambda *_: len(SUMS) * DAYS * MACHINES, 100,
    ),
    Family(
        "{floor-k}:" + CAPABILITY, "hash", "floor shard",
        "capability: what is known of a sensor with a specification", "sensor",
        "those of `TAILORLINE_FLOOR__MAX_SENSORS` sensors that the line rules give a specification, gone with "
        "them or with it", lambda s, _: s.floor.max_sensors, 470,
    ),
    Family(
        "{view-k}:rows", "hash", "part of the view", "the merged row of an article", "field",
        "deleted once no shard knows the article; never more than `TAILORLINE_MAX_SKUS` and "
        "`TAILORLINE_SEQUENCES__MAX_ITEMS`, the list of trends, and in part 0 the offer rules "
        f"and the line rules, which an operator applies (at most {MAX_BYTES // 1024} kB and "
        f"{MAX_LINE_BYTES // 1024} kB)", lambda s, _: s.view_rows() + 3, 3060,
    ),
    Family(
        "{view-k}:version", "string", "part of the view", "the part's version", "key", "one",
        lambda *_: 1, 55,
    ),
    Family(
        "{view-k}:undo", "list", "part of the view", "what rows were before, for replay", "row",
        f"{VIEW_HISTORY} versions of at most `TAILORLINE_MERGING__ROWS` rows (with "
        "`TAILORLINE_STORE__KEEP_HISTORY` all of them)",
        lambda s, _: VIEW_HISTORY * s.merging.rows, 3020,
    ),
)  # fmt: skip
