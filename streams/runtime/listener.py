"""A consumer of all output topics: what a web shop, an operator and a planner would see."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, Self

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from schemas.deadletters import DeadLetter
from schemas.outputs import Advice, Alert, Offer
from schemas.topics import ADVICE, ALERTS, DEAD_LETTERS, OFFERS, OUTPUTS
from streams.demo.snapshot import Heard

_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    OFFERS.name: msgspec.json.Decoder(Offer),
    ALERTS.name: msgspec.json.Decoder(Alert),
    ADVICE.name: msgspec.json.Decoder(Advice),
}
_SHOWN = 20
# The embedded broker answers a waiting fetch only when its time is up, whatever comes meanwhile.
_SOON = {"fetch.wait.max.ms": 20}
_WAITING = 10_000


class Listener:
    """Reads in a thread of its own. Outputs come at least once: repeats are dropped by their id."""

    def __init__(self, config: Mapping[str, Any], partitions: int) -> None:
        self.alerts: list[Alert] = []
        self.advice: list[Advice] = []
        self.failure: Exception | None = None
        # Bounded, for nobody may come to take them.
        self._offers: deque[Offer] = deque(maxlen=_WAITING)
        self._latest: deque[Offer] = deque(maxlen=_SHOWN)
        self._alarms: dict[str, Alert] = {}
        self._received: Counter[str] = Counter()
        self._dead: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._repeats = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._consumer = Consumer(
            {**config, "group.id": "demo", "enable.auto.commit": False, **_SOON}
        )
        # All partitions from their beginning, without the seconds that joining a group takes.
        self._consumer.assign(
            [
                TopicPartition(topic.name, number, OFFSET_BEGINNING)
                for topic in OUTPUTS
                for number in range(partitions)
            ]
        )
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def take_offers(self) -> list[Offer]:
        """Return the offers that came since the last time: for the customers to react to."""
        with self._lock:
            offers = list(self._offers)
            self._offers.clear()
        return offers

    def heard(self) -> Heard:
        """Return what was heard so far."""
        with self._lock:
            return Heard(
                received=dict(self._received),
                repeats=self._repeats,
                offers=tuple(reversed(self._latest)),
                alarms=tuple(reversed(self._alarms.values())),
                dead_letters=dict(self._dead),
            )

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                for message in self._consumer.consume(500, 0.1):
                    if message.error() is None:
                        self._take(message)
        except Exception as error:  # noqa: BLE001 - told by whoever asks; a thread has no caller
            self.failure = error

    def _take(self, message: Any) -> None:
        topic = message.topic()
        if topic == DEAD_LETTERS.name:
            output: Any = DeadLetter.from_headers(dict(message.headers() or ()))
        else:
            output = _DECODERS[topic].decode(message.value())
        with self._lock:
            if not self._first_time(_id_of(output)):
                return
            self._received[topic] += 1
            if isinstance(output, Offer):
                self._offers.append(output)
                self._latest.append(output)
            elif isinstance(output, Alert):
                self.alerts.append(output)
                self._alarms.pop(output.alarm_id, None)
                if output.state == "active":
                    self._alarms[output.alarm_id] = output
            elif isinstance(output, Advice):
                self.advice.append(output)
            else:
                self._dead[output.reason] += 1

    def _first_time(self, name: str) -> bool:
        if name in self._seen:
            self._repeats += 1
            return False
        self._seen.add(name)
        return True


def _id_of(output: Offer | Alert | Advice | DeadLetter) -> str:
    match output:
        case Offer():
            return output.offer_id
        case Alert():
            return output.alert_id
        case Advice():
            return output.advice_id
        case DeadLetter():
            return output.id
