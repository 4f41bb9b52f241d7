"""Contenders made of River's trees, which grow only as deep as they are told.

River can bound a tree in bytes too. It then measures Python objects, whose sizes change when they
are pickled and restored, so a restored tree would be cut elsewhere: the depth is the bound here.
"""

from __future__ import annotations

from typing import Any

from models.propensity.features import Features, ungated

_MAX_NAMES = 256
"""Most features that a tree knows; later ones it does not see."""
_DEPTH = 6
_NEVER = 10**15
_SURE = 0.001
"""A leaf that saw one outcome only is not certain."""
_SEED = 7


class Trees:
    """A River tree or forest, on features without the gate's doubles: a tree finds those by itself."""

    __slots__ = ("_learnt", "_model", "_names")

    def __init__(self, model: Any) -> None:
        self._model = model
        self._names: dict[str, None] = {}
        """All features so far. Those an example lacks are 0: River would take them as unknown."""
        self._learnt = False

    def score(self, features: Features) -> float:
        """Return the probability of the outcome; changes nothing."""
        if not self._learnt:  # a forest would plant its trees
            return 0.5
        shares = self._model.predict_proba_one(self._dense(ungated(features)))
        known = sum(shares.values())
        share = shares.get(True, 0.0) / known if known else 0.5
        return float(min(max(share, _SURE), 1 - _SURE))

    def learn(self, features: Features, *, hit: bool) -> None:
        """Learn what became of an example."""
        plain = ungated(features)
        for name in plain:
            if name not in self._names and len(self._names) < _MAX_NAMES:
                self._names[name] = None
        self._model.learn_one(self._dense(plain), hit)
        self._learnt = True

    def _dense(self, plain: Features) -> Features:
        return {name: plain.get(name, 0.0) for name in self._names}


def hoeffding_adaptive_tree() -> Trees:
    """Return a Hoeffding adaptive tree (Bifet, Gavalda 2009) of at most 64 leaves.

    Leaves say their shares. River's default, naive Bayes in the leaves, is far too sure of itself:
    in `bench propensity` its log loss is beyond the base rate's.
    """
    from river import tree

    return Trees(
        tree.HoeffdingAdaptiveTreeClassifier(
            leaf_prediction="mc", max_depth=_DEPTH, delta=1e-3, grace_period=100,
            memory_estimate_period=_NEVER, seed=_SEED,
        )
    )  # fmt: skip


def adaptive_random_forest() -> Trees:
    """Return an adaptive random forest (Gomes and others 2017) of ten trees, each as bounded.

    Slow and large all the same: see the table in docs/models.md before it is chosen.
    """
    from river import forest

    return Trees(
        forest.ARFClassifier(
            n_models=10, max_features=8, leaf_prediction="mc", max_depth=_DEPTH,
            memory_estimate_period=_NEVER, seed=_SEED,
        )
    )  # fmt: skip
