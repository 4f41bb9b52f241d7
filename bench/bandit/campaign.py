"""One campaign's figures: what its logs say of their own policies, and of each other's."""

from __future__ import annotations

import numpy as np

from bench.bandit.impressions import POLICIES, Log, aligned
from bench.bandit.policies import frequencies, predictions, top
from bench.data import DataError
from bench.report import Metrics
from models.offers.evaluation import Estimate, Floats, doubly_robust, ips, rate, snips

TOP = 5
ESTIMATORS = ("ips", "snips", "dr")


def measure(name: str, random: Log, bts: Log) -> tuple[Metrics, Metrics]:
    """Return the campaign's figures, and the uniform policy's beside those of the learnt one."""
    (random, bts), shape = aligned(random, bts)
    found: Metrics = {}
    for policy, log in zip(POLICIES, (random, bts), strict=True):
        found |= _named(f"reward_{policy}_{name}", _mean(log))
        found |= _size(f"{policy}_{name}", log)
    shown = frequencies(bts, shape)
    if not shown.sum(axis=0).all():
        raise DataError(f"Campaign {name}: a position of the random log is not in that of bts.")
    found |= _off_policy(f"bts_{name}", random, shown)
    found |= _off_policy(f"random_{name}", bts, np.full(shape, 1 / shape[0]))

    half = len(random) // 2
    first, second = random.part(slice(half)), random.part(slice(half, None))
    learnt = top(first, shape, TOP)
    found |= _off_policy(f"top5_{name}", second, learnt)
    # Replay (Li, Chu, Langford and Wang 2011): a uniform log's impressions of the five are a log of
    # the policy that shows them, each as often, at random. Of the uniform policy all are.
    own = second.part(learnt[second.item, second.position] > 0)
    found |= _named(f"replay_top5_{name}", _mean(own)) | _size(f"top5_{name}", own)
    uniform = _named(f"replay_top5_{name}", _mean(second)) | _size(f"top5_{name}", second)
    return found, uniform


def _size(name: str, log: Log) -> Metrics:
    return {f"n_{name}": len(log), f"clicks_{name}": int(log.click.sum())}


def _mean(log: Log) -> Estimate:
    return rate(int(log.click.sum()), len(log))


def _off_policy(name: str, log: Log, policy: Floats) -> Metrics:
    """Return all estimates of a policy from the log of another."""
    evaluation = policy[log.item, log.position]
    if not evaluation.any():
        raise DataError(f"Nothing that the policy {name} shows is in the log.")
    feedback = log.click, log.propensity, evaluation
    predicted, expected = predictions(log, policy)
    found = {
        "ips": ips(*feedback),
        "snips": snips(*feedback),
        "dr": doubly_robust(*feedback, predicted=predicted, expected=expected),
    }
    metrics: Metrics = {f"effective_n_{name}": found["ips"].effective_n}
    for estimator in ESTIMATORS:
        metrics |= _named(f"{estimator}_{name}", found[estimator])
    return metrics


def _named(name: str, estimate: Estimate) -> Metrics:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
