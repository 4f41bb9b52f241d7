"""What makes the offer, and what it learns from the outcome."""

from __future__ import annotations

import math
import pickle
from array import array
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.customers import Customer
from models.offers.candidates import Proposal
from models.offers.choosing import Variety
from models.offers.features import RECORD, candidates_of, placed
from models.offers.pending import Click, Decision
from models.offers.ranking import Facts, OfferRanking, Slate, decision_of
from models.offers.settings import OfferSettings
from models.propensity.settings import ContestSettings
from tests.models.offers.world import (
    ALONE,
    EXAMINED,
    NOTHING,
    SETTINGS,
    World,
    because,
    outcome,
    play,
    policy,
)

PLAIN = policy(exploration="none", size=5)


def proposal(source: Any, skus: str, score: float = 1.0) -> Proposal:
    return Proposal(source, dict.fromkeys(skus.split(), score), because)


ALIKE = [proposal("trending", "a b c")]


def ranking(settings: OfferSettings = PLAIN, clicks: ContestSettings = ALONE) -> OfferRanking:
    return OfferRanking(settings, clicks, 1_000)


def ranked(
    by: OfferRanking, found: list[Proposal] = ALIKE, facts: Facts = NOTHING, seed: int = 0
) -> Slate:
    return by.rank(found, Customer(), facts, seed)


def order(by: OfferRanking, found: list[Proposal] = ALIKE, facts: Facts = NOTHING) -> str:
    return " ".join(one.sku for one in ranked(by, found, facts).chosen)


def facts(**known: Any) -> Facts:
    return NOTHING._replace(**known)


def in_places(by: OfferRanking, skus: list[str], clicked: set[int]) -> Decision:
    """An offer in the order that is given, whatever the model would have it."""
    found = [proposal("trending", " ".join(skus))]
    known = candidates_of(
        found, Customer(), records=by.records.of(skus), popularity={}, discounts={}
    )
    rows = placed(known.features[[known.skus.index(sku) for sku in skus]])
    chances = 1 / (1 + np.exp(-by.click.log_odds(rows)))
    sources = ("trending",) * len(skus)
    shown = set(range(len(skus)))
    return Decision(
        "c", 0.0, tuple(skus), array("f", rows.ravel()), array("d", chances), (), sources,
        lasting=False, shown=shown, clicked=clicked,
    )  # fmt: skip


# -- what is learnt from clicks -------------------------------------------------------------------


def test_articles_clicked_more_often_than_expected_rise_and_others_fall() -> None:
    by = ranking()
    assert order(by) == "a b c"
    for _ in range(20):
        slate = ranked(by)
        places = {one.sku: place for place, one in enumerate(slate.chosen)}
        by.learn(outcome(slate, {places["b"]} if by.records.expected("b") < 3 else set()))
    assert order(by).startswith("b")
    for number in range(100):
        slate = ranked(by)
        places = {one.sku: place for place, one in enumerate(slate.chosen)}
        by.learn(outcome(slate, {places["c"]} if number % 2 else set()))
    assert order(by).startswith("c")


def test_a_source_whose_articles_are_clicked_is_believed() -> None:
    found = [proposal("trending", "a b"), proposal("category", "x y")]
    by = ranking(replace(PLAIN, size=4))
    for number in range(200):
        # Other articles each time: only the source can tell.
        each = [
            proposal("trending", f"t{number} u{number}"),
            proposal("category", f"c{number} d{number}"),
        ]
        slate = ranked(by, each)
        by.learn(outcome(slate, {p for p, one in enumerate(slate.chosen) if one.sku[0] in "cd"}))
    assert order(by, found) == "x y a b"


def test_what_was_not_on_the_screen_is_not_learnt() -> None:
    by = ranking()
    decision = decision_of(ranked(by), "c", 0.0, lasting=False)
    by.learn(decision)
    assert by.click.linear.examples == 0
    decision.shown.add(1)
    by.learn(decision)
    assert by.click.linear.examples == 1
    assert by.report()["clicks", "examples"] == 1.0
    expected = [by.records.expected(one) for one in decision.skus]
    assert [value > 0 for value in expected] == [False, True, False]
    assert expected[1] == pytest.approx(decision.chances[1])


