"""All settings: from the environment (``TAILORLINE_KAFKA__GROUP``) or a ``.env`` file."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.floor import FloorSettings
from models.itemsets.completion import CompletionSettings
from models.itemsets.counts import ItemsetSettings
from models.merge import MergeSettings
from models.offers.settings import OfferSettings
from models.options.counts import OptionSettings
from models.propensity.settings import ContestSettings, Family, Pin
from models.sequences.guess import SequenceSettings
from models.shop import ShopSettings

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]
_PUBLISHED = 100
"""Rows of co-visits that a shard publishes in one go: few, for the room is often less (`streams.pace`)."""


class KafkaSettings(BaseModel):
    """The broker, and how this worker reads from and writes to it."""

    bootstrap_servers: str = Field(
        "localhost:9092", description="Comma-separated host:port of the brokers."
    )
    group: str = Field(
        "tailorline",
        description="Consumer group of all workers that share the work. One group per store prefix: "
        "two would take each other's shards.",
    )
    instance_id: str = Field(
        "", description="Static member id (one per worker, e.g. the pod's name); empty: dynamic."
    )
    start: Literal["earliest", "latest"] = Field(
        "earliest", description="Where a partition begins that the store has never seen."
    )
    session_timeout_ms: Positive = Field(
        10_000, description="A worker silent for so long loses its partitions."
    )
    batch: Positive = Field(
        2_000, description="Most events per poll; they are handed on in one batch per shard."
    )
    transactions: bool = Field(
        False,
        description="Producers of the input topics use transactions, whose markers leave gaps in "
        "the offsets. Without, a gap stops the worker: events are missing.",
    )
    max_unconfirmed: Positive = Field(
        5_000, description="Outputs per shard that Kafka may owe a confirmation before it waits."
    )
    poll_seconds: Seconds = Field(0.03, description="Longest wait for a poll to fill.")
    fetch_wait_ms: Positive = Field(
        100,
        description="Longest that the broker holds a fetch open for new events. Real brokers answer "
        "when there are some; the embedded one only then, so there it is the latency.",
    )
    max_pending: Positive = Field(
        5_000, description="Events in memory per shard before its partitions are paused."
    )
    max_pending_bytes: Positive = Field(
        32 * 1024 * 1024,
        description="The same in bytes, of all shards of a worker together.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to talk to the brokers."
    )
    sasl_mechanism: str = Field("", description="For example SCRAM-SHA-512.")
    sasl_username: str = Field("", description="SASL user name.")
    sasl_password: SecretStr = Field(SecretStr(""), description="SASL password.")
    ssl_ca_location: str = Field("", description="File with the CA certificates.")
    debug: str = Field("", description="librdkafka's debug contexts, e.g. cgrp,fetch; to stderr.")

    def client_config(self) -> dict[str, Any]:
        """Return the librdkafka settings that every client of ours shares."""
        config: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
        }
        if self.sasl_mechanism:
            config["sasl.mechanism"] = self.sasl_mechanism
            config["sasl.username"] = self.sasl_username
            config["sasl.password"] = self.sasl_password.get_secret_value()
        if self.debug:
            config["debug"] = self.debug
        if self.ssl_ca_location:
            config["ssl.ca.location"] = self.ssl_ca_location
        return config


class StoreSettings(BaseModel):
    """Redis or Valkey."""

    url: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"),
        description="redis://, rediss:// (TLS) or unix://, with user and password if any.",
    )
    prefix: str = Field("tl", description="First part of every key.", pattern=r"^[\w.-]{1,32}$")
    timeout_s: Seconds = Field(5.0, description="Longest wait for one answer.")
    retry_s: Seconds = Field(
        60.0, description="How long a store that does not answer is tried before the worker stops."
    )
    batch_changes: Positive = Field(
        50_000,
        description="A batch that wants about so many changes of the store is applied before it "
        "goes on: the store does nothing else meanwhile.",
    )
    batch_s: Seconds = Field(
        0.05,
        description="A batch whose steps have taken so long is applied as far as it is: what else the "
        "worker has to do waits no longer.",
    )
    row_ttl_s: int = Field(
        400 * 86400, ge=0, description="Rows of counts untouched for so long go; 0: never."
    )
    keep_history: bool = Field(
        False,
        description="Keep the whole journal of each shard, for audits and fault tests. It grows "
        "without end.",
    )
    on_loss: Literal["refuse", "replay", "skip"] = Field(
        "refuse",
        description="When the store is empty though the group has read before: stop and say so, "
        "rebuild from the earliest event that Kafka still has, or go on from where the group was.",
    )


class SnapshotSettings(BaseModel):
    """Snapshots of the shards' models."""

    key: SecretStr = Field(
        SecretStr(""),
        description="Secret that signs snapshots (HMAC). Must be set, and the same for all workers.",
    )
    every_s: Seconds = Field(30.0, description="How often each shard is snapshotted.")


