"""``tailorline rules``."""

import json

import pytest

from models.itemsets.rules import Rule
from models.view import TRENDING, Row, Trend, encode
from streams.cli.rules import _MEASURES
from tests.cli.installation import SHOP, fill

TIE = Rule(antecedent="tie", consequent="belt", n=1000, n_a=50, n_b=60, n_ab=40, p=1e-30)
BELT = Rule(antecedent="belt", consequent="tie", n=1000, n_a=60, n_b=50, n_ab=40, p=1e-30)
SURE = Rule(antecedent="[coat]", consequent="hat", n=1000, n_a=30, n_b=40, n_ab=30, p=1e-40)
RULES = (TIE, BELT, SURE)


@pytest.fixture
def shop(installed):
    async def work(store):
        for number in range(2):
            await store.claim(type(SHOP)("shop", number))
        await store.claim(type(SHOP)("floor", 0))
        await store.publish_view(0, {"tie": encode(Row(rules=(TIE,))), "hat": encode(Row(count=3))})
        await store.publish_view(0, {"[coat]": encode(Row(rules=(SURE,)))})
        trends = encode((Trend("tie", 0.5),))
        await store.publish_view(1, {"belt": encode(Row(rules=(BELT,))), TRENDING: trends})

    installed.in_store(work)
    return installed


def test_the_best_come_first_out_of_all_parts(run, shop):
    result = run("rules", **shop.env)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [
        [rule.antecedent, rule.consequent] for rule in sorted(RULES, key=lambda r: -r.score)
    ]
    assert lines[0].split() == (
        [
            "if",
            "then",
            "supp",
            "conf",
            "lift",
            "lever",
            "convic",
            "kulc",
            "imbal",
            "p",
            "n_ab",
            "n_a",
            "n_b",
            "score",
        ]
    )
    tie = next(line for line in lines if line.startswith("tie"))
    assert tie.split()[2:] == (
        [
            "0.0400",
            "0.800",
            "13.33",
            "0.0370",
            "4.70",
            "0.733",
            "0.14",
            "1e-30",
            "40",
            "50",
            "60",
            f"{TIE.score:.3f}",
        ]
    )
    assert next(line for line in lines if line.startswith("[coat]")).split()[6] == "inf"
    assert "3 of 3 rules, out of 1,000 orders" in result.stdout


def test_json_has_every_measure_in_full(run, shop):
    rows = json.loads(run("rules", "--json", **shop.env).stdout)
    assert len(rows) == 3
    for row in rows:
        rule = next(rule for rule in RULES if rule.antecedent == row["antecedent"])
        assert row["consequent"] == rule.consequent
        for measure in _MEASURES:
            value = getattr(rule, measure)
            assert row[measure] == (
                None if value == float("inf") else pytest.approx(value, rel=1e-12)
            )
    assert set(rows[0]) == {"antecedent", "consequent", *_MEASURES}


def test_item_is_looked_for_on_both_sides_and_top_cuts(run, shop):
    rows = json.loads(run("rules", "--json", "--item", "belt", **shop.env).stdout)
    assert {row["antecedent"] for row in rows} == {"tie", "belt"}
    rows = json.loads(run("rules", "--json", "--top", "1", **shop.env).stdout)
    assert [row["antecedent"] for row in rows] == ["[coat]"]
    assert "1 of 2 rules" in run("rules", "--item", "tie", "--top", "1", **shop.env).stdout


def test_an_article_without_rules_is_said(run, shop):
    result = run("rules", "--item", "sock", **shop.env)
    assert result.exit_code == 0
    assert "No rule with the article sock; 3 rules about others." in result.stdout
    assert json.loads(run("rules", "--item", "sock", "--json", **shop.env).stdout) == []


def test_no_rules_is_no_failure_and_says_why(run, installed):
    result = run("rules", **installed.env)
    assert (result.exit_code, "Start a worker" in result.stdout) == (0, True)

    installed.in_store(fill)
    result = run("rules", **installed.env)
    assert (result.exit_code, "nothing was merged so far" in result.stdout) == (0, True)

    installed.in_store(lambda store: store.publish_view(0, {"tie": encode(Row(count=3))}))
    result = run("rules", **installed.env)
    assert (result.exit_code, "of 1 articles none" in result.stdout) == (0, True)


def test_a_store_that_is_not_there_is_a_failure(run, impatient):
    result = run("rules", TAILORLINE_STORE__URL="redis://127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "tailorline doctor" in result.stderr
