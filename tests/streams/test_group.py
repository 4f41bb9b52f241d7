"""When a consumer is given up for a new one."""

import orjson
import pytest

from streams.runtime.group import Coordinator, consumer_config, coordinator_of
from streams.settings import KafkaSettings


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def told(state: str, connection: str) -> bytes:
    return orjson.dumps(
        {"cgrp": {"state": state}, "brokers": {"GroupCoordinator": {"state": connection}}}
    )


UP = told("up", "UP")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def coordinator(clock: Clock) -> Coordinator:
    return Coordinator(30.0, clock)


@pytest.mark.parametrize(
    "statistics", [told("query-coord", "INIT"), told("up", "TRY_CONNECT"), told("wait-coord", "UP"), b"{}"]
)  # fmt: skip
def test_a_coordinator_out_of_reach_is_lost_after_the_patience(coordinator, clock, statistics):
    coordinator.told(UP)
    coordinator.told(statistics)
    clock.now += 30.0
    coordinator.told(statistics)
    assert not coordinator.is_lost
    clock.now += 0.1
    assert coordinator.is_lost


def test_one_that_came_back_is_not_lost(coordinator, clock):
    coordinator.told(told("up", "INIT"))
    clock.now += 29.0
    coordinator.told(UP)
    clock.now += 29.0
    coordinator.told(told("up", "INIT"))
    clock.now += 29.0
    assert not coordinator.is_lost


def test_one_that_was_told_nothing_is_not_lost(coordinator):
    assert not coordinator.is_lost


def test_the_group_gives_up_first():
    kafka = KafkaSettings(session_timeout_ms=45_000)
    clock = Clock()
    coordinator = coordinator_of(kafka, clock)
    coordinator.told(told("up", "INIT"))
    clock.now += 75.0
    assert not coordinator.is_lost
    clock.now += 0.1
    assert coordinator.is_lost


def test_the_consumer_tells_its_coordinator():
    coordinator = Coordinator()
    config = consumer_config(KafkaSettings(instance_id="a"), coordinator)
    assert config["stats_cb"] == coordinator.told
    assert config["statistics.interval.ms"] > 0
    assert config["group.instance.id"] == "a"