def test_the_outcome_is_that_of_the_place_that_was_clicked() -> None:
    by = ranking()
    by.learn(outcome(ranked(by), {2}))
    assert by.report()["clicks", "positives"] == 1.0
    found = by.records.of("abc")
    assert found["c"] > 0 > max(found["a"], found["b"])


def test_an_article_always_in_the_last_place_is_not_thought_worse_for_it() -> None:
    """All are as interesting. Looked at is the last place a quarter as often as the first one."""
    places = ["first", "x", "y", "z", "last"]
    world, by, fewer = World(3), ranking(), ranking()
    for _ in range(1_500):
        clicked = world.clicks(places, dict.fromkeys(places, 0.3))
        by.learn(in_places(by, places, clicked))
        fewer.learn(in_places(fewer, places, clicked - {4}))
    assert by.click.linear.weights.tolist() != fewer.click.linear.weights.tolist()
    shown = [proposal("trending", "first last other")]
    worth = {one.sku: one.score for one in ranked(by, shown).chosen}
    assert worth["last"] == pytest.approx(worth["first"], rel=0.2)
    # And the model knows by how much less the last place is looked at.
    chances = by.click.linear.log_odds(placed(np.repeat(_only_bias(), 5, axis=0)))
    shares = np.exp(chances - chances[0])
    assert shares[-1] < 0.45
    assert np.all(np.diff(shares[[0, 2, 4]]) < 0)
    never = {one.sku: one.score for one in ranked(fewer, shown).chosen}
    assert never["last"] < 0.8 * never["first"], "clicked less often than its place is looked at"


def _only_bias() -> np.ndarray[Any, Any]:
    found = candidates_of(
        [proposal("trending", "a")], Customer(), records={}, popularity={}, discounts={}
    )
    return found.features


def test_it_comes_closer_to_the_best_offers_the_more_it_was_shown() -> None:
    played = play(World.window(5), SETTINGS, 800)
    first, last = slice(0, 200), slice(600, 800)

    def missed(part: slice) -> float:
        return 1 - sum(played.clicks[part]) / sum(played.best[part])

    assert missed(last) < 0.6 * missed(first)


# -- what is learnt from purchases ----------------------------------------------------------------

LIKED = [proposal("trending", "a"), proposal("category", "x")]


def shop_window(goal: Any) -> OfferRanking:
    """Trends are clicked a lot, and never bought; what is of the category is bought when clicked."""
    by = ranking(replace(PLAIN, goal=goal))
    for number in range(300):
        slate = ranked(by, LIKED)
        places = {one.sku: place for place, one in enumerate(slate.chosen)}
        clicked = {places["a"]} if number % 2 else set()
        by.learn(outcome(slate, clicked | ({places["x"]} if number % 4 == 0 else set())))
        for sku in ("a", "x"):
            row = array("f", slate.features[places[sku]])
            by.learn_purchase(Click(0.0, "o", row), bought=sku == "x")
    return by


def test_what_is_clicked_and_never_bought_is_last_where_orders_count_and_first_where_clicks_do() -> (
    None
):
    assert order(shop_window("clicks"), LIKED) == "a x"
    by = shop_window("orders")
    assert order(by, LIKED) == "x a"
    assert by.buy.examples == 600
    report = by.report()
    assert report["purchases", "examples"] == 600.0
    assert report["purchases", "positives"] == 300.0
    assert report["purchases", "auc"] > 0.9
    bought = by.chance_to_buy(ranked(by, LIKED).features)
    assert bought[0] > 0.6
    assert bought[1] < 0.3


def test_the_score_is_the_chance_of_what_is_the_goal() -> None:
    for goal in ("clicks", "orders"):
        by = shop_window(goal)
        slate = ranked(by, LIKED)
        bought = float(by.chance_to_buy(slate.features[:1])[0])
        first = slate.chosen[0]
        assert first.score == pytest.approx(first.chance * (bought if goal == "orders" else 1.0))


