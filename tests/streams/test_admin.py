"""Topics on the broker: those that are lacking are named with what to do, and how new ones are made."""

import pytest

from schemas.topics import CATALOGUE, ORDERS, TOPICS
from streams.errors import Misconfigured
from streams.runtime import admin, embedded
from streams.runtime.admin import cleanup_policy, partition_counts, topic_config, topic_ids
from streams.runtime.embedded import EmbeddedBroker
from streams.settings import KafkaSettings, Settings


def settings(broker: EmbeddedBroker) -> Settings:
    return Settings(_env_file=None, kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers))


def test_a_topic_that_is_new_in_this_version_is_asked_for_by_name(monkeypatch):
    older = tuple(topic for topic in TOPICS if topic is not CATALOGUE)
    monkeypatch.setattr(embedded, "TOPICS", older)
    broker = EmbeddedBroker()
    told = (
        r"Topics lacking on 127\.0\.0\.1:\d+: catalogue\. Make them with `tailorline topics create`"
    )
    with pytest.raises(Misconfigured, match=told):
        partition_counts(settings(broker), wait_s=0.0)


def test_with_all_topics_there_the_partitions_are_told():
    broker = EmbeddedBroker()
    assert partition_counts(settings(broker), wait_s=0.0) == {topic.name: 4 for topic in TOPICS}


def test_the_embedded_broker_is_not_waited_for_to_tell_what_it_does_not_know(monkeypatch):
    monkeypatch.setattr(admin, "_ANSWER_S", 600.0)  # longer than a test may take
    broker = EmbeddedBroker()
    assert topic_ids(settings(broker), ["orders"]) == {}
    assert cleanup_policy(settings(broker), "orders") == "delete"


def test_the_catalogue_keeps_the_last_event_of_each_article_and_others_go_by_age():
    assert topic_config(ORDERS) == {"retention.ms": "604800000", "max.message.bytes": "1048576"}
    assert topic_config(CATALOGUE) == topic_config(ORDERS) | {
        "cleanup.policy": "compact", "min.compaction.lag.ms": "604800000",
    }  # fmt: skip
