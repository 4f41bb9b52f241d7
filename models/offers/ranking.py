"""Which candidates make the offer, learnt from what customers do with offers.

What an article is worth is the chance that it is clicked, times the chance that it is then bought,
times what is earned with it, as far as these are wanted and known. Each chance comes from a head on the
same features; what is not known of their weights is drawn from (`choosing`), so that offers also find
out. Sources: McMahan and others (2013), "Ad click prediction: a view from the trenches";
Chapelle and Li (2011).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.customers import Customer
from models.offers.candidates import Proposal, Source
from models.offers.choosing import Ints, Variety, choose
from models.offers.drift import PurchaseWatch, Watch
from models.offers.features import PRIORS, RECORD, Candidates, candidates_of, named, placed
from models.offers.heads import ClickHead, LinearHead
from models.offers.pending import Click, Decision, numbers, packed
from models.offers.records import Records
from models.offers.settings import OfferSettings
from models.propensity.contenders.roster import Name
from models.propensity.settings import ContestSettings
from models.propensity.validation import Validation, log_loss

Floats = npt.NDArray[np.float64]

_BUY_PRIORS = dict.fromkeys(PRIORS, 0.0) | {
    "bias": -2.0, "bought_together": 0.3, "next_order": 0.3, "bought_together_strength": 0.3,
    "next_order_strength": 0.5, "agreement": 0.2,
}  # fmt: skip
_LEAST = 1e-3
"""An article that earns nothing counts as if it earned so much of the usual, for the logarithm."""
_LOSS = -100.0
"""Far below what chances differ by on a log scale."""


_DRAWN, _DRAWN_PER_PLACE = 24, 4
"""For so many candidates weights are drawn, or so many for each place if that is more."""
_FAR = 3.0
"""Deviations that something may be off by."""
_MOST_LOG_ODDS = 700.0
"""The exponential of more is no number."""


class Facts(NamedTuple):
    """What is known of candidates from outside, by article, where it is."""

    popularity: Mapping[str, float]
    """Views as a share of the most viewed article's."""
    categories: Mapping[str, str]
    discounts: Mapping[str, float]
    """As a share of the price."""
    margins: Mapping[str, float]
    """What is earned with one unit, discount taken off, in the currency's main unit."""
    boosts: Mapping[str, float]
    """Factors on what an article is worth."""
    variety: Variety


@dataclass(frozen=True, slots=True)
class Chosen:
    """One article of a slate."""

    sku: str
    score: float
    """What it is expected to be worth when shown first: the chance of a click, or of an order.

    With the goal margin times its margin, as a share of how much the candidates' margins are on the
    mean (no amount of money); a boost is a factor on it. Comparable within the offer."""
    chance: float
    """Of a click, in its place."""
    propensity: float
    """How likely the policy put it there."""
    proposals: Sequence[Proposal]
    """Who proposed it, the one that speaks most for it first."""

    @property
    def source(self) -> Source:
        """The source that speaks most for it."""
        return self.proposals[0].source


class _Guess(NamedTuple):
    """The best guess of each candidate."""

    click: Floats
    """Log-odds of a click, and of a purchase after it."""
    buy: Floats
    fixed: Floats
    """The logarithm of what its chance is multiplied with."""
    worth: Floats
    """The logarithm of what it is worth."""


class Slate(NamedTuple):
    """What is to be shown, best first, and what its outcome is learnt with."""

    chosen: list[Chosen]
    features: Floats
    scores: tuple[dict[Name, float], ...]


