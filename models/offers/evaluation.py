"""What another policy would have earned, out of the log of this one: off-policy estimators.

A log has, for each decision, the reward of the action taken and how likely the logging policy was to
take it. Of the other, the evaluation policy, all that is needed is how likely *it* is to take that
action there. The estimators are right only if the logged propensities are those that were drawn
with, and if the logging policy gives every action of the evaluation policy a chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

Floats = npt.NDArray[np.float64]

_UPPER = 0.975
"""All intervals are two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean reward per decision, in the unit of the rewards, with its 95 % interval."""

    value: float
    low: float
    """-inf, as ``high`` is inf, where the log does not show how far off ``value`` may be."""
    high: float
    n: int
    """Decisions in the log."""
    effective_n: float
    """Kish's effective sample size: so many decisions of equal weight would be as informative."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of two rates with its 95 % interval."""

    value: float
    low: float
    high: float


def ips(
    reward: npt.ArrayLike, logging: npt.ArrayLike, evaluation: npt.ArrayLike, *,
    clip: float | None = None,
) -> Estimate:  # fmt: skip
    """Return the mean of the rewards weighted by evaluation over logging propensity.

    Unbiased without ``clip``. With it, weights above are cut to it: less spread, and rewards that
    are never negative are estimated too low. Source: Horvitz and Thompson (1952).

    Parameters
    ----------
    reward:
        Of each logged decision, in any unit.
    logging:
        Probability with which the logging policy took the logged action; in (0, 1].
    evaluation:
        Probability with which the evaluation policy takes that action there; in [0, 1].
    clip:
        Largest weight; none by default.

    Examples
    --------
    >>> ips([1, 0, 0, 1], [0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0]).value
    0.5

    """
    rewards, weights = _weighed(reward, logging, evaluation)
    if clip is not None:
        if not clip > 0:
            raise ValueError(f"A weight cannot be clipped at {clip}: it must be above 0.")
        weights = np.minimum(weights, clip)
    return _estimate(weights * rewards, rewards, weights)


def snips(reward: npt.ArrayLike, logging: npt.ArrayLike, evaluation: npt.ArrayLike) -> Estimate:
    """Return the weighted mean of the rewards: IPS divided by the mean weight.

    Arguments as of `ips`. Consistent, hardly biased, within the range of the rewards; the interval
    is that of the ratio's linearisation (delta method). Raises `ValueError` if no logged action is
    one that the evaluation policy takes. Source: Swaminathan and Joachims (2015).
    """
    rewards, weights = _weighed(reward, logging, evaluation)
    mean = weights.mean()
    if not mean:
        raise ValueError("The evaluation policy takes none of the logged actions.")
    value = (weights * rewards).mean() / mean
    return _estimate(value + weights * (rewards - value) / mean, rewards, weights)


def doubly_robust(
    reward: npt.ArrayLike, logging: npt.ArrayLike, evaluation: npt.ArrayLike, *,
    predicted: npt.ArrayLike, expected: npt.ArrayLike,
) -> Estimate:  # fmt: skip
    """Return a reward model's estimate, corrected by IPS of what the model missed.

    ``predicted`` is the model's reward of the logged action, ``expected`` its mean there over the
    actions of the evaluation policy; the rest as of `ips`. Unbiased if either the propensities or the
    model are right and the model has not seen the rewards it predicts (cross-fitting). Source:
    Dudik, Langford and Li (2011).
    """
    rewards, weights = _weighed(reward, logging, evaluation)
    model = _column("predicted", predicted, len(rewards))
    mean = _column("expected", expected, len(rewards))
    return _estimate(mean + weights * (rewards - model), rewards, weights)


def rate(conversions: int, customers: int) -> Estimate:
    """Return a conversion rate with Wilson's score interval (1927)."""
    if customers <= 0 or not 0 <= conversions <= customers:
        raise ValueError(f"{conversions} conversions of {customers} customers are no rate.")
    value = conversions / customers
    z = float(ndtri(_UPPER))
    centre = value + z * z / (2 * customers)
    half = z * np.sqrt(value * (1 - value) / customers + (z / (2 * customers)) ** 2)
    scale = 1 + z * z / customers
    # At a rate of 0 or 1 rounding must not push the bound past it.
    low = max(float(centre - half) / scale, 0.0) if conversions else 0.0
    high = min(float(centre + half) / scale, 1.0) if conversions < customers else 1.0
    return Estimate(value, low, high, customers, float(customers))


def uplift(treated: tuple[int, int], control: tuple[int, int]) -> Difference:
    """Return by how much the rate of the treated is above that of the hold-out group.

    Both are (conversions, customers), of customers drawn at random. The interval is Newcombe's
    hybrid of the two Wilson intervals. Source: Newcombe (1998), method 10.

    Examples
    --------
    >>> found = uplift((56, 70), (48, 80))
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
    (0.2, 0.0524, 0.3339)

    """
    ours, theirs = rate(*treated), rate(*control)
    value = ours.value - theirs.value
    below = np.hypot(ours.value - ours.low, theirs.high - theirs.value)
    above = np.hypot(ours.high - ours.value, theirs.value - theirs.low)
    return Difference(value, float(value - below), float(value + above))


def _weighed(
    reward: npt.ArrayLike, logging: npt.ArrayLike, evaluation: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return rewards and importance weights."""
    rewards = _column("reward", reward, np.size(reward))
    if not len(rewards):
        raise ValueError("The log is empty.")
    logged = _column("logging", logging, len(rewards))
    wanted = _column("evaluation", evaluation, len(rewards))
    if not ((logged > 0) & (logged <= 1)).all():
        raise ValueError("Propensities of the logging policy must be in (0, 1].")
    if not ((wanted >= 0) & (wanted <= 1)).all():
        raise ValueError("Propensities of the evaluation policy must be in [0, 1].")
    return rewards, wanted / logged


def _column(name: str, values: npt.ArrayLike, length: int) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (length,):
        raise ValueError(f"{name} must have one number per decision, {length}: {column.shape}.")
    if not np.isfinite(column).all():
        raise ValueError(f"{name} has numbers that are not finite.")
    return column


def _kish(weights: Floats) -> float:
    """Return (sum of weights)² / sum of squares; 0 without any weight."""
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _estimate(terms: Floats, rewards: Floats, weights: Floats) -> Estimate:
    """Return the mean of the terms, with an interval that is honest about few and skewed rewards.

    Student's t with the effective number of weighted rewards in place of the number of decisions,
    for a hundred clicks among a million impressions are a hundred observations. And a score interval
    in place of value ± t · error: were the mean higher by one, the variance would be by third moment
    / variance. With 0 and 1 and equal weights that is Wilson's, but for t and terms of 1 / n.
    """
    n, value, effective = len(terms), float(terms.mean()), _kish(weights)
    spread = float(terms.std(ddof=1)) if n > 1 else 0.0
    rewarded = _kish(np.abs(weights * rewards))
    if not spread or not rewarded:
        return Estimate(value, -np.inf, np.inf, n, effective)
    error = spread / np.sqrt(n)
    skew = float((((terms - value) / spread) ** 3).mean() / np.sqrt(n))
    t = float(stdtrit(max(rewarded - 1, 1.0), _UPPER))
    shift = t * t * skew / 2
    half = float(np.hypot(shift, t))
    return Estimate(
        value, float(value + error * (shift - half)), float(value + error * (shift + half)),
        n, effective,
    )  # fmt: skip