class GuardSettings(BaseModel):
    """When a worker stops instead of going on: failing steps, steps without end, no progress."""

    max_consecutive: Positive = Field(100, description="Most failures of steps in a row.")
    max_ratio: float = Field(0.05, ge=0, le=1, description="Largest share of failures.")
    window: Positive = Field(1_000, description="Events that the share is taken over.")
    step_s: Seconds = Field(
        20.0,
        description="A step that has not come back after so long ends the worker; its event is a "
        "dead letter from then on.",
    )
    max_quarantine: Positive = Field(
        100,
        description="Most events per shard kept from their steps because these never came back.",
    )
    stall_s: Seconds = Field(
        120.0,
        description="So long without progress, though there are events to read, ends the worker.",
    )


class WebSettings(BaseModel):
    """/healthz, /readyz and /metrics."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(6066, ge=1, le=65535, description="Port; one per worker on a machine.")


class MergeTimes(BaseModel):
    """The merged view."""

    every_s: Seconds = Field(1.0, description="How often changed rows are merged and published.")
    rows: Positive = Field(2_000, description="Most rows merged in one go; the rest comes next.")


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        # Not "forbid": a .env file is shared with docker compose, and holds its settings too. What
        # begins with our prefix and is no setting is pointed out by `config show` and `doctor`.
        env_prefix="TAILORLINE_", env_nested_delimiter="__", env_file=".env", extra="ignore",
    )  # fmt: skip

    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    snapshots: SnapshotSettings = SnapshotSettings()
    guard: GuardSettings = GuardSettings()
    web: WebSettings = WebSettings()
    merging: MergeTimes = MergeTimes()
    itemsets: ItemsetSettings = Field(
        default_factory=ItemsetSettings, description="How baskets are counted."
    )
    completion: CompletionSettings = Field(
        default_factory=CompletionSettings, description="How a cart is completed."
    )
    options: OptionSettings = Field(
        default_factory=OptionSettings, description="How configurations are counted."
    )
    rules: MergeSettings = Field(
        default_factory=MergeSettings, description="Which rules and rows are published."
    )
    sequences: SequenceSettings = Field(
        default_factory=SequenceSettings, description="How views are learnt from."
    )
    offers: OfferSettings = Field(default_factory=OfferSettings, description="How offers are made.")
    propensity: ContestSettings = Field(
        default_factory=ContestSettings, description="Which classifiers compete to serve."
    )
    clicks: ContestSettings = Field(
        default_factory=ContestSettings,
        description="The same for the clicks on offers; whoever serves ranks all candidates.",
    )
    floor: FloorSettings = Field(
        default_factory=FloorSettings, description="Sensor scores and alarms."
    )
    session_window_s: Seconds = Field(
        1800.0, description="A session silent for so long has ended; also the label's window."
    )
    max_customers: Positive = Field(50_000, description="Most customer profiles per shard.")
    max_skus: Positive = Field(
        50_000,
        description="Most articles per shard whose orders are counted, and most that are known from the "
        "catalogue; those not ordered, or not told of, for longest are forgotten.",
    )
    seen_ids: Positive = Field(
        50_000,
        description="Latest event ids per shop shard and topic that repeats are recognised by.",
    )
    tick_s: Seconds = Field(5.0, description="A shard without events for so long gets a tick.")
    audit_every_s: float = Field(
        3600.0,
        ge=0,
        description="How often each shop shard's counts of itemsets are held against exact mining "
        "of its kept baskets; 0: never. Needs the extra audit.",
    )
    shutdown_s: Seconds = Field(25.0, description="Longest orderly stop; then the process exits.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    log_format: Literal["json", "console"] = Field("json", description="How logs look.")

    @field_validator("propensity", "clicks")
    @classmethod
    def _installed(cls, contest: ContestSettings) -> ContestSettings:
        if "mlp" in contest.contenders and find_spec("sklearn") is None:
            raise ValueError(
                "the contender mlp needs scikit-learn, which is not installed: "
                "pip install 'tailorline[mlp]', or leave it out"
            )
        return contest

    def shop(self) -> ShopSettings:
        """Return the settings of a shop shard.

        Without the pins: they are an operator's word which holds at the next start, while a shard
        goes on with the model settings that it was begun with.
        """
        return ShopSettings(
            itemsets=self.itemsets, completion=self.completion, options=self.options,
            sequences=self.sequences, offers=self.offers,
            propensity=replace(self.propensity, pin="none"),
            clicks=replace(self.clicks, pin="none"),
            session_window_s=self.session_window_s, max_customers=self.max_customers,
            max_skus=self.max_skus, seen_ids=self.seen_ids, publish_rows=_PUBLISHED,
        )  # fmt: skip

    def pins(self) -> dict[Family, Pin]:
        """Return who is to serve whatever the contests say, by what it is about."""
        return {"propensity": self.propensity.pin, "clicks": self.clicks.pin}

    def view_rows(self) -> int:
        """Return the most articles in a part of the merged view: as many as a shard knows."""
        return self.max_skus + self.sequences.max_items

    def signing_key(self) -> bytes:
        """Return the key that signs snapshots; ``ValueError`` if none is set."""
        key = self.snapshots.key.get_secret_value()
        if not key:
            raise ValueError(
                "TAILORLINE_SNAPSHOTS__KEY is not set. Snapshots are signed; set the same secret "
                "for all workers, for example the output of `openssl rand -hex 32`."
            )
        return key.encode()