class OfferRanking:
    """One shard's learnt worth of candidates."""

    __slots__ = ("_purchases", "_settings", "_watch", "buy", "buying", "click", "records")

    def __init__(self, settings: OfferSettings, clicks: ContestSettings, articles: int) -> None:
        """Begin with the priors; remember how up to ``articles`` articles fared."""
        self._settings = settings
        self.click = ClickHead(PRIORS, clicks)
        self.buy = LinearHead(_BUY_PRIORS)
        self.buying = Validation()
        self.records = Records(articles)
        self._watch = Watch()
        self._purchases = PurchaseWatch(settings.pending)

    @property
    def version(self) -> str:
        """The model that serves: whoever predicts clicks, and how many examples each head has learnt."""
        return f"{self.click.version}-{self.buy.examples}"

    def rank(self, found: Sequence[Proposal], customer: Customer, facts: Facts, seed: int) -> Slate:
        """Choose a slate from what the sources propose; the same again for the same ``seed``."""
        skus = {sku for proposal in found for sku in proposal.scores}
        candidates = candidates_of(
            found, customer, records=self.records.of(skus), popularity=facts.popularity,
            discounts=facts.discounts,
        )  # fmt: skip
        if not candidates.skus:
            return Slate([], candidates.features, ())
        settings, rng = self._settings, np.random.Generator(np.random.PCG64(seed))
        guess = self._guess(candidates, facts)
        if settings.exploration == "thompson" and settings.boldness:
            order, draws = self._drawn(candidates, guess, rng)
        else:
            order, draws = np.arange(len(candidates.skus)), guess.worth[None, :]
        choice = choose(
            draws, _kinds(candidates.skus, facts.categories)[order], settings.size, rng=rng,
            share=0.0 if settings.exploration == "none" else settings.random_share,
            variety=facts.variety,
        )  # fmt: skip
        places = order[choice.places].tolist()
        return self._slate(candidates, guess.worth, places, choice.propensities)

    def learn(self, decision: Decision) -> bool:
        """Learn from an offer that is decided; return whether there is drift.

        Only what was on the screen says anything.
        """
        lost, told = 0.0, []
        for place in sorted(decision.shown):
            clicked = place in decision.clicked
            chance = decision.chances[place]
            self.click.learn(named(decision.row(place)), hit=clicked)
            self.records.learn(decision.skus[place], chance, clicked=clicked)
            lost += log_loss(chance, hit=clicked)
            scores = decision.scores[place] if decision.scores else {}
            told.append((chance, scores, clicked))
        if not told:
            return False
        if decision.scores:
            self.click.contest.take(told)
        else:
            for chance, _, clicked in told:
                self.click.contest.served.take(chance, hit=clicked)
        drift = self._watch.take(lost / len(told), len(decision.clicked) / len(told))
        if drift:
            self.click.fade()
            self.records.fade()
        return drift

    def learn_purchase(self, click: Click, *, bought: bool) -> None:
        """Learn whether a clicked article was bought."""
        row = numbers(click.features)
        chance = float(self.chance_to_buy(np.array([row]))[0])
        self.buying.take(chance, hit=bought)
        self.buy.learn(named(row), hit=bought)
        if self._purchases.take(click.at, log_loss(chance, hit=bought), bought=bought):
            self.buy.fade()

    def chance_to_buy(self, features: Floats) -> Floats:
        """Return the chance of a purchase of each row, once it is clicked."""
        found: Floats = np.exp(_log_sigmoid(self.buy.log_odds(features)))
        return found

    def report(self) -> dict[tuple[str, str], float]:
        """Return the progressive validation of both heads, and drift."""
        found = self.click.contest.report()
        found |= {("purchases", name): value for name, value in self.buying.report().items()}
        found["clicks", "drifts"] = float(self._watch.drifts)
        found["purchases", "drifts"] = float(self._purchases.drifts)
        return found

    def _guess(self, candidates: Candidates, facts: Facts) -> _Guess:
        skus, features = candidates.skus, candidates.features
        click, buy = self.click.log_odds(features), self.buy.log_odds(features)
        fixed = np.zeros(len(skus))
        if facts.boosts:
            fixed += [math.log(facts.boosts.get(sku, 1.0)) for sku in skus]
        if self._settings.goal == "margin":
            fixed += _relative(skus, facts.margins)
        return _Guess(click, buy, fixed, fixed + self._chance(click, buy))

    def _chance(self, click: Floats, buy: Floats) -> Floats:
        """Return the logarithm of the chance of what is wanted."""
        if self._settings.goal == "clicks":
            return _log_sigmoid(click)
        return _log_sigmoid(click) + _log_sigmoid(buy)

    def _drawn(
        self, candidates: Candidates, guess: _Guess, rng: np.random.Generator
    ) -> tuple[Ints, Floats]:
        """Return the candidates that may be worth most first, and draws of what those are worth.

        One is hardly ever drawn best that is worth less than others even if all that is not known of
        it were in its favour: such a one is left to the random places, for draws take time.
        """
        settings, features = self._settings, candidates.features
        click_off, buy_off = self.click.linear.deviations, self.buy.deviations
        mean, spread = self._records_off(candidates.skus)
        off = features**2 @ (click_off**2 + buy_off**2) + spread**2
        bound = guess.worth + _FAR * settings.boldness * np.sqrt(off)
        order = np.argsort(-bound, kind="stable")
        best = order[: max(_DRAWN, _DRAWN_PER_PLACE * settings.size)]
        rows = features[best]
        used = np.flatnonzero(rows.any(axis=0))  # most are zero for all
        rows = rows[:, used].T * settings.boldness
        width, number = rows.shape
        noise = rng.standard_normal((settings.draws, 2 * width + number))
        records = mean[best] + noise[:, 2 * width :] * spread[best]
        clicks = guess.click[best] + (noise[:, :width] * click_off[used]) @ rows
        clicks += records * settings.boldness
        buys = guess.buy[best] + (noise[:, width : 2 * width] * buy_off[used]) @ rows
        return order, guess.fixed[best] + self._chance(clicks, buys)

    def _records_off(self, skus: Sequence[str]) -> tuple[Floats, Floats]:
        """Return how far off each article's record may be, in log-odds: mean and deviation.

        Of an article that was hardly shown little is known: its ratio of clicks is Gamma distributed,
        and the logarithm of that is normal but for a little skew.
        """
        shapes = np.array([self.records.certainty(sku) for sku in skus])
        weight = float(self.click.linear.weights[RECORD])
        return -0.5 / shapes * weight, np.sqrt(1.0 / shapes + 0.5 / shapes**2) * weight

    def _slate(
        self, candidates: Candidates, worth: Floats, places: list[int], propensities: list[float]
    ) -> Slate:
        features = placed(candidates.features[places])
        chances = np.exp(_log_sigmoid(self.click.log_odds(features))).tolist()
        scores = np.exp(worth[places]).tolist()
        chosen = [
            Chosen(candidates.skus[place], score, chance, propensity, candidates.proposed(place))
            for place, score, chance, propensity in zip(
                places, scores, chances, propensities, strict=True
            )
        ]
        alone = len(self.click.contest.contenders) < 2
        others = () if alone else tuple(self.click.scores(row) for row in features.tolist())
        return Slate(chosen, features, others)


