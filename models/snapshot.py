"""Snapshots of a shard's state: signed, versioned, and loaded through an exact list of names.

Layout: magic, version, header length, header (JSON: river and Python version, watermarks, view
versions), HMAC-SHA256 over all of it, zlib-compressed pickle. Nothing is unpickled before the
signature is checked, and then only the classes named here: pickle is code otherwise.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import importlib
import io
import pickle
import struct
import sys
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import msgspec

MAGIC = b"TLSNAP"
VERSION = 1
_PREFIX = struct.Struct("<6sHI")

_ALLOWED: frozenset[tuple[str, str]] = frozenset(
    {
        ("builtins", "float"),
        ("collections", "OrderedDict"),
        ("collections", "deque"),
        ("collections", "defaultdict"),
        ("collections", "Counter"),
        ("array", "array"),
        ("array", "_array_reconstructor"),
        ("models.articles", "Article"),
        ("models.articles", "Articles"),
        ("models.bounded", "RecentNames"),
        ("models.campaigns.pacing", "BudgetPacing"),
        ("models.campaigns.pacing", "Spent"),
        ("models.customers", "Customers"),
        ("models.alarms.alarm", "Alarm"),
        ("models.alarms.flood", "Flood"),
        ("models.alarms.flood", "FloodSettings"),
        ("models.alarms.occurrences", "Occurrences"),
        ("models.cleaning.seen", "SeenIds"),
        ("models.decay", "ForwardDecay"),
        ("models.demand", "Demand"),
        ("models.floor", "FloorSettings"),
        ("models.floor", "FloorShard"),
        ("models.itemsets.completion", "BasketCompletion"),
        ("models.itemsets.completion", "CompletionSettings"),
        ("models.itemsets.counts", "ItemsetCounts"),
        ("models.itemsets.counts", "ItemsetSettings"),
        ("models.itemsets.window", "BasketWindow"),
        ("models.itemsets.window", "Kept"),
        ("models.line.annunciator", "Annunciator"),
        ("models.line.capabilities", "Capabilities"),
        ("models.line.charting", "Charting"),
        ("models.line.document", "ChartChoice"),
        ("models.line.effectiveness", "Effectiveness"),
        ("models.line.findings", "Evidence"),
        ("models.line.machine", "MachineAlarm"),
        ("models.line.machine", "MachineWatch"),
        ("models.line.machine", "WatchSettings"),
        ("models.line.roster", "Roster"),
        ("models.line.rows", "Rows"),
        ("models.line.sensor", "AnomalyAlarm"),
        ("models.line.sensor", "RunAlarm"),
        ("models.line.sensor", "SensorSettings"),
        ("models.line.sensor", "SensorWatch"),
        ("models.line.supervision", "Supervision"),
        ("models.line.telling", "Place"),
        ("models.line.telling", "Told"),
        ("models.listwise", "Listwise"),
        ("models.oee", "MachineTimes"),
        ("models.oee", "Oee"),
        ("models.offers.holdout", "Group"),
        ("models.offers.holdout", "HoldOut"),
        ("models.offers.drift", "PurchaseWatch"),
        ("models.offers.drift", "Watch"),
        ("models.offers.heads", "ClickHead"),
        ("models.offers.heads", "LinearHead"),
        ("models.offers.maker", "Offers"),
        ("models.offers.maker", "Tally"),
        ("models.offers.next_order", "NextOrder"),
        ("models.offers.pending", "Pending"),
        ("models.offers.ranking", "OfferRanking"),
        ("models.offers.records", "Records"),
        ("models.offers.repurchase", "Repurchase"),
        ("models.offers.repurchase", "Gaps"),
        ("models.offers.settings", "OfferSettings"),
        ("models.offers.shelves", "Shelves"),
        ("models.offers.deals", "Booked"),
        ("models.offers.deals", "Deals"),
        ("models.offers.interest", "Interest"),
        ("models.options.counts", "Article"),
        ("models.options.counts", "Held"),
        ("models.options.counts", "OptionCounts"),
        ("models.options.counts", "OptionSettings"),
        ("models.options.kept", "KeptLines"),
        ("models.options.kept", "Line"),
        ("models.propensity.classifier", "Classifier"),
        ("models.propensity.contenders.linear", "LinearSvm"),
        ("models.propensity.contenders.linear", "Logistic"),
        ("models.propensity.contenders.linear", "Scaling"),
        ("models.propensity.contenders.network", "Mlp"),
        ("models.propensity.contenders.trees", "Trees"),
        ("models.propensity.contest", "Contest"),
        ("models.propensity.contest", "Rival"),
        ("models.propensity.model", "Propensity"),
        ("models.propensity.settings", "ContestSettings"),
        ("models.propensity.validation", "Validation"),
        ("models.scorers.baseline", "Baseline"),
        ("models.scorers.baseline", "BaselineSettings"),
        ("models.scorers.innovations", "Model"),
        ("models.scorers.lately", "Lately"),
        ("models.scorers.likelihood", "Likelihood"),
        ("models.scorers.machine", "MachineScore"),
        ("models.scorers.machine", "MachineSettings"),
        ("models.scorers.moved", "LevelWatch"),
        ("models.scorers.pauses", "Pauses"),
        ("models.scorers.rest", "Rest"),
        ("models.scorers.rest", "RestSettings"),
        ("models.scorers.river_models", "AbsoluteDeviation"),
        ("models.scorers.river_models", "GaussianTail"),
        ("models.scorers.river_models", "HalfSpaceTrees"),
        ("models.scorers.river_models", "OneClassSvm"),
        ("models.scorers.river_score", "RiverLikelihood"),
        ("models.scorers.river_score", "RiverScore"),
        ("models.scorers.river_score", "RiverSettings"),
        ("models.scorers.running", "Running"),
        ("models.scorers.scale", "Scale"),
        ("models.scorers.sensor", "ScorerSettings"),
        ("models.scorers.sensor", "SensorScore"),
        ("models.scorers.shape", "Shape"),
        ("models.scorers.sensor", "DeviationLikelihood"),
        ("models.scorers.shape", "ShapeLikelihood"),
        ("models.scorers.shape", "ShapeSettings"),
        ("models.scorers.shape", "_Length"),
        ("models.scorers.silences", "Silences"),
        ("models.scorers.slope", "Slope"),
        ("models.scorers.slow", "Slow"),
        ("models.scorers.slow", "SlowSettings"),
        ("models.scorers.tail", "Tail"),
        ("models.scorers.unfit", "Unfit"),
        ("models.sequences.covisits", "CoVisits"),
        ("models.sequences.guess", "SequenceSettings"),
        ("models.sequences.guess", "Sequences"),
        ("models.sequences.neighbours", "NeighbourSettings"),
        ("models.sequences.neighbours", "SessionNeighbours"),
        ("models.sequences.repeats", "RepeatLags"),
        ("models.sequences.trending", "Trending"),
        ("models.silence", "Silence"),
        ("models.spc.autocorrelation", "LagOne"),
        ("models.spc.charts", "Cusum"),
        ("models.spc.charts", "Ewma"),
        ("models.spc.charts", "Shewhart"),
        ("models.spc.control", "Baseline"),
        ("models.spc.control", "ControlChart"),
        ("models.spc.rules", "Points"),
        ("models.spc.rules", "RunRules"),
        ("models.spc.spread", "Spread"),
        ("models.spc.subgroups", "Gatherer"),
        ("models.shop", "ShopSettings"),
        ("models.shop", "ShopShard"),
        ("river.linear_model.log_reg", "LogisticRegression"),
        ("river.optim.ada_grad", "AdaGrad"),
        ("river.optim.initializers", "Zeros"),
        ("river.optim.losses", "Hinge"),
        ("river.optim.losses", "Log"),
        ("river.optim.schedulers", "Constant"),
        ("river.preprocessing.scale", "StandardScaler"),
        ("river._river_rust.vectordict", "VectorDict"),
        # Contenders and detectors that are off unless chosen. A name is here though its package may not be: what
        # is not installed cannot be loaded, and the message says so.
        ("builtins", "int"),
        ("builtins", "tuple"),
        (
            "functools",
            "partial",
        ),  # River's confusion matrix and half-space trees; it calls nothing but what is on this list
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.random._mt19937", "MT19937"),
        ("numpy.random._pickle", "__bit_generator_ctor"),
        ("numpy.random._pickle", "__randomstate_ctor"),
        ("random", "Random"),
        ("river._river_rust.drift", "AdaptiveWindowing"),
        ("river.anomaly.gaussian", "GaussianScorer"),
        ("river.anomaly.hst", "HalfSpaceTrees"),
        ("river.anomaly.sad", "StandardAbsoluteDeviation"),
        ("river.anomaly.svm", "OneClassSVM"),
        ("river.drift.adwin", "ADWIN"),
        ("river.forest.adaptive_random_forest", "ARFClassifier"),
        ("river.forest.adaptive_random_forest", "BaseTreeClassifier"),
        ("river.metrics.accuracy", "Accuracy"),
        ("river.metrics.confusion", "ConfusionMatrix"),
        ("river.optim.sgd", "SGD"),
        ("river.proba.gaussian", "Gaussian"),
        ("river.stats.mean", "Mean"),
        ("river.stats.var", "Var"),
        ("river.tree.hoeffding_adaptive_tree_classifier", "HoeffdingAdaptiveTreeClassifier"),
        ("river.tree.nodes.arf_htc_nodes", "RandomLeafMajorityClass"),
        ("river.tree.nodes.branch", "NumericBinaryBranch"),
        ("river.tree.nodes.hatc_nodes", "AdaLeafClassifier"),
        ("river.tree.nodes.hatc_nodes", "AdaNumBinaryBranchClass"),
        ("river.tree.padded", "PaddedBranch"),
        ("river.tree.padded", "PaddedLeaf"),
        ("river.tree.splitter.gaussian_splitter", "GaussianSplitter"),
        ("sklearn.neural_network._multilayer_perceptron", "MLPClassifier"),
        ("sklearn.neural_network._stochastic_optimizers", "AdamOptimizer"),
        ("sklearn.preprocessing._label", "LabelBinarizer"),
    }
)
_PACKED: frozenset[tuple[str, str]] = frozenset(
    {
        ("models.customers", "Customer"),
        ("models.customers", "Example"),
        ("models.customers", "Granted"),
        ("models.customers", "Purchase"),
        ("models.offers.pending", "Click"),
        ("models.offers.pending", "Decision"),
        ("models.sequences.visit", "Visit"),
    }
)
"""What lies packed in the pickle (`models.packed`); no class is looked up for it by name."""


class SnapshotError(Exception):
    """A snapshot that cannot be used; the message says why, and the state is rebuilt by replay."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A shard's state and what it covers."""

    state: Any
    watermarks: dict[str, int]
    """The next offset of each topic: everything below is in the state."""
    views: tuple[int, ...]
    """The version of each part of the merged view that the state has adopted."""