def test_the_chance_of_a_click_is_that_in_its_place_and_the_score_that_in_the_first_one() -> None:
    found = ranked(ranking()).chosen
    assert [one.score for one in found] == [pytest.approx(found[0].score)] * 3
    assert found[0].chance == pytest.approx(found[0].score)
    assert found[0].chance > found[1].chance > found[2].chance


# -- money and boosts -----------------------------------------------------------------------------


def test_of_equal_articles_the_one_that_earns_most_comes_first_and_a_loss_last() -> None:
    earned = facts(margins={"a": -3.0, "b": 1.0, "c": 5.0})
    assert order(ranking(replace(PLAIN, goal="margin")), ALIKE, earned) == "c b a"
    assert order(ranking(replace(PLAIN, goal="orders")), ALIKE, earned) == "a b c"


def test_a_margin_nobody_knows_counts_as_the_mean() -> None:
    by = ranking(replace(PLAIN, goal="margin"))
    assert order(by, ALIKE, facts(margins={"a": 1.0, "c": 5.0})) == "c b a"
    assert order(by, ALIKE, facts(margins={})) == "a b c"
    assert order(by, ALIKE, facts(margins={"a": -1.0})) == "b c a"
    found = ranked(by, ALIKE, facts(margins={"a": 1.0, "c": 5.0})).chosen
    scores = {one.sku: one.score for one in found}
    assert scores["c"] / scores["a"] == pytest.approx(5.0)
    assert scores["c"] / scores["b"] == pytest.approx(5 / 3)


def test_what_is_sold_at_a_loss_is_last_however_likely_it_is_bought() -> None:
    by = shop_window("margin")  # "x" is bought when clicked, "a" is not
    assert order(by, LIKED, facts(margins={"a": 1.0, "x": -0.01})) == "a x"
    assert order(by, LIKED, facts(margins={"a": 0.0, "x": -0.01})) == "a x"
    assert order(by, LIKED, facts(margins={"a": -0.01, "x": 5.0})) == "x a"
    boosts = {"x": 10.0, "a": 0.1}
    assert order(by, LIKED, facts(margins={"a": 1.0, "x": -0.01}, boosts=boosts)) == "a x"


def test_a_mean_that_is_a_loss_makes_profits_no_losses() -> None:
    by = ranking(replace(PLAIN, goal="margin"))
    assert order(by, ALIKE, facts(margins={"a": -90.0, "b": 1.0, "c": 2.0})) == "c b a"
    assert order(by, ALIKE, facts(margins={"a": -90.0, "b": -1.0, "c": 0.5})) == "c b a"
    assert order(by, ALIKE, facts(margins={"a": -90.0, "c": 1.0})) == "c b a", "b is not known"
    assert order(by, ALIKE, facts(margins={"a": -3.0, "b": -2.0, "c": -1.0})) == "c b a"
    found = ranked(by, ALIKE, facts(margins={"a": -90.0, "b": 1.0, "c": 3.0})).chosen
    scores = {one.sku: one.score for one in found}
    assert scores["c"] / scores["b"] == pytest.approx(3.0)


def test_margins_are_in_no_currency() -> None:
    by = ranking(replace(PLAIN, goal="margin"))
    margins = {"a": -4.0, "b": 1.0, "c": 5.0}
    told = [
        [one.score for one in ranked(by, ALIKE, facts(margins=each)).chosen]
        for each in (margins, {sku: 0.01 * margin for sku, margin in margins.items()})
    ]
    assert told[0] == pytest.approx(told[1])


def test_articles_at_a_loss_alone_can_still_be_ranked() -> None:
    by = ranking(replace(PLAIN, goal="margin"))
    found = ranked(by, ALIKE, facts(margins={"a": -5.0, "b": -1.0, "c": 0.0})).chosen
    assert all(math.isfinite(one.score) and one.score > 0 for one in found)
    assert order(by, ALIKE, facts(margins=dict.fromkeys("abc", -2.0))) == "a b c"


