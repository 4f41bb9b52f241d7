"""``tailorline topics``."""

from pathlib import Path

import pytest

from schemas.export import documents
from schemas.topics import TOPICS
from streams.doctor.facts import BrokerFacts, TopicFacts
from streams.doctor.topics import topic_findings
from streams.runtime.admin import topic_config


def test_check_is_content_with_what_the_embedded_broker_has(run, installed):
    result = run("topics", "check", **installed.env)
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["ok"] * (len(TOPICS) + 3)
    assert "equal (clickstream 4, orders 4, catalogue 4)" in result.stdout


def test_create_says_that_the_embedded_broker_needs_none(run, installed):
    result = run("topics", "create", **installed.env)
    assert result.exit_code == 1
    assert "makes them by itself, with 4 partitions" in result.stderr


def test_a_broker_that_is_not_there_is_said_with_its_address(run, impatient):
    env = {"TAILORLINE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    result = run("topics", "check", **env)
    assert result.exit_code == 1
    assert "No answer from the broker at 127.0.0.1:1" in result.stderr


@pytest.mark.parametrize("option", ["--partitions", "--replication"])
def test_numbers_below_one_are_refused(run, option):
    assert run("topics", "create", option, "0").exit_code == 2


def test_export_writes_what_the_code_says(run, tmp_path: Path):
    folder = tmp_path / "new" / "schemas"
    stale = folder / "json" / "gone.schema.json"
    stale.parent.mkdir(parents=True)
    stale.touch()
    assert run("topics", "export", str(folder)).exit_code == 0
    written = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert written == documents()


def test_export_to_where_it_may_not_says_so(run, tmp_path: Path):
    (tmp_path / "file").touch()
    result = run("topics", "export", str(tmp_path / "file"))
    assert result.exit_code == 1
    assert "Choose a folder that you may write to" in result.stderr


def facts(**changes: TopicFacts | None) -> BrokerFacts:
    """A broker that has all topics as they must be, but for some."""
    topics = {
        t.name: TopicFacts(4, 3, {"cleanup.policy": "delete", **topic_config(t)}) for t in TOPICS
    }
    for name, changed in changes.items():
        topics.pop(name)
        if changed is not None:
            topics[name] = changed
    return BrokerFacts("c", 3, "", embedded=False, topics=topics)


def config(**changes: str) -> dict[str, str]:
    good = {"retention.ms": "604800000", "max.message.bytes": "1048576", "cleanup.policy": "delete"}
    return good | {name.replace("_", "."): value for name, value in changes.items()}


def test_topics_made_from_the_table_are_all_right():
    assert {finding.level for finding in topic_findings(facts())} == {"ok"}


@pytest.mark.parametrize(
    ("topic", "changed", "level", "text", "remedy"),
    [
        ("orders", None, "wrong", "is not there", "topics create"),
        ("orders", TopicFacts(4, 1, config()), "warn", "one broker only", "3 replicas"),
        ("orders", TopicFacts(4, 3, config(retention_ms="3600000")), "wrong",
         "is kept 1 h, not 168 h", "retention.ms=604800000"),
        ("offers", TopicFacts(4, 3, config(retention_ms="3600000")), "warn",
         "is kept 1 h, not 168 h", "retention.ms=604800000"),
        ("orders", TopicFacts(4, 3, config(retention_ms="-1")), "warn",
         "kept for ever", "retention.ms=604800000"),
        ("orders", TopicFacts(4, 3, config(max_message_bytes="500000")), "warn",
         "up to 500,000 bytes", "max.message.bytes=1048576"),
        ("orders", TopicFacts(4, 3, config(max_message_bytes="1000")), "wrong",
         "up to 1,000 bytes", "max.message.bytes=1048576"),
        ("offers", TopicFacts(4, 3, config(max_message_bytes="500000")), "wrong",
         "up to 500,000 bytes", "max.message.bytes=1048576"),
        ("sensors", TopicFacts(4, 3, config(cleanup_policy="compact,delete")), "wrong",
         "is compacted", "cleanup.policy=delete"),
        ("catalogue", None, "wrong", "is not there", "topics create"),
        ("catalogue", TopicFacts(4, 3, config()), "warn",
         "does not get to know it", "cleanup.policy=compact"),
        ("catalogue", TopicFacts(4, 3, config(cleanup_policy="compact,delete")), "warn",
         "not told again for 168 h", "cleanup.policy=compact"),
        ("catalogue", TopicFacts(4, 3, config(cleanup_policy="compact", max_message_bytes="9")),
         "wrong", "up to 9 bytes", "max.message.bytes=1048576"),
    ],
)  # fmt: skip
def test_what_differs_from_the_table_is_said_with_its_remedy(topic, changed, level, text, remedy):
    bad = [each for each in topic_findings(facts(**{topic: changed})) if each.level != "ok"]
    assert len(bad) == 1
    assert (bad[0].level, bad[0].subject) == (level, f"topic {topic}")
    assert text in bad[0].text
    assert remedy in bad[0].remedy


def test_longer_retention_and_larger_messages_are_nobodys_trouble():
    roomy = TopicFacts(4, 3, config(retention_ms="2592000000", max_message_bytes="9999999"))
    assert {each.level for each in topic_findings(facts(orders=roomy))} == {"ok"}


def test_the_catalogue_is_kept_for_ever_one_way_or_the_other():
    for good in (config(cleanup_policy="compact", retention_ms="1000"), config(retention_ms="-1")):
        found = topic_findings(facts(catalogue=TopicFacts(4, 3, good)))
        assert {each.level for each in found} == {"ok"}
        assert any("kept for ever" in e.text for e in found if e.subject == "topic catalogue")


def test_unequal_partitions_of_one_flow_are_wrong():
    found = topic_findings(facts(clickstream=TopicFacts(8, 3, config())))
    bad = [each for each in found if each.level != "ok"]
    assert [each.level for each in bad] == ["wrong"]
    assert "unequal (clickstream 8, orders 4, catalogue 4)" in bad[0].text
    assert "give orders and catalogue 8 partitions" in bad[0].remedy


def test_sensors_may_have_another_number_of_partitions():
    month = config(retention_ms=str(30 * 86_400_000))
    other = facts(sensors=TopicFacts(9, 3, config()), commands=TopicFacts(9, 3, month))
    assert {e.level for e in topic_findings(other)} == {"ok"}


def test_settings_that_the_broker_does_not_tell_are_not_called_good():
    bad = [e for e in topic_findings(facts(orders=TopicFacts(4, 3))) if e.level != "ok"]
    assert [(e.level, e.subject) for e in bad] == [("warn", "topic settings")]
    assert "orders" in bad[0].text