class _Header(msgspec.Struct, frozen=True):
    river: str
    python: str
    layout: str
    watermarks: dict[str, int]
    views: tuple[int, ...]


def seal(snapshot: Snapshot, key: bytes) -> bytes:
    """Return the signed bytes of a snapshot."""
    return close(freeze(snapshot), snapshot, key)


def freeze(snapshot: Snapshot) -> bytes:
    """Return the state as of now; it may change afterwards."""
    return pickle.dumps(snapshot.state, protocol=5)


def close(frozen: bytes, snapshot: Snapshot, key: bytes) -> bytes:
    """Return the signed bytes of a frozen state; slow, and free to run in another thread."""
    header = msgspec.json.encode(
        _Header(
            version("river"), f"{sys.version_info.major}.{sys.version_info.minor}", layout(),
            snapshot.watermarks, snapshot.views,
        )
    )  # fmt: skip
    body = zlib.compress(frozen, 1)
    head = _PREFIX.pack(MAGIC, VERSION, len(header)) + header
    return head + hmac.digest(key, head + body, hashlib.sha256) + body


def unseal(raw: bytes, key: bytes) -> Snapshot:
    """Return the snapshot in ``raw``.

    Raises `SnapshotError` when it is cut, of another version, signed with another key, written by
    another river (its pickles do not carry over minor versions), or names a class not on the list.
    """
    try:
        magic, number, length = _PREFIX.unpack_from(raw)
    except struct.error as error:
        raise SnapshotError("The snapshot is cut off.") from error
    if magic != MAGIC or number != VERSION:
        raise SnapshotError(f"Not a snapshot of version {VERSION}.")
    start = _PREFIX.size + length
    head, signature, body = raw[:start], raw[start : start + 32], raw[start + 32 :]
    if not hmac.compare_digest(signature, hmac.digest(key, head + body, hashlib.sha256)):
        raise SnapshotError(
            "The snapshot's signature is wrong: it was damaged, or written with another key "
            "(TAILORLINE_SNAPSHOTS__KEY)."
        )
    header = msgspec.json.decode(head[_PREFIX.size :], type=_Header)
    if _minor(header.river) != _minor(version("river")):
        raise SnapshotError(
            f"Written by river {header.river}, here is {version('river')}: not compatible."
        )
    if header.layout != layout():
        raise SnapshotError("Written by another version of Tailorline's models: not compatible.")
    try:
        state = _Loader(io.BytesIO(zlib.decompress(body))).load()
    except (
        pickle.UnpicklingError,
        zlib.error,
        AttributeError,
        EOFError,
        ImportError,
        TypeError,
    ) as error:
        raise SnapshotError(f"The snapshot cannot be loaded: {error}") from error
    return Snapshot(state, header.watermarks, header.views)


@functools.cache
def layout() -> str:
    """Return a digest of what our own classes are made of: a state of another make is refused."""
    told = []
    for module, name in sorted(_ALLOWED | _PACKED):
        if module.startswith("models."):
            kind = getattr(importlib.import_module(module), name)
            # Of what is packed the order counts.
            made_of = getattr(kind, "_fields", ()) or getattr(kind, "__struct_fields__", ())
            if not made_of:  # a plain class: what its __init__ names
                code = getattr(kind.__init__, "__code__", None)
                made_of = sorted(getattr(kind, "__slots__", ()) or getattr(code, "co_names", ()))
            told.append(f"{module}.{name}: {', '.join(made_of)}")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _minor(full: str) -> list[str]:
    """Return the part of a River version that its pickles depend on."""
    return full.split(".")[:2]


class _Loader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not on the list of allowed classes")
        return getattr(importlib.import_module(module), name)