def test_a_margin_is_worth_only_what_is_likely_bought() -> None:
    by = shop_window("margin")
    assert order(by, LIKED, facts(margins={"a": 5.0, "x": 4.0})) == "x a"
    assert order(by, LIKED, facts(margins={"a": 500.0, "x": 4.0})) == "a x"


def test_a_boost_is_a_factor_on_what_an_article_is_worth() -> None:
    by = ranking()
    plain = {one.sku: one for one in ranked(by).chosen}
    boosted = {one.sku: one for one in ranked(by, ALIKE, facts(boosts={"c": 3.0, "a": 0.5})).chosen}
    assert list(boosted) == ["c", "b", "a"]
    for sku, factor in (("a", 0.5), ("b", 1.0), ("c", 3.0)):
        assert boosted[sku].score == pytest.approx(factor * plain[sku].score)
    assert boosted["c"].chance < boosted["c"].score, "it is not clicked more often for it"


def test_variety_is_of_the_categories_that_are_known() -> None:
    known = facts(categories={"a": "hats", "b": "hats"}, variety=Variety(1, 0.0))
    assert order(ranking(), ALIKE, known) == "a c b"
    assert order(ranking(), ALIKE, facts(variety=Variety(1, 1.0))) == "a b c"


def test_popularity_and_discounts_speak_for_an_article() -> None:
    assert order(ranking(), ALIKE, facts(popularity={"b": 1.0})) == "b a c"
    assert order(ranking(), ALIKE, facts(discounts={"c": 0.3})) == "c a b"


# -- exploration ----------------------------------------------------------------------------------


def slates(by: OfferRanking, count: int = 200) -> set[str]:
    return {" ".join(one.sku for one in ranked(by, seed=seed).chosen) for seed in range(count)}


@pytest.mark.parametrize(
    ("changes", "varies"),
    [
        ({"exploration": "none", "random_share": 1.0}, False),
        ({"exploration": "epsilon_greedy", "random_share": 0.0}, False),
        ({"exploration": "epsilon_greedy", "random_share": 0.3}, True),
        ({"exploration": "thompson", "boldness": 0.0, "random_share": 0.0}, False),
        ({"exploration": "thompson", "boldness": 0.0, "random_share": 0.3}, True),
        ({"exploration": "thompson", "random_share": 0.0}, True),
    ],
)
def test_who_explores_and_who_does_not(changes: dict[str, Any], varies: bool) -> None:
    by = ranking(policy(size=2, **changes))
    assert (len(slates(by)) > 1) == varies
    for seed in range(20):
        for one in ranked(by, seed=seed).chosen:
            assert 0 < one.propensity <= 1
            assert varies or one.propensity == 1.0


def test_without_thompson_the_propensity_is_exact() -> None:
    by = ranking(policy(size=2, exploration="epsilon_greedy", random_share=0.3))
    met = {one.sku: one.propensity for s in range(200) for one in ranked(by, seed=s).chosen}
    assert met == {"a": pytest.approx(0.85), "b": pytest.approx(0.85), "c": pytest.approx(0.15)}


def test_the_same_seed_makes_the_same_offer_also_in_another_process() -> None:
    by = ranking(policy(size=2, random_share=0.3))
    again: OfferRanking = pickle.loads(pickle.dumps(by))
    for seed in (0, 1, 2**127 + 5):
        one, other = ranked(by, seed=seed), ranked(again, seed=seed)
        assert [(o.sku, o.propensity) for o in one.chosen] == [
            (o.sku, o.propensity) for o in other.chosen
        ]


def test_the_less_is_known_of_an_article_the_more_it_is_tried() -> None:
    """Two have the same ratio of clicks, one of them out of a hundred times as many."""
    by = ranking(policy(size=1, random_share=0.0, boldness=1.0))
    for sku, times in (("a", 1_000), ("b", 10)):
        for number in range(times):
            by.records.learn(sku, 0.5, clicked=number % 2 == 0)
    spreads = {}
    for sku in ("a", "b", "never shown"):
        (mean,), (spread,) = by._records_off([sku])
        spreads[sku] = spread
        weight = by.click.linear.weights[RECORD]
        # The mean of a log-normal variate: the ratio is off to either side.
        assert np.exp(mean / weight + (spread / weight) ** 2 / 2) == pytest.approx(1.0, abs=0.05)
    assert spreads["a"] < 0.5 * spreads["b"]
    assert spreads["b"] < spreads["never shown"]


