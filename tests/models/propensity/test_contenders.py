"""What every contender must be: a probability, learning, bounded, and the same again everywhere."""

from __future__ import annotations

import importlib
import math
import os
import pickle
import random
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest

from models.propensity.classifier import Classifier
from models.propensity.contenders import network, trees
from models.propensity.contenders.contender import sigmoid
from models.propensity.contenders.linear import LinearSvm, Scaling
from models.propensity.contenders.network import Mlp
from models.propensity.contenders.roster import NAMES, ROSTER, Name
from models.propensity.features import ungated
from models.propensity.settings import PINS, ContestSettings
from models.snapshot import Snapshot, SnapshotError, seal, unseal
from tests.models.propensity.examples import examples, line, squares

KEY = b"k" * 32
FEW = {"adaptive_random_forest": 400}
"""It takes two milliseconds an example."""


def alone(name: Name) -> Classifier:
    return Classifier(ContestSettings(champion=name, challengers=""))


def taught(classifier: Classifier, number: int, seed: int = 1, shape: Any = line) -> list[float]:
    scores = []
    for signals, hit in examples(shape, number, seed):
        example = classifier.meet(signals)
        scores.append(example.score)
        classifier.learn([example], hit=hit)
    return scores


def test_the_roster_is_whole() -> None:
    assert tuple(ROSTER) == NAMES
    assert ("none", *NAMES) == PINS


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_and_says_probabilities(name: Name) -> None:
    classifier = alone(name)
    scores = taught(classifier, FEW.get(name, 1500))
    assert scores[0] == 0.5
    assert all(0 <= score <= 1 for score in scores)
    found = classifier.contest.served.report()
    assert found["auc"] > 0.72
    assert found["log_loss"] < 0.9 * found["base_rate_log_loss"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", [0, 40])
def test_scoring_changes_nothing(name: Name, before: int) -> None:
    contender = ROSTER[name]()
    for number in range(before):
        contender.learn({"a|0": number % 7, "gate|0": 1.0}, hit=number % 3 == 0)
    frozen = pickle.dumps(contender)
    first = contender.score({"a|1": 2.0, "gate|1": 1.0})
    assert contender.score({"a|1": 2.0, "gate|1": 1.0}) == first
    assert pickle.dumps(contender) == frozen


@pytest.mark.parametrize("name", NAMES)
def test_restored_from_a_snapshot_in_mid_stream_it_goes_on_alike(name: Name) -> None:
    """Through the exact list of classes, at several moments, and for long enough to matter."""
    first = alone(name)
    part = FEW.get(name, 900) // 3 + 5
    taught(first, part, seed=90)
    for seed in range(3):
        again = unseal(seal(Snapshot(first, {}, ()), KEY), KEY).state
        assert taught(again, part, seed) == taught(first, part, seed)
        assert again.contest.report() == first.contest.report()


SCRIPT = """
import sys
from tests.models.propensity.test_contenders import alone, taught
print([repr(taught(alone(name), 250)[-20:]) for name in sys.argv[1:]])
"""


def test_in_another_process_it_learns_the_same() -> None:
    """Sets of texts come in another order there: none of it may reach a score."""
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT, *NAMES], check=True, capture_output=True, text=True,
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
    ).stdout  # fmt: skip
    assert said.strip() == repr([repr(taught(alone(name), 250)[-20:]) for name in NAMES])
    assert "0." in said


@pytest.mark.parametrize("name", ["hoeffding_adaptive_tree", "adaptive_random_forest"])
def test_a_tree_grows_no_deeper_than_it_is_told(name: Name) -> None:
    contender: Any = ROSTER[name]()
    assert contender._model.max_depth == trees._DEPTH
    # Ground for a deep tree, quickly: leaves that split on little.
    contender._model.grace_period, contender._model.delta = 20, 0.9
    rng = random.Random(2)
    for _ in range(6000 if name == "hoeffding_adaptive_tree" else 700):
        features = {f"n{k}|0": rng.uniform(-3, 3) for k in range(4)}
        hit = sum(int(value * 2) for value in features.values()) % 2 == 0
        contender.learn(features, hit=hit)
    grown = [contender._model] if name == "hoeffding_adaptive_tree" else list(contender._model)
    assert max(tree.height for tree in grown) >= trees._DEPTH - 1
    for tree in grown:
        assert tree.n_leaves <= 2 ** (trees._DEPTH + 1)
        assert tree.height <= trees._DEPTH + 1
        assert all(leaf.depth <= trees._DEPTH + 1 for leaf in tree._find_leaves())


