"""The merged view: a chain of changes equals a view made at once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from models.articles import Article
from models.campaigns.document import NO_RULES, Limits, OfferRules
from models.effects import part_of
from models.view import OFFER_RULES, TRENDING, Neighbour, Row, Trend, View, ViewChange, encode
from tests.models.itemsets.planted import supersets

ITEMS = "abcdefg"
PARTS = 3
CHANGES = st.lists(
    st.dictionaries(
        st.sampled_from(ITEMS),
        st.sets(st.sampled_from(ITEMS)),
        min_size=1, max_size=4,
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def row_of(item: str, partners: set[str]) -> Row:
    later = tuple(sorted(one for one in partners if one > item))
    return Row(partners=later, count=float(len(later)), next=(Neighbour("n", 0.5),))


@settings(max_examples=60, deadline=None)
@given(CHANGES)
def test_a_changed_view_equals_one_made_at_once(changes: list[dict[str, set[str]]]) -> None:
    view, state = View(PARTS), dict[str, Row]()
    past: list[tuple[View, dict[str, Row], frozenset[tuple[str, str, str]]]] = []
    for version, change in enumerate(changes, start=1):
        rows = {item: row_of(item, partners) for item, partners in change.items()}
        state = state | rows
        for part in range(PARTS):
            own = {i: encode(row) for i, row in rows.items() if part_of(i, PARTS) == part}
            view = view.changed(part, version, own)
        past.append((view, state, view.opened))
    for version, (one, rows, opened) in enumerate(past, start=1):
        whole = View(PARTS, {i: encode(row) for i, row in rows.items()}, (version,) * PARTS)
        assert one.rows() == whole.rows() == rows
        assert one.opened == whole.opened == opened
        assert one.opened == supersets({item: row.partners for item, row in rows.items()})
        assert one.versions == whole.versions


def test_an_old_version_stays_as_it_was() -> None:
    old = View(1, {"a": encode(Row(count=1.0))})
    new = old.changed(0, 7, {"a": encode(Row(count=2.0)), "b": encode(Row(count=3.0))})
    assert old.row("a").count == 1.0
    assert new.row("a").count == 2.0
    assert old.row("b") == Row()
    assert (old.versions, new.versions) == ((0,), (7,))
    assert set(old.rows()) == {"a"}


def test_one_part_moves_at_a_time() -> None:
    assert View(4).changed(2, 9, {}).versions == (0, 0, 9, 0)


def test_several_parts_move_together_as_they_would_one_after_the_other() -> None:
    parts = {part_of(item, 2): item for item in "abcdefgh"}
    old = View(2).changed(0, 1, {parts[0]: encode(Row(count=1.0))})
    changes = {
        0: ViewChange(3, {"new": encode(Row(count=2.0))}, whole=True),
        1: ViewChange(4, {parts[1]: encode(Row(count=3.0))}),
    }
    together = old.with_changes(changes)
    after = old.changed(0, 3, changes[0].rows, whole=True).changed(1, 4, changes[1].rows)
    assert together.versions == after.versions == (3, 4)
    assert together.rows() == after.rows()
    assert parts[0] not in together.rows()


def test_trends_are_no_article() -> None:
    trends = (Trend("a", 0.5), Trend("b", 0.1))
    view = View(1, {TRENDING: encode(trends), "a": encode(Row(count=1.0))})
    assert view.trending == trends
    assert set(view.rows()) == {"a"}
    again = view.changed(0, 1, {"b": encode(Row())})
    assert again.trending == trends
    assert again.changed(0, 2, {TRENDING: encode(trends[:1])}).trending == trends[:1]


def test_an_unknown_article_has_an_empty_row() -> None:
    assert View(1).row("x") == Row()


def test_two_views_may_follow_on_the_same_one() -> None:
    old = View(1, {"a": encode(Row(partners=("b", "c")))})
    assert old.changed(0, 1, {"b": encode(Row(partners=("c",)))}).opened == {("a", "b", "c")}
    assert (
        old.changed(0, 1, dict.fromkeys("bc", encode(Row(partners=("d",))))).opened == frozenset()
    )


def test_a_row_that_is_gone_is_empty_and_its_triangles_are_no_more() -> None:
    rows = {"a": Row(partners=("b", "c")), "b": Row(partners=("c",)), "c": Row(count=1.0)}
    old = View(1, {item: encode(row) for item, row in rows.items()})
    new = old.changed(0, 1, {"b": None, "x": None})
    assert set(new.rows()) == {"a", "c"}
    assert new.row("b") == Row()
    assert (old.opened, new.opened) == ({("a", "b", "c")}, frozenset())
    assert new.changed(0, 2, {"b": encode(rows["b"])}).opened == {("a", "b", "c")}
    assert old.row("b") == rows["b"]


def test_a_whole_part_takes_the_place_of_all_its_rows() -> None:
    mine = [item for item in "abcdefg" if part_of(item, 2) == 0]
    other = next(item for item in "abcdefg" if part_of(item, 2) == 1)
    view = View(2, {item: encode(Row(count=1.0)) for item in [*mine, other]})
    new = view.changed(0, 9, {mine[0]: encode(Row(count=2.0))}, whole=True)
    assert set(new.rows()) == {mine[0], other}
    assert new.row(mine[0]).count == 2.0
    assert new.versions == (9, 0)


def test_what_the_catalogue_says_is_asked_by_article_and_changes_with_the_row() -> None:
    before, after = Article(price=10.0, stock=0), Article(price=9.0, stock=4, changed_at=5.0)
    old = View(1, {"a": encode(Row(article=before)), "b": encode(Row(count=1.0))})
    new = old.changed(0, 1, {"a": encode(Row(count=2.0, article=after))})
    assert (old.article("a"), new.article("a")) == (before, after)
    assert new.article("b") is None
    assert new.article("x") is None
    assert new.changed(0, 2, {"a": None}).article("a") is None


RULES = OfferRules(limits=Limits(daily_cap=3))


def test_offer_rules_are_no_article_and_stay_until_they_change() -> None:
    assert View(1).rules is NO_RULES
    view = View(2, {OFFER_RULES: encode(RULES), "a": encode(Row(count=1.0))})
    assert view.rules == RULES
    assert set(view.rows()) == {"a"}
    again = view.changed(0, 1, {"b": encode(Row())}).changed(1, 1, {"c": encode(Row())})
    assert again.rules is view.rules
    others = OfferRules(sources={"trending": False})
    assert again.changed(0, 2, {OFFER_RULES: encode(others)}).rules == others
    assert again.changed(0, 2, {OFFER_RULES: None}).rules is NO_RULES
    assert again.rules == RULES


def test_offer_rules_are_decoded_once_however_many_views_have_them() -> None:
    one, other = (View(1, {OFFER_RULES: encode(RULES)}) for _ in range(2))
    assert one.rules is other.rules


def test_a_whole_part_without_offer_rules_takes_them_away_if_it_is_theirs() -> None:
    view = View(2, {OFFER_RULES: encode(RULES)})
    assert view.changed(1, 9, {"b": encode(Row(count=1.0))}, whole=True).rules == RULES
    assert view.changed(0, 9, {OFFER_RULES: encode(RULES)}, whole=True).rules == RULES
    assert view.changed(0, 9, {"b": encode(Row(count=1.0))}, whole=True).rules is NO_RULES
