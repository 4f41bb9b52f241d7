"""Who serves: not by luck, not for a moment, and never for ever."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from models.propensity.classifier import Classifier
from models.propensity.contest import Contest, Rival, raised
from models.propensity.settings import ContestSettings
from tests.models.propensity.examples import examples, squares

QUICK = ContestSettings("logistic", "linear_svm", block=50, checks=3, z=2.0, min_sessions=200)
RIVAL = "linear_svm"


def session(contest: Contest, scores: dict[str, float], *, hit: bool, times: int = 1) -> None:
    given: Any = [(scores[contest.champion], scores, hit)] * times
    contest.take(given)


def play(contest: Contest, seed: int, sessions: int, **spreads: float) -> list[str]:
    """Let contenders guess with errors of their own; return who served at each session."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1.5, 1.0, sessions)
    errors = rng.normal(0.0, list(spreads.values()), (sessions, len(spreads)))
    guesses = expit(odds[:, None] + errors).tolist()
    hits = (rng.random(sessions) < expit(odds)).tolist()
    served = []
    for guessed, hit in zip(guesses, hits, strict=True):
        session(contest, dict(zip(spreads, guessed, strict=True)), hit=hit)
        served.append(contest.champion)
    return served


@pytest.mark.parametrize("challengers", ["linear_svm", "linear_svm,mlp,hoeffding_adaptive_tree"])
def test_of_equals_hardly_ever_one_is_promoted(challengers: str) -> None:
    """A/A: equally wrong, each in its own way. Less than 5 % of runs, with 97.5 % confidence."""
    settings = ContestSettings("logistic", challengers, 50, 3, 2.0, 200)
    runs, promoted = 120, 0
    for seed in range(runs):
        contest = Contest(settings)
        play(contest, seed, 1_000, **dict.fromkeys(settings.contenders, 0.6))
        promoted += contest.promotions > 0
    assert stats.binomtest(promoted, runs).proportion_ci(0.95, method="exact").high <= 0.05


def test_a_check_is_passed_by_luck_as_often_as_stated() -> None:
    """The arithmetic behind it: of equals, 2.3 % of checks are passed at z = 2."""
    rival, rng, passed, checks = Rival(), random.Random(5), 0, 2_000
    for _ in range(checks):
        for _ in range(40):
            rival.take(rng.gauss(0, 1))
        rival.check(2.0)
        passed += rival.passed > 0
        rival.begin()
    expected = float(stats.norm.sf(2.0))
    low, high = stats.binom.interval(0.999, checks, expected)
    assert low <= passed <= 1.4 * high


def test_who_is_better_is_promoted_and_who_was_may_come_back() -> None:
    contest = Contest(QUICK)
    served = play(contest, 1, 2_000, logistic=1.5, linear_svm=0.0)
    assert (contest.champion, contest.promotions) == (RIVAL, 1)
    assert served.index(RIVAL) >= QUICK.min_sessions - 1
    play(contest, 2, 2_000, logistic=0.0, linear_svm=1.5)
    assert (contest.champion, contest.promotions) == ("logistic", 2)


def test_a_tree_shaped_truth_crowns_the_tree() -> None:
    settings = ContestSettings(
        "logistic", "linear_svm,hoeffding_adaptive_tree", block=200, checks=3, min_sessions=600
    )
    classifier = Classifier(settings)
    for signals, hit in examples(squares, 2_500):
        classifier.learn([classifier.meet(signals)], hit=hit)
    assert classifier.contest.champion == "hoeffding_adaptive_tree"
    assert classifier.contest.promotions == 1
    signals, _ = next(examples(squares, 1, seed=9))
    assert classifier.score(signals) == classifier.meet(signals).scores["hoeffding_adaptive_tree"]
    found = classifier.contest.report()
    assert found["propensity:hoeffding_adaptive_tree", "champion"] == 1.0
    assert found["propensity:logistic", "champion"] == 0.0
    # What was served is partly the old champion's, and so between the two.
    own, old = (
        found[f"propensity:{name}", "log_loss"] for name in ("hoeffding_adaptive_tree", "logistic")
    )
    assert own < found["propensity", "log_loss"] < old


