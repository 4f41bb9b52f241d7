"""``tailorline rules options``."""

import json

import pytest

from models.options.choices import OptionChoice, OptionPair, OptionValue
from models.view import Row, encode
from tests.cli.installation import SHOP

WOOD = OptionChoice("wood", 60.0, 0.0, 3, (OptionValue("oak", 45.0), OptionValue("[ash]", 12.0)))
OIL = OptionChoice("oil", 60.0, 10.0, 2, (OptionValue("matt", 27.0), OptionValue("gloss", 23.0)))
SURE = OptionPair("oil", "matt", "wood", "oak", 60.0, 27.0, 45.0, 26.0, 1e-5, significant=True)
BESIDE = OptionPair("oil", "gloss", "wood", "oak", 60.0, 23.0, 45.0, 14.0, 1.0)
TABLE = Row(options=(WOOD, OIL), option_pairs=(SURE, BESIDE), configured=1.0)
BED = Row(options=(OptionChoice("wood", 9.0, 0.0, 2, (OptionValue("oak", 6.0),)),), configured=1.0)


@pytest.fixture
def shop(installed):
    async def work(store):
        for number in range(2):
            await store.claim(type(SHOP)("shop", number))
        await store.publish_view(0, {"table": encode(TABLE), "lamp": encode(Row(count=3))})
        await store.publish_view(1, {"bed": encode(BED)})

    installed.in_store(work)
    return installed


def test_rules_are_shown_in_both_directions_the_best_first(run, shop):
    result = run("rules", "options", **shop.env)
    assert result.exit_code == 0, result.output
    head, first, second, _, shown = result.stdout.splitlines()
    assert head.split()[:6] == ["article", "if", "then", "supp", "conf", "lift"]
    assert first.split()[:6] == ["table", "oil=matt", "wood=oak", "0.4333", "0.963", "1.28"]
    assert second.split()[:5] == ["table", "wood=oak", "oil=matt", "0.4333", "0.578"]
    assert shown == "2 of 2."


def test_json_has_the_rules_with_option_and_value_apart(run, shop):
    rows = json.loads(run("rules", "options", "table", "--json", **shop.env).stdout)
    first, second = rows
    assert first["sku"] == "table"
    assert first["antecedent"] == second["consequent"] == {"option": "oil", "value": "matt"}
    assert first["consequent"] == second["antecedent"] == {"option": "wood", "value": "oak"}
    assert (first["support"], first["confidence"]) == pytest.approx((26 / 60, 26 / 27))
    assert first["lift"] == pytest.approx(26 * 60 / (27 * 45))
    assert (first["n_a"], second["n_a"]) == (27, 45)
    assert len(json.loads(run("rules", "options", "--top", "1", "--json", **shop.env).stdout)) == 1


def test_choices_say_how_often_and_what_is_proposed(run, shop):
    rows = json.loads(run("rules", "options", "--choices", "--json", **shop.env).stdout)
    assert [(r["sku"], r["option"], r["value"], r["proposed"]) for r in rows] == [
        ("table", "wood", "oak", True), ("table", "wood", "[ash]", False),
        ("table", "oil", "matt", True), ("table", "oil", "gloss", False),
        ("bed", "wood", "oak", False),
    ]  # fmt: skip
    assert (rows[0]["chosen"], rows[0]["of"], rows[0]["share"]) == (45, 60, 0.75)
    assert 0.6 < rows[0]["share_at_least"] < 0.7
    assert (rows[2]["left_out"], rows[0]["values"]) == (10, 3)
    shown = run("rules", "options", "--choices", **shop.env).stdout
    assert "wood=[ash]" in shown
    assert "5 of 5." in shown
    only = json.loads(run("rules", "options", "bed", "--choices", "--json", **shop.env).stdout)
    assert [r["sku"] for r in only] == ["bed"]


def test_nothing_to_show_is_no_failure_and_says_why(run, shop):
    result = run("rules", "options", "lamp", **shop.env)
    assert (result.exit_code, "No options of the article lamp yet" in result.stdout) == (0, True)
    result = run("rules", "options", "bed", **shop.env)
    assert "No two options of the article bed" in result.stdout
    assert json.loads(run("rules", "options", "lamp", "--json", **shop.env).stdout) == []


def test_a_store_that_is_not_there_is_a_failure(run, impatient):
    result = run("rules", "options", TAILORLINE_STORE__URL="redis://127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "tailorline doctor" in result.stderr