def test_the_record_is_off_as_a_gamma_variate_is() -> None:
    by = ranking(policy(size=1))
    by.records.learn("a", 0.5, clicked=True)
    (mean,), (spread,) = by._records_off(["a"])
    shape = by.records.certainty("a")
    drawn = np.log(np.random.default_rng(1).standard_gamma(shape, 200_000) / shape)
    weight = by.click.linear.weights[RECORD]
    assert mean / weight == pytest.approx(drawn.mean(), abs=0.01)
    assert spread / weight == pytest.approx(drawn.std(), abs=0.01)


def test_whom_no_draw_would_make_the_best_only_a_random_place_shows() -> None:
    many = proposal("bought_together", " ".join(f"t{number}" for number in range(60)))
    # Of two articles the second's score is a share of the first's: here next to nothing.
    last = Proposal("new", {"t0": 1.0, "last": 0.001}, because)
    by = ranking(policy(size=1, random_share=0.0))
    assert all(ranked(by, [many, last], facts(), s).chosen[0].sku != "last" for s in range(200))
    by = ranking(policy(size=1, random_share=1.0))
    slates = [ranked(by, [many, last], facts(), s) for s in range(400)]
    shown = [slate.chosen[0] for slate in slates if slate.chosen[0].sku == "last"]
    assert shown, "everything has a chance"
    # One place, sixty others; the draws never chose it.
    assert shown[0].propensity == pytest.approx(1 / 60, rel=0.1)


def test_bolder_policies_vary_more() -> None:
    timid, bold = (
        ranking(policy(size=1, random_share=0.0, boldness=boldness)) for boldness in (0.02, 1.0)
    )
    found = [proposal("trending", "a"), proposal("category", "b", 0.5)]

    def first(by: OfferRanking) -> int:
        return sum(
            ranked(by, found, facts(popularity={"a": 1.0}), s).chosen[0].sku == "a"
            for s in range(100)
        )

    assert first(timid) > 95
    assert 40 < first(bold) < 90


# -- drift ----------------------------------------------------------------------------------------


def clicks_at(rate: float, by: OfferRanking, world: World, offers: int) -> list[bool]:
    """Show a slate again and again; return for each offer whether there was drift."""
    skus = ["a", "b", "c"]
    return [
        by.learn(in_places(by, skus, {p for p in range(3) if world.rng.random() < rate}))
        for _ in range(offers)
    ]


def test_a_planted_change_fades_what_was_learnt() -> None:
    by, world = ranking(), World(1)
    assert not any(clicks_at(0.3, by, world, 600))
    sure, certain = by.click.linear.deviations[0], by.records.certainty("a")
    for _ in range(400):
        sure = by.click.linear.deviations[0]
        certain = by.records.certainty("a")
        if clicks_at(0.02, by, world, 1)[0]:
            break
    else:
        pytest.fail("the change was not found")
    assert by.report()["clicks", "drifts"] == 1.0
    assert by.click.linear.deviations[0] > 1.5 * sure
    assert by.records.certainty("a") == pytest.approx(certain / 2 + 2, abs=1.0)


def test_a_drift_of_clicks_leaves_what_is_known_of_purchases() -> None:
    by, world = shop_window("orders"), World(1)
    sure = by.buy.deviations.tolist()
    clicks_at(0.5, by, world, 400)
    clicks_at(0.0, by, world, 400)
    report = by.report()
    assert report["clicks", "drifts"] >= 1.0
    assert report["purchases", "drifts"] == 0.0
    assert by.buy.deviations.tolist() == sure