def test_a_tree_knows_so_many_features_and_no_more() -> None:
    contender: Any = ROSTER["hoeffding_adaptive_tree"]()
    for number in range(2 * trees._MAX_NAMES):
        contender.learn({f"n{number}|0": 1.0}, hit=number % 2 == 0)
    assert len(contender._names) == trees._MAX_NAMES
    assert 0 < contender.score({"n511|0": 1.0}) < 1


def test_a_tree_sees_each_feature_once_and_the_gate_as_a_number() -> None:
    gated = {"views|1": 0.3, "gate|1": 1.0, "kind=a": 1.0, "kind=a|1": 1.0}
    assert ungated(gated) == {"views": 0.3, "gate": 1.0, "kind=a": 1.0}
    assert ungated({"views|0": 0.3, "gate|0": 1.0}) == {"views": 0.3, "gate": 0.0}


def test_a_tree_finds_what_no_line_tells() -> None:
    tree, linear = alone("hoeffding_adaptive_tree"), alone("logistic")
    taught(tree, 1500, shape=squares)
    taught(linear, 1500, shape=squares)
    assert tree.contest.served.loss < 0.93 * linear.contest.served.loss


def test_the_scaling_finds_the_probability_behind_a_margin() -> None:
    scaling, rng = Scaling(), random.Random(3)
    for _ in range(20_000):
        margin = rng.uniform(-3, 3)
        scaling.learn(margin, hit=rng.random() < sigmoid(2 * margin - 1))
    for margin in (-2.0, 0.0, 0.5, 2.0):
        assert scaling.probability(margin) == pytest.approx(sigmoid(2 * margin - 1), abs=0.03)


def test_the_svm_is_calibrated_though_hinge_loss_knows_no_probability() -> None:
    svm = alone("linear_svm")
    taught(svm, 4000)
    assert svm.contest.served.report()["calibration_error"] < 0.03
    raw: Any = svm._contenders["linear_svm"]
    assert isinstance(raw, LinearSvm)
    features = svm.meet(next(examples(line, 1, seed=8))[0]).features
    inner = raw._model
    assert raw._margin(features) == pytest.approx(inner._raw_dot_one(features), rel=1e-6)


def test_the_svm_skips_only_what_changes_nothing() -> None:
    svm, plain = LinearSvm(), LinearSvm()._model
    rng, skipped = random.Random(6), 0
    for number in range(2_000):
        features = {f"n{k}": rng.gauss(0, 1) for k in range(4)}
        hit = features["n0"] + 0.3 * features["n1"] > 0.2
        skipped += (svm._margin(features) > 1) == hit and abs(svm._margin(features)) > 1
        svm.learn(features, hit=hit)
        plain.learn_one(features, hit)
        assert number % 500 or svm._model.weights == pytest.approx(plain.weights)
    assert skipped > 1_000
    assert svm._model.weights == pytest.approx(plain.weights)


def test_a_sigmoid_of_anything_is_a_number() -> None:
    assert [sigmoid(z) for z in (-1e4, 0.0, 1e4)] == [0.0, 0.5, 1.0]
    assert sigmoid(-2.0) == pytest.approx(1 / (1 + math.exp(2.0)))


def test_the_networks_forward_pass_is_that_of_its_library() -> None:
    mlp = Mlp()
    rng = random.Random(4)
    for _ in range(3 * network._BATCH):
        features = {f"n{k}|0": rng.gauss(0, 1) for k in range(5)}
        mlp.learn(features, hit=features["n0|0"] > 0)
    features = {"n0|0": 0.7, "n1|0": -9.0}
    theirs = mlp._model.predict_proba([network._hashed(features)])[0][1]
    assert mlp.score(features) == pytest.approx(theirs)
    assert mlp._rows == []


def test_without_its_package_the_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", lacking)
    with pytest.raises(ImportError, match=r"pip install 'tailorline\[mlp\]'"):
        Mlp()


def test_a_network_of_another_scikit_learn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = seal(Snapshot(Mlp(), {}, ()), KEY)
    assert isinstance(unseal(raw, KEY).state, Mlp)
    monkeypatch.setattr(network, "version", lambda _: "0.9.9")
    with pytest.raises(SnapshotError, match=f"scikit-learn {version('scikit-learn')}"):
        unseal(raw, KEY)
