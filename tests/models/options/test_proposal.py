"""Which configuration is proposed: what is clearly chosen, what goes with it, and nothing else."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from models.itemsets.counts import ItemsetSettings
from models.merge import MergeSettings
from models.options.choices import OptionChoice, OptionPair, OptionValue
from models.options.proposal import proposed_options
from models.view import Row
from schemas.outputs import OfferItem, OptionReason, Reason
from tests.models.events import line
from tests.models.options.recount import Shard
from tests.models.stores import options_of


def choice(
    option: str, *, of: float, without: float = 0.0, known: int = 0, **values: float
) -> OptionChoice:
    chosen = tuple(
        OptionValue(value, n) for value, n in sorted(values.items(), key=lambda own: -own[1])
    )
    return OptionChoice(option, of, without, known or len(chosen), chosen)


def row(*choices: OptionChoice, pairs: tuple[OptionPair, ...] = (), configured: float = 1.0) -> Row:
    return Row(options=choices, option_pairs=pairs, configured=configured)


def proposed(of: Row, **chosen: str) -> dict[str, str]:
    return {own.option: own.value for own in proposed_options(of, chosen)}


def test_what_most_chose_is_proposed_with_its_numbers() -> None:
    (own,) = proposed_options(row(choice("wood", of=52, oak=37, ash=15)))
    assert (own.option, own.value, own.times, own.of) == ("wood", "oak", 37, 52)
    assert own.text == "Chosen 37 of 52 times."
    assert 0.5 < own.lower < 37 / 52


@pytest.mark.parametrize(
    "thin",
    [
        choice("wood", of=6, oak=4, ash=2),
        choice("wood", of=100, oak=52, ash=48),
        choice("wood", of=2, oak=2),
        choice("wood", of=40, known=2, oak=20),
    ],
)
def test_thin_evidence_proposes_nothing(thin: OptionChoice) -> None:
    assert proposed_options(row(thin)) == ()


def test_an_option_that_most_leave_out_is_left_out() -> None:
    assert proposed(row(choice("engraving", of=100, without=60, roman=38, gothic=2))) == {}
    assert proposed(row(choice("engraving", of=100, without=20, roman=78, gothic=2))) == {
        "engraving": "roman"
    }


def test_hidden_values_are_alternatives_too() -> None:
    assert proposed(row(choice("wood", of=30, oak=12))) == {}
    assert proposed(row(choice("wood", of=30, known=15, oak=12))) == {"wood": "oak"}


def test_an_article_mostly_ordered_as_it_comes_is_proposed_as_it_comes() -> None:
    wood = choice("wood", of=52, oak=50, ash=2)
    assert proposed(row(wood, configured=0.4)) == {}
    assert proposed(row(wood, configured=0.6)) == {"wood": "oak"}
    oil = choice("oil", of=52, matt=50, gloss=2)
    own = {"wood": "ash", "size": "9"}
    assert proposed(row(wood, oil, configured=0.4), **own) == {"wood": "ash"}
    assert proposed_options(Row()) == ()


def pair(wood: str, oil: str, n_a: float, n_b: float, n_ab: float, **more: Any) -> OptionPair:
    return OptionPair("oil", oil, "wood", wood, 100.0, n_b, n_a, n_ab, **more)


WOOD = choice("wood", of=100, oak=55, ash=45)
OIL = choice("oil", of=100, matt=52, gloss=48)
PAIRS = (
    pair("oak", "gloss", 55, 48, 40, p=1e-7, significant=True),
    pair("ash", "matt", 45, 52, 37, p=1e-6, significant=True),
    pair("oak", "matt", 55, 52, 15, p=1.0),
    pair("ash", "gloss", 45, 48, 8, p=1.0),
)
BOTH = row(WOOD, OIL, pairs=PAIRS)


def test_a_value_chosen_already_decides_what_goes_with_it() -> None:
    assert proposed(BOTH) == {}, "neither is clearly ahead by itself"
    assert proposed(BOTH, wood="oak") == {"wood": "oak", "oil": "gloss"}
    assert proposed(BOTH, wood="ash") == {"wood": "ash", "oil": "matt"}
    assert proposed(BOTH, oil="matt") == {"wood": "ash", "oil": "matt"}
    own, oil = proposed_options(BOTH, {"wood": "oak"})
    assert (own.own, own.text) == (True, "Chosen before.")
    assert (oil.times, oil.of, oil.with_) == (40, 55, ("wood", "oak"))
    assert oil.text == "Chosen 40 of 55 times with wood oak."


def test_the_surest_option_is_proposed_first_and_the_others_to_go_with_it() -> None:
    wood = choice("wood", of=1000, ash=700, oak=300)
    oil = choice("oil", of=1000, gloss=550, matt=450)
    assert proposed(row(wood, oil)) == {"wood": "ash", "oil": "gloss"}
    clear = (
        pair("ash", "matt", 700, 450, 430, p=1e-6, significant=True),
        pair("oak", "gloss", 300, 550, 280, p=1e-7, significant=True),
        pair("ash", "gloss", 700, 550, 270, p=1.0),
    )
    assert proposed(row(wood, oil, pairs=clear)) == {"wood": "ash", "oil": "matt"}
    # Gloss is ahead of all, but not of those who took ash.
    even = (pair("ash", "matt", 700, 450, 360, p=1e-6, significant=True), *clear[1:])
    assert proposed(row(wood, oil, pairs=even)) == {"wood": "ash"}


def test_unknown_choices_of_a_customer_are_passed_over() -> None:
    wood = choice("wood", of=52, oak=37, ash=15)
    assert proposed(row(wood), wood="teak", colour="red") == {"wood": "oak"}
    assert proposed(row(wood), wood="ash") == {"wood": "ash"}


def test_a_value_without_a_significant_partner_decides_nothing() -> None:
    pairs = (*PAIRS[:1], pair("ash", "matt", 45, 52, 37, p=0.2), *PAIRS[2:])
    assert proposed(row(WOOD, OIL, pairs=pairs), wood="ash") == {"wood": "ash"}


@pytest.mark.parametrize("lines", [20, 60, 300])
def test_indifferent_customers_are_told_nothing(lines: int) -> None:
    rng, wrong, number = random.Random(lines), 0, 1000
    for _ in range(number):
        drawn = [rng.randrange(6) for _ in range(lines)]
        values = {f"v{n}": float(drawn.count(n)) for n in set(drawn)}
        wrong += bool(proposed_options(row(choice("colour", of=lines, **values))))
    assert wrong / number < 0.07  # without sharing the error it would be 0.15 and more


def test_a_habit_is_found_from_counts_to_offer() -> None:
    rng, shard = random.Random(3), Shard(ItemsetSettings(half_life_s=0, min_customers=5))
    for number in range(60):
        wood = "oak" if rng.random() < 0.7 else rng.choice(["ash", "elm", "teak"])
        colour = rng.choice(["red", "blue", "grey"])
        shard.learn(f"o{number}", [line("table", wood=wood, colour=colour)], who=f"c{number}")
    own = options_of([shard.store], MergeSettings())["table"] | {"configured": 1.0}
    found = proposed_options(Row(**own))
    assert [(one.option, one.value, one.of) for one in found] == [("wood", "oak", 60)]
    item = OfferItem(
        sku="table", score=1.0, reason=Reason(kind="trending", text="t"),
        options={one.option: one.value for one in found},
        option_reasons=tuple(one.reason() for one in found),
    )  # fmt: skip
    sent = msgspec.json.decode(msgspec.json.encode(item), type=OfferItem)
    assert sent == item
    assert sent.options == {"wood": "oak"}
    assert sent.option_reasons[0].text.startswith("Chosen ")


def test_the_reason_sent_says_what_it_goes_with() -> None:
    _, oil = proposed_options(BOTH, {"wood": "oak"})
    assert oil.reason() == OptionReason(
        option="oil", value="gloss", text="Chosen 40 of 55 times with wood oak.", times=40, of=55,
        because_of={"wood": "oak"},
    )  # fmt: skip


def test_an_offer_without_options_is_sent_as_before() -> None:
    item = OfferItem(sku="s", score=1.0, reason=Reason(kind="trending", text="t"))
    assert b"option" not in msgspec.json.encode(item)