def better(contest: Contest, sessions: int, by: float = 0.2) -> None:
    """Let the challenger be a little better each time, and not always by as much."""
    for number in range(sessions):
        worse = {contest.champion: 0.5, _other(contest): 0.5 + by + 0.1 * (number % 2)}
        session(contest, worse, hit=True)


def _other(contest: Contest) -> str:
    return RIVAL if contest.champion == "logistic" else "logistic"


def test_a_promotion_takes_the_least_number_of_sessions_and_checks_in_a_row() -> None:
    contest = Contest(QUICK)
    better(contest, QUICK.min_sessions - 1)
    assert contest.champion == "logistic"
    better(contest, 1)
    assert contest.champion == RIVAL
    # And as many again before the next.
    better(contest, QUICK.min_sessions - 1)
    assert contest.champion == RIVAL
    better(contest, 1)
    assert (contest.champion, contest.promotions) == ("logistic", 2)


def test_one_block_that_says_otherwise_begins_the_row_anew() -> None:
    contest = Contest(ContestSettings("logistic", RIVAL, 50, 3, 2.0, 0))
    better(contest, 100)
    better(contest, 50, by=-0.2)
    better(contest, 100)
    assert contest.champion == "logistic"
    better(contest, 50)
    assert contest.champion == RIVAL


def test_the_best_of_several_that_are_ready_is_promoted() -> None:
    contest = Contest(ContestSettings("logistic", "linear_svm,mlp", 50, 3, 2.0, 0))
    for number in range(150):
        more = 0.1 * (number % 2)
        session(contest, {"logistic": 0.5, "linear_svm": 0.6 + more, "mlp": 0.7 + more}, hit=True)
    assert contest.champion == "mlp"


def test_more_challengers_raise_the_limit() -> None:
    assert raised(2.0, 1) == raised(2.0, 0) == 2.0
    for challengers in (2, 4):
        tail = stats.norm.sf(raised(2.0, challengers))
        assert tail == pytest.approx(stats.norm.sf(2.0) / challengers)


def test_what_is_enough_for_one_challenger_is_not_for_one_of_three() -> None:
    """An advantage of 2.2 standard errors: beyond 2.0, not beyond 2.43."""
    for challengers, serves in (
        ("linear_svm", RIVAL),
        ("linear_svm,mlp,adaptive_random_forest", "logistic"),
    ):
        settings = ContestSettings("logistic", challengers, 50, 1, 2.0, 0)
        contest = Contest(settings)
        for number in range(50):
            # Advantages of m - 1 and m + 1 by turns have a standard error of 1 / 7.
            advantage = 0.1 * (2.2 / 7 + (1 if number % 2 else -1))
            scores = dict.fromkeys(settings.contenders, 0.5)
            session(contest, scores | {RIVAL: 0.5 * math.exp(advantage)}, hit=True)
        assert contest.champion == serves
        # The rest are equal to the champion.
        assert contest.report()[f"propensity:{RIVAL}", "checks_passed"] == 0.0


def test_with_another_champion_all_comparisons_begin_anew() -> None:
    contest = Contest(ContestSettings("logistic", "linear_svm,mlp", 50, 3, 2.0, 0))
    scores = {"logistic": 0.5, RIVAL: 0.6, "mlp": 0.55}
    for _ in range(120):
        session(contest, scores, hit=True)
    assert contest.report()["propensity:mlp", "checks_passed"] == 2.0
    assert contest.report()["propensity:mlp", "lead"] == pytest.approx(math.log(0.55 / 0.5))
    contest.pin("mlp")
    contest.pin(None)
    found = contest.report()
    assert {v for (_, m), v in found.items() if m in {"lead", "checks_passed"}} == {0.0}
    # Nothing of the twenty sessions since the last check counts for the next.
    for number in range(50):
        worse = 0.54 - 0.02 * (number % 2)
        session(contest, {"logistic": 0.5, RIVAL: worse, "mlp": 0.55}, hit=True)
    assert contest.report()[f"propensity:{RIVAL}", "checks_passed"] == 0.0
    assert contest.report()[f"propensity:{RIVAL}", "lead"] < 0