def test_a_drift_of_purchases_fades_what_is_known_of_them_alone() -> None:
    by = ranking()
    row = array("f", ranked(by).features[0])

    def learn(at: float, bought: bool) -> None:
        by.learn_purchase(Click(at, "o", row), bought=bought)

    for number in range(1_000):
        learn(float(number), bought=number % 2 == 0)
    clicks, records = by.click.linear.deviations.tolist(), by.records.certainty("a")
    assert by.report()["purchases", "drifts"] == 0.0
    sure, faded = by.buy.deviations[0], 0.0
    for number in range(1_000, 1_500):
        learn(float(number), bought=False)
        if by.report()["purchases", "drifts"]:
            faded = by.buy.deviations[0]
            break
    assert faded > 1.5 * sure
    assert by.click.linear.deviations.tolist() == clicks
    assert by.records.certainty("a") == records
    assert by.report()["clicks", "drifts"] == 0.0


def test_while_nothing_changes_hardly_anything_fades() -> None:
    """In 10 streams of 300 offers each; a watch alone is tried on more (`test_drift`)."""
    drifting = sum(any(clicks_at(0.1, ranking(), World(seed), 300)) for seed in range(10))
    assert drifting <= 1


# -- figures, and what is kept of an offer ---------------------------------------------------------


def test_what_is_kept_of_an_offer_is_all_that_its_outcome_is_learnt_with() -> None:
    by = ranking(clicks=ContestSettings("logistic", "linear_svm"))
    found = [proposal("trending", "a b"), proposal("wanted", "b")]
    slate = ranked(by, found)
    kept = decision_of(slate, "c", 5.0, lasting=True)
    assert (kept.customer_id, kept.at, kept.lasting) == ("c", 5.0, True)
    assert kept.skus == ("b", "a")
    assert kept.sources == ("wanted", "trending")
    assert kept.row(1) == pytest.approx(slate.features[1])
    assert list(kept.chances) == [one.chance for one in slate.chosen]
    assert [scores.keys() for scores in kept.scores] == [{"logistic", "linear_svm"}] * 2
    assert kept.scores[1]["logistic"] == pytest.approx(kept.chances[1])
    assert not kept.shown
    assert not kept.clicked


def test_contenders_are_compared_on_what_was_shown() -> None:
    by = ranking(clicks=ContestSettings("logistic", "linear_svm"))
    decision = decision_of(ranked(by), "c", 0.0, lasting=False)
    decision.shown.update({0, 2})
    decision.clicked.add(2)
    by.learn(decision)
    for name in ("logistic", "linear_svm"):
        assert by.click.contest._rivals[name].validation.examples == 2  # type: ignore[index]
    report = by.report()
    assert report["clicks", "examples"] == 2.0
    assert report["clicks:logistic", "log_loss"] == pytest.approx(report["clicks", "log_loss"])
    assert decision_of(ranked(ranking()), "c", 0.0, lasting=False).scores == (), "nobody contends"


def test_a_champion_that_is_not_linear_makes_the_offers() -> None:
    contest = ContestSettings("hoeffding_adaptive_tree", "logistic")
    by = ranking(policy(exploration="thompson"), contest)
    for number in range(300):
        slate = ranked(by, seed=number)
        by.learn(outcome(slate, {p for p, one in enumerate(slate.chosen) if one.sku == "b"}))
    slate = ranked(by)
    own = by.click.scores(slate.features[0].tolist())
    assert slate.chosen[0].chance == pytest.approx(own["hoeffding_adaptive_tree"], abs=1e-5)
    assert by.version == f"hoeffding_adaptive_tree-{by.click.linear.examples}-0"


def test_the_version_says_who_serves_and_what_was_learnt() -> None:
    by = ranking()
    assert by.version == "logistic-0-0"
    slate = ranked(by)
    by.learn(outcome(slate, set()))
    by.learn_purchase(Click(0.0, "o", array("f", slate.features[0])), bought=True)
    assert by.version == "logistic-3-1"


def test_of_nothing_there_is_no_slate() -> None:
    assert ranked(ranking(), []).chosen == []


def test_slates_have_their_size() -> None:
    many = [proposal("trending", " ".join(f"a{n}" for n in range(30)))]
    assert len(ranked(ranking(policy(size=4)), many).chosen) == 4
    assert len(ranked(ranking(policy(size=4))).chosen) == 3
    assert len(EXAMINED) == 5
