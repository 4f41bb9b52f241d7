"""Which articles are shown: the best slate, variety, and how likely each place was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.offers.choosing import Choice, Floats, Ints, Variety, best_slates, choose

FREE = Variety(99, 0.0)
SIZE, SHARE = 3, 0.3
KINDS = np.array([0, 0, 1, 1, -1, -1])
MEANS = np.array([1.0, 0.8, 0.4, 0.2, 0.0, -0.3])
BELIEVED = Variety(2, 0.2)


def slate_of(scores: list[float], kinds: list[int], size: int, variety: Variety) -> list[int]:
    """The same once more, one article at a time: what is left is valued anew for each place."""
    slate: list[int] = []
    for _ in range(min(size, len(scores))):
        values = {}
        for article in range(len(scores)):
            if article not in slate:
                like = sum(kinds[one] == kinds[article] >= 0 for one in slate)
                above = max(like + 1 - variety.quota, 0)
                values[article] = scores[article] - variety.loss * like - 1e6 * above
        slate.append(max(values, key=values.__getitem__))
    return slate


def rows(*scores: list[float]) -> Floats:
    return np.array(scores, dtype=np.float64)


def slate(scores: list[float], kinds: list[int], size: int, variety: Variety) -> list[int]:
    (found,) = best_slates(rows(scores), np.array(kinds), size, variety).tolist()
    return found


# Whole numbers, and losses that are: sums are exact then, in whatever order.
articles = st.lists(st.tuples(st.integers(-3, 3), st.integers(-1, 3)), min_size=1, max_size=12)
varieties = st.builds(Variety, st.integers(1, 4), st.sampled_from([0.0, 0.5, 0.75, 1.0]))


@given(articles, st.integers(1, 8), varieties)
def test_the_best_slate_is_that_of_a_naive_search(
    given: list[tuple[int, int]], size: int, variety: Variety
) -> None:
    scores, kinds = [float(score) for score, _ in given], [kind for _, kind in given]
    draws = rows(scores, scores[::-1])
    found = best_slates(draws, np.array(kinds), size, variety)
    assert found.tolist() == [
        slate_of(scores, kinds, size, variety), slate_of(scores[::-1], kinds, size, variety),
    ]  # fmt: skip
    assert draws.tolist() == [scores, scores[::-1]], "what is given is left as it was"


def test_by_score_alone_the_best_come_first() -> None:
    assert slate([0.1, 0.9, 0.5, 0.7], [0, 0, 0, 0], 3, FREE) == [1, 3, 2]


def test_the_quota_lets_others_come_first_and_shortens_no_slate() -> None:
    scores, kinds = [9.0, 8.0, 7.0, 1.0, 0.0], [0, 0, 0, 1, 2]
    assert slate(scores, kinds, 4, Variety(2, 0.0)) == [0, 1, 3, 4]
    assert slate(scores, kinds, 5, Variety(2, 0.0)) == [0, 1, 3, 4, 2]
    assert slate(scores[:3], kinds[:3], 3, Variety(1, 0.0)) == [0, 1, 2]
    assert slate(scores, kinds, 3, Variety(3, 0.0)) == [0, 1, 2], "as many as the quota are allowed"


def test_full_diversity_takes_categories_by_turns() -> None:
    scores, kinds = [9.0, 8.0, 7.0, 3.0, 2.0, 1.0], [0, 0, 0, 1, 1, 1]
    assert slate(scores, kinds, 6, Variety(99, 1.0)) == [0, 3, 1, 4, 2, 5]
    assert slate(scores, kinds, 6, FREE) == [0, 1, 2, 3, 4, 5]


def test_a_little_diversity_weighs_a_difference_of_scores() -> None:
    variety = Variety(99, 0.5)
    assert variety.loss == 1.0
    assert slate([3.0, 2.9, 1.8], [0, 0, 1], 3, variety) == [0, 1, 2]
    assert slate([3.0, 2.7, 1.8], [0, 0, 1], 3, variety) == [0, 2, 1]


def test_of_unknown_category_none_is_like_another() -> None:
    scores = [9.0, 8.0, 7.0, 3.0]
    assert slate(scores, [-1, -1, -1, 0], 4, Variety(1, 1.0)) == [0, 1, 2, 3]


def test_the_propensity_is_the_share_of_draws_that_agree() -> None:
    draws = rows([3, 2, 1], [3, 1, 2], [2, 3, 1], [3, 2, 1])
    chosen = choose(
        draws, np.array([-1, -1, -1]), 2, share=0.0, variety=FREE, rng=np.random.default_rng(0)
    )
    assert chosen == Choice([0, 1], [0.75, 0.5], -1)


def drawn(
    draws: Floats, *, share: float, seed: int, size: int = 1, variety: Variety = FREE
) -> Choice:
    kinds: Ints = np.full(draws.shape[1], -1)
    rng = np.random.default_rng(seed)
    return choose(draws, kinds, size, share=share, variety=variety, rng=rng)


def test_the_uniform_share_is_in_the_propensity_of_every_place() -> None:
    draws = rows([3, 2, 1], [3, 1, 2], [3, 2, 1], [2, 3, 1])
    first = 0.75 * 0.8 + 0.25 * 0.2 / 2
    second = 0.25 * 0.8 + 0.75 * 0.2 / 2
    third = 1.0 * 0.2 / 2
    met = {tuple(drawn(draws, share=0.2, seed=seed).places): seed for seed in range(60)}
    assert met.keys() == {(0,), (1,), (2,)}
    for (article,), seed in met.items():
        found = drawn(draws, share=0.2, seed=seed)
        assert found.random == (-1 if article == 0 else 0)
        assert found.propensities == pytest.approx([[first, second, third][article]])


def test_at_most_one_place_is_random_and_each_place_and_each_other_article_has_its_turn() -> None:
    draws, met = rows([5, 4, 3, 2, 1]), set()
    for seed in range(200):
        found = drawn(draws, share=1.0, seed=seed, size=3)
        changed = [place for place in range(3) if found.places[place] != place]
        assert changed == [found.random]
        assert found.places[found.random] in {3, 4}
        assert len(set(found.places)) == 3
        met.add((found.random, found.places[found.random]))
    assert len(met) == 6


def test_nothing_is_random_where_nothing_is_spare() -> None:
    for size in (3, 5):
        for seed in range(20):
            found = drawn(rows([1, 2, 3], [3, 2, 1]), share=1.0, seed=seed, size=size)
            assert found == Choice([2, 1, 0], [0.5, 1.0, 0.5], -1)


def test_a_share_of_nothing_draws_nothing() -> None:
    found = {tuple(drawn(rows([5, 4, 3]), share=0.0, seed=seed).places) for seed in range(50)}
    assert found == {(0,)}


def believed(rng: np.random.Generator, draws: int) -> Floats:
    return MEANS + rng.standard_normal((draws, len(MEANS))) * 0.7


def decided(seed: int, draws: int = 24) -> Choice:
    rng = np.random.default_rng(seed)
    return choose(believed(rng, draws), KINDS, SIZE, share=SHARE, variety=BELIEVED, rng=rng)


def test_the_same_seed_chooses_the_same() -> None:
    assert [decided(seed) for seed in range(30)] == [decided(seed) for seed in range(30)]
    assert len({tuple(decided(seed).places) for seed in range(30)}) > 5


def test_articles_are_shown_as_often_as_the_policy_says_and_propensities_weigh_that_up() -> None:
    """Horvitz and Thompson (1952): shown and weighed by its propensity, each article counts 1.

    4,000 slates; a cell is off by more than 4.5 standard errors in less than one run of 8,000.
    """
    runs = 4_000
    shown, weighed = np.zeros((2, runs, len(MEANS), SIZE))
    for seed in range(runs):
        found = decided(seed)
        for place, (article, chance) in enumerate(
            zip(found.places, found.propensities, strict=True)
        ):
            shown[seed, article, place] = 1.0
            weighed[seed, article, place] = 1.0 / chance

    greedy = best_slates(believed(np.random.default_rng(99), 100_000), KINDS, SIZE, BELIEVED)
    at = (greedy[:, None, :] == np.arange(len(MEANS))[:, None]).mean(axis=0)
    absent = 1.0 - at.sum(axis=1, keepdims=True)
    spare = len(MEANS) - SIZE
    policy = at * (1 - SHARE / SIZE) + absent * SHARE / (SIZE * spare)
    error = np.sqrt(policy * (1 - policy) / runs)
    assert np.all(np.abs(shown.mean(axis=0) - policy) < 4.5 * error + 0.003)

    error = weighed.std(axis=0) / np.sqrt(runs)
    assert np.all(np.abs(weighed.mean(axis=0) - 1.0) < 4.5 * error)
    assert error.max() < 0.1, "or it would prove nothing"
