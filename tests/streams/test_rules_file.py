"""Offer rules as YAML: what is wrong is said with its line, and nothing means what it does not look like."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.campaigns.campaign import Campaign
from models.campaigns.checking import checked
from models.campaigns.document import Limits, OfferRules
from streams.documents import OFFERS
from streams.rules_file import Mistake, kind_of, lines, parse, read, written

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "offers.yaml"


def wrong(text: str) -> list[tuple[int, str]]:
    found = parse(text.encode(), OFFERS)
    assert isinstance(found, tuple), found
    return [tuple(mistake) for mistake in found]


def test_the_example_is_right_and_uses_everything() -> None:
    rules = read(EXAMPLE, OFFERS)
    assert isinstance(rules, OfferRules), rules
    text = EXAMPLE.read_text("utf-8")
    for struct in (OfferRules, Limits, Campaign):
        for name in struct.__struct_fields__:
            assert f"{name}:" in text, f"show {name} in {EXAMPLE.name}"
    assert [each.name for each in rules.campaigns] == ["spring-rings", "welcome", "clearance"]


def test_what_is_wrong_is_said_with_its_line() -> None:
    text = """\
limits:
  daily_cap: ten

campaigns:
  - name: sale
    items:
      - tie
      - 0715
    starts: 2026-03-01T00:00:00Z
    ends: 2026-02-01T00:00:00Z
  - items: [hat]
collections: 1
"""
    assert wrong(text) == [
        (2, "limits.daily_cap: a whole number is expected, not the text 'ten'"),
        (8, "campaigns[0].items[1]: text is expected, not the number 461; put it in quotes"),
        (10, "campaigns[0].ends: before starts"),
        (11, "campaigns[1].name: is lacking: what is spent is kept under it"),
        (12, "collections: is no known key; known are limits, sources, triggers, campaigns"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("limits:\n  daily_cap: 3\n  daily_cap: 4\n", 3,
         "the key 'daily_cap' is there twice, in line 2 too"),
        ("limits: {}\nsources: {}\n'limits': {}\n", 3, "the key 'limits' is there twice, in line 1 too"),
        ("limits:\n  daily_cap: [1\nsources: {}\n", 3, "column 8: "),
        ("limits: {}\n---\nlimits: {}\n", 2, "column 1: expected a single document"),
        ("\n- \tx: [\n", 2, "column 3: "),
        ("campaigns: &all []\nsources: *all\n", 1, "is used again with *"),
        ("campaigns: &all [*all]\n", 1, "is used again with *"),
        ("sources: *all\n", 1, "undefined alias"),
        ("\nlimits: !!python/object/apply:os.system [x]\n", 2, "is marked as !!python"),
        ("limits: {daily_cap: !!int 'ten'}\n", 1, "is marked as !!int"),
        ("limits: {<<: {daily_cap: 1}}\n", 1, "is marked as !!merge"),
        ("limits: {daily_cap: =}\n", 1, "could not determine a constructor"),
        ("\n? [a]\n: 1\n", 2, "a key must be text"),
        ("campaigns:\n- starts: 2026-02-30T00:00:00Z\n", 2,
         "'2026-02-30T00:00:00Z' cannot be: day is out of range"),
        ("limits: {daily_cap: " + "9" * 5000 + "}", 1, f"'{'9' * 40}' cannot be: "),
        ("limits: {daily_cap: 0x" + "f" * 5000 + "}", 1, "not (very large)"),
        ("limits: {daily_cap: \x07}", 1, "a character that YAML does not allow"),
        ("[" * 5000, 1, "nested too deep"),
        ("[" * 400_000 + "]" * 400_000, 1, "nested too deep"),
        ("- " * 400_000, 1, "nested too deep"),
        ("# nothing but a comment\n", 0, "The document is empty."),
        ("no: 1\n", 0, "a key is false, not text; put it in quotes"),
    ],
)  # fmt: skip
def test_what_is_no_proper_file_is_refused(text: str, line: int, message: str) -> None:
    ((where, told),) = wrong(text)
    assert (where, message in told) == (line, True), told


def test_bytes_that_are_no_text_and_files_that_are_too_large_are_refused() -> None:
    assert parse(b"limits:\n  a: \xff", OFFERS) == (
        Mistake(2, "is not UTF-8, which the file must be in"),
    )
    (mistake,) = wrong("#" * (OFFERS.max_file_bytes + 1))
    assert "1,048,576 may be" in mistake[1]
    assert parse("\ufefflimits: {daily_cap: 3}".encode(), OFFERS) == OfferRules(
        limits=Limits(daily_cap=3)
    )


def test_mistakes_are_said_as_compilers_do() -> None:
    found = (Mistake(0, "is nested too deep"), Mistake(3, "no"))
    assert list(lines(found, "o.yaml")) == ["o.yaml: is nested too deep", "o.yaml:3: no"]


def test_what_is_written_reads_as_the_same() -> None:
    rules = read(EXAMPLE, OFFERS)
    assert isinstance(rules, OfferRules)
    assert parse(written(rules).encode(), OFFERS) == rules
    assert parse(written(OfferRules()).encode(), OFFERS) == OfferRules()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5, unique=True))
def test_articles_that_look_like_something_else_come_back_as_text(names: list[str]) -> None:
    tricky = [*dict.fromkeys([*names, "0123", "no", "2026-01-01", "1e3", "~", "=", "<<", "a: b"])]
    rules = checked({"campaigns": [{"name": "c", "items": tricky}]})
    if isinstance(rules, OfferRules):
        assert parse(written(rules).encode(), OFFERS) == rules


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=" \n\t-:?[]{}&*!|>'\"%@`#,.~=<abc019limitscampaigns", max_size=60))
def test_whatever_is_in_a_file_is_taken_or_told(text: str) -> None:
    found = parse(text.encode(), OFFERS)
    assert isinstance(found, OfferRules) or (found and all(each.message for each in found))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("lines:\n  l1:\n", "line"),
        ("alarms: {all: {priority: high}}\n", "line"),
        ("# ours\nideal_cycle_s:\n  ring: 45\n", "line"),
        ('{"kinds": {"oven": {}}}', "line"),
        ("'site': workshop\n", "line"),
        ("line: {}\nlines: {}\n", "line"),
        ("lines: {}\nalarms: [1\n", "line"),
        ("\ufefflines: {}\n", "line"),
        ("line: {}\n", "line"),
        ("what: 1\nalarm: {}\n", "line"),
        ("line: [1\n", "line"),
        ("limit: {}\n", "offers"),
        ("campaign: []\n", "offers"),
        ("line: {}\nlimits: {}\n", "offers"),
        ("what: 1\n", "offers"),
        ("limits: {daily_cap: 3}\n", "offers"),
        ("campaigns:\n- name: lines\n  lines: 3\n", "offers"),
        ("? {lines: 1}\n: {lines: 2}\n", "offers"),
        ("lines", "offers"),
        ("\x07lines: {}", "offers"),
        ("", "offers"),
    ],
)
def test_which_rules_a_file_has_is_seen_by_its_keys(tmp_path: Path, text: str, kind: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text, "utf-8")
    assert kind_of(file) == kind
    assert kind_of(tmp_path / "nowhere.yaml") == kind_of(tmp_path) == "offers"


def test_an_encoding_that_is_none_hides_no_key(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_bytes(b"# caf\xe9\nlines: {}\n")
    assert kind_of(file) == "line"
