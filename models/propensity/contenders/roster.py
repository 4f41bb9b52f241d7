"""All contenders by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from models.propensity.contenders.contender import Contender
from models.propensity.contenders.linear import LinearSvm, Logistic
from models.propensity.contenders.network import Mlp
from models.propensity.contenders.trees import adaptive_random_forest, hoeffding_adaptive_tree

Name = Literal["logistic", "linear_svm", "hoeffding_adaptive_tree", "adaptive_random_forest", "mlp"]
NAMES: tuple[Name, ...] = get_args(Name)
"""In this order for ever, new ones at the end: journals hold their places."""

ROSTER: dict[Name, Callable[[], Contender]] = {
    "logistic": Logistic,
    "linear_svm": LinearSvm,
    "hoeffding_adaptive_tree": hoeffding_adaptive_tree,
    "adaptive_random_forest": adaptive_random_forest,
    "mlp": Mlp,
}
