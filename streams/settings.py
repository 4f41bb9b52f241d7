"""All settings: from the environment (``TAILORLINE_KAFKA__GROUP``) or a ``.env`` file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.floor import FloorSettings
from models.itemsets.counts import ItemsetSettings
from models.merge import MergeSettings
from models.offers.limits import OfferSettings
from models.sequences.guess import SequenceSettings
from models.shop import ShopSettings

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


class KafkaSettings(BaseModel):
    """The broker, and how this worker reads from and writes to it."""

    bootstrap_servers: str = Field(
        "localhost:9092", description="Comma-separated host:port of the brokers."
    )
    group: str = Field("tailorline", description="Consumer group; also part of the store's keys.")
    instance_id: str = Field(
        "", description="Static member id (one per worker, e.g. the pod's name); empty: dynamic."
    )
    start: Literal["earliest", "latest"] = Field(
        "earliest", description="Where a partition begins that the store has never seen."
    )
    session_timeout_ms: Positive = Field(
        10_000, description="A worker silent for so long loses its partitions."
    )
    batch: Positive = Field(500, description="Most events per poll.")
    poll_seconds: Seconds = Field(0.05, description="Longest wait for a poll to fill.")
    max_pending: Positive = Field(
        5_000, description="Events in memory per shard before its partitions are paused."
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to talk to the brokers."
    )
    sasl_mechanism: str = Field("", description="For example SCRAM-SHA-512.")
    sasl_username: str = Field("", description="SASL user name.")
    sasl_password: SecretStr = Field(SecretStr(""), description="SASL password.")
    ssl_ca_location: str = Field("", description="File with the CA certificates.")

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
    row_ttl_s: int = Field(
        400 * 86400, ge=0, description="Rows of counts untouched for so long go; 0: never."
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
    """When failing steps stop the worker instead of filling the dead letters."""

    max_consecutive: Positive = Field(100, description="Most failures of steps in a row.")
    max_ratio: float = Field(0.05, ge=0, le=1, description="Largest share of failures.")
    window: Positive = Field(1_000, description="Events that the share is taken over.")
    stall_s: Seconds = Field(
        120.0, description="A batch longer in work than this stops the worker."
    )


class WebSettings(BaseModel):
    """/healthz, /readyz and /metrics."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(6066, ge=0, le=65535, description="Port; 0 takes a free one.")


class MergeTimes(BaseModel):
    """The merged view."""

    every_s: Seconds = Field(1.0, description="How often changed rows are merged and published.")
    rows: Positive = Field(2_000, description="Most rows merged in one go; the rest comes next.")


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="TAILORLINE_", env_nested_delimiter="__", env_file=".env", extra="forbid"
    )

    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    snapshots: SnapshotSettings = SnapshotSettings()
    guard: GuardSettings = GuardSettings()
    web: WebSettings = WebSettings()
    merging: MergeTimes = MergeTimes()
    itemsets: ItemsetSettings = Field(
        default_factory=ItemsetSettings, description="How baskets are counted."
    )
    rules: MergeSettings = Field(
        default_factory=MergeSettings, description="Which rules and rows are published."
    )
    sequences: SequenceSettings = Field(
        default_factory=SequenceSettings, description="How views are learnt from."
    )
    offers: OfferSettings = Field(default_factory=OfferSettings, description="How offers are made.")
    floor: FloorSettings = Field(
        default_factory=FloorSettings, description="Sensor scores and alarms."
    )
    session_window_s: Seconds = Field(
        1800.0, description="A session silent for so long has ended; also the label's window."
    )
    max_customers: Positive = Field(50_000, description="Most customer profiles per shard.")
    tick_s: Seconds = Field(5.0, description="A shard without events for so long gets a tick.")
    shutdown_s: Seconds = Field(25.0, description="Longest orderly stop; then the process exits.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    log_format: Literal["json", "console"] = Field("json", description="How logs look.")

    def shop(self) -> ShopSettings:
        """Return the settings of a shop shard."""
        return ShopSettings(
            itemsets=self.itemsets, sequences=self.sequences, offers=self.offers,
            session_window_s=self.session_window_s, max_customers=self.max_customers,
        )  # fmt: skip

    def signing_key(self) -> bytes:
        """Return the key that signs snapshots; ``ValueError`` if none is set."""
        key = self.snapshots.key.get_secret_value()
        if not key:
            raise ValueError(
                "TAILORLINE_SNAPSHOTS__KEY is not set. Snapshots are signed; set the same secret "
                "for all workers, for example the output of `openssl rand -hex 32`."
            )
        return key.encode()