def decision_of(slate: Slate, customer_id: str, at: float, *, lasting: bool) -> Decision:
    """Return what has to be kept of a slate until its outcome is known."""
    chosen = slate.chosen
    return Decision(
        customer_id, at, tuple(one.sku for one in chosen), packed(slate.features.ravel()),
        tuple(one.chance for one in chosen), slate.scores,
        tuple(one.source for one in chosen), lasting,
    )  # fmt: skip


def _kinds(skus: Sequence[str], categories: Mapping[str, str]) -> Ints:
    """Return the categories as numbers; below zero: unknown."""
    numbers: dict[str, int] = {}
    return np.array(
        [
            numbers.setdefault(category, len(numbers))
            if (category := categories.get(sku)) is not None
            else -1
            for sku in skus
        ],
        dtype=np.int64,
    )


def _relative(skus: Sequence[str], margins: Mapping[str, float]) -> Floats:
    """Return the logarithm of each margin, in terms of how much they are on the mean.

    Where it is unknown it is taken for the mean of those known, but not for a loss. What is sold at a
    loss comes after all else, however likely it is bought: `_LOSS` off, and more for a greater loss.
    """
    known = [margins[sku] for sku in skus if sku in margins]
    size = sum(abs(margin) for margin in known) / len(known) if known else 0.0
    if not size:
        return np.zeros(len(skus))
    mean = max(sum(known) / len(known), 0.0)
    shares = np.array([margins.get(sku, mean) for sku in skus]) / size
    earns = np.log(np.maximum(shares, _LEAST))
    found: Floats = np.where(shares < 0, _LOSS - np.log1p(np.abs(shares)), earns)
    return found


def _log_sigmoid(log_odds: Floats) -> Floats:
    # As -logaddexp(0, -x), which takes twice the time; no log-odds of ours is near the bound, and
    # what is lost of a chance near 1 is nothing.
    found: Floats = -np.log(1.0 + np.exp(np.minimum(-log_odds, _MOST_LOG_ODDS)))
    return found
