"""What is known at one moment of the demo: plain data, that screen and report are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.itemsets.rules import Rule
from schemas.outputs import Alert, Offer


@dataclass(frozen=True, slots=True)
class Latency:
    """Quantiles in milliseconds; None before anything was measured."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """An input topic: what was published to it, and what became of that."""

    published: int = 0
    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Rejected, by reason."""
    lag: int = 0
    """Published and confirmed, but not yet applied."""
    rate: float = 0.0
    """Events a second, over the last few seconds."""
    latency: Latency = Latency()


@dataclass(frozen=True, slots=True)
class Output:
    """An output topic: what the workers say they sent, and what came to a consumer of it."""

    sent: int = 0
    received: int = 0
    latency: Latency = Latency()


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker process. Memory is known on Linux only."""

    name: str
    state: str
    shards: int = 0
    memory_mb: float | None = None
    peak_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Propensity:
    """How well buying is foretold, scored before learning; the shards' means by their examples."""

    examples: int = 0
    positives: int = 0
    auc: float | None = None
    """None as long as all sessions had the same outcome."""
    log_loss: float = 0.0
    base_rate_log_loss: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a consumer of the output topics has heard; repeats are dropped by their ids."""

    received: Mapping[str, int] = field(default_factory=dict)
    repeats: int = 0
    offers: tuple[Offer, ...] = ()
    """The latest ones, newest first."""
    alarms: tuple[Alert, ...] = ()
    """Those that are active, newest first."""
    dead_letters: Mapping[str, int] = field(default_factory=dict)
    """By reason."""


@dataclass(frozen=True, slots=True)
class Planted:
    """What was hidden in the simulation, and how much of it has been found so far."""

    faults: int = 0
    faults_found: int = 0
    affinities: int = 0
    affinities_found: int = 0
    pairs: frozenset[frozenset[str]] = frozenset()
    """The planted pairs, to mark their rules."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it."""

    elapsed_s: float = 0.0
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    workers: tuple[WorkerState, ...] = ()
    rules: tuple[Rule, ...] = ()
    """The best ones, each pair of articles once."""
    rules_total: int = 0
    propensity: Propensity = Propensity()
    misrouted: int = 0
    heard: Heard = Heard()
    planted: Planted | None = None