def test_examples_of_a_session_are_evidence_once() -> None:
    """Thirty-two of one session weigh as one session: else a single visitor could decide."""
    contest = Contest(ContestSettings("logistic", RIVAL, 50, 1, 2.0, 0))
    for number in range(49):
        scores = {"logistic": 0.5, RIVAL: 0.6 + 0.1 * (number % 2)}
        session(contest, scores, hit=True, times=5)
    assert contest.champion == "logistic"
    assert contest.served.examples == 5 * 49
    session(contest, {"logistic": 0.5, RIVAL: 0.6}, hit=True)
    assert contest.champion == RIVAL
    contest.take([])
    assert contest.served.examples == 5 * 49 + 1


def test_who_is_equal_to_the_last_digit_passes_no_check() -> None:
    contest = Contest(ContestSettings("logistic", RIVAL, 10, 1, 0.0, 0))
    for _ in range(50):
        session(contest, {"logistic": 0.7, RIVAL: 0.7}, hit=True)
    assert (contest.champion, contest.promotions) == ("logistic", 0)


def test_the_standard_error_is_that_of_the_textbook() -> None:
    values = [0.3, -0.1, 0.4, 0.2, 0.25]
    z = float(stats.ttest_1samp(values, 0.0).statistic)
    for limit, passes in ((z - 1e-6, 1), (z + 1e-6, 0)):
        rival = Rival()
        for value in values:
            rival.take(value)
        rival.check(limit)
        assert rival.passed == passes
        assert rival.lead == pytest.approx(sum(values) / 5)


def test_a_pin_holds_whatever_the_contest_says() -> None:
    contest = Contest(QUICK)
    assert contest.pin("logistic")
    assert not contest.pin("logistic")
    better(contest, 1_000)
    assert (contest.champion, contest.promotions) == ("logistic", 0)
    assert contest.report()["propensity", "pinned"] == 1.0
    assert contest.pin(None)
    assert not contest.pin(None)
    better(contest, QUICK.min_sessions - 1)
    assert contest.champion == "logistic"
    better(contest, 1)
    assert contest.champion == RIVAL


def test_a_pin_brings_back_who_served_before() -> None:
    contest = Contest(QUICK)
    better(contest, 200)
    assert contest.champion == RIVAL
    assert contest.pin("logistic")
    assert (contest.champion, contest.promotions) == ("logistic", 1)
    with pytest.raises(KeyError, match="mlp takes no part"):
        contest.pin("mlp")


def test_without_challengers_there_is_no_contest() -> None:
    contest = Contest(ContestSettings(challengers=""))
    for _ in range(1_200):
        session(contest, {"logistic": 0.5}, hit=True)
    assert (contest.champion, contest.promotions) == ("logistic", 0)
    assert contest.served.loss == pytest.approx(1_200 * math.log(2))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"challengers": "linear_svm,forest"}, "'forest'"),
        ({"challengers": "mlp, mlp"}, "named twice"),
        ({"challengers": "logistic"}, "named twice"),
        ({"pin": "mlp"}, "neither champion nor challenger"),
        ({"block": 0}, "at least 1"),
        ({"checks": 0}, "at least 1"),
        ({"min_sessions": -1}, "at least 0"),
        ({"z": -1.0}, "from 0 to 8"),
        ({"z": float("nan")}, "from 0 to 8"),
    ],
)
def test_a_contest_that_cannot_be_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ContestSettings(**wrong)


def test_spaces_and_empty_names_do_not_matter() -> None:
    assert ContestSettings(challengers=" mlp , ,linear_svm ").contenders == (
        "logistic", "mlp", "linear_svm",
    )  # fmt: skip
