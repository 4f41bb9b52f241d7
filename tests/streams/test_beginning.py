"""Where a partition is read from, and gaps that are explained or not."""

import pytest
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, OFFSET_INVALID

from streams.continuity import Gap
from streams.errors import StateLost
from streams.metrics import Metrics
from streams.runtime import beginning
from streams.runtime.beginning import GapJudge, first_offset
from streams.settings import KafkaSettings, Settings, StoreSettings

HERE = ("orders", 3)


def settings(on_loss="refuse", start="earliest", *, transactions=False) -> Settings:
    return Settings(
        _env_file=None,
        store=StoreSettings(on_loss=on_loss),
        kafka=KafkaSettings(start=start, transactions=transactions),
    )


@pytest.mark.parametrize("on_loss", ["refuse", "replay", "skip"])
@pytest.mark.parametrize("committed", [OFFSET_INVALID, 0, 7])
@pytest.mark.parametrize("stored", [0, 5])
def test_the_store_is_the_truth(on_loss, committed, stored):
    assert first_offset(settings(on_loss), HERE, committed, stored) == stored


def test_a_store_that_forgot_what_the_group_read_is_refused_with_the_choices():
    with pytest.raises(StateLost, match=r"orders\[3\].*read up to 1\b.*ON_LOSS.*`replay`.*`skip`"):
        first_offset(settings(), HERE, 1, None)


@pytest.mark.parametrize(("on_loss", "begins"), [("replay", OFFSET_BEGINNING), ("skip", 7)])
def test_the_operator_chooses_what_becomes_of_a_loss(on_loss, begins):
    # `start` is for groups that have read nothing yet.
    assert first_offset(settings(on_loss, "latest"), HERE, 7, None) == begins


@pytest.mark.parametrize("committed", [OFFSET_INVALID, 0])
@pytest.mark.parametrize(
    ("start", "begins"), [("earliest", OFFSET_BEGINNING), ("latest", OFFSET_END)]
)
def test_what_was_never_read_begins_by_the_settings(committed, start, begins):
    assert first_offset(settings(start=start), HERE, committed, None) == begins


@pytest.mark.parametrize(("on_loss", "committed"), [("skip", 7), ("replay", 7), ("refuse", 0)])
def test_a_catalogue_is_read_whole_for_what_does_not_change_is_told_only_once(on_loss, committed):
    chosen = settings(on_loss, "latest")
    assert first_offset(chosen, ("catalogue", 3), committed, None) == OFFSET_BEGINNING
    assert first_offset(chosen, ("catalogue", 3), committed, 5) == 5


class Policies:
    """Stands for the broker's settings of topics."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.asked: list[str] = []

    def __call__(self, settings: Settings, topic: str) -> str:
        self.asked.append(topic)
        return self.policy


def judge_of(monkeypatch, policy: str, *, transactions=False) -> tuple[GapJudge, Policies, Metrics]:
    policies, metrics = Policies(policy), Metrics()
    monkeypatch.setattr(beginning, "cleanup_policy", policies)
    return GapJudge(settings(transactions=transactions), metrics), policies, metrics


@pytest.mark.parametrize(
    ("policy", "transactions"), [("compact", False), ("compact,delete", False), ("delete", True)]
)
def test_a_gap_that_is_explained_passes_and_is_counted(monkeypatch, policy, transactions):
    judge, policies, metrics = judge_of(monkeypatch, policy, transactions=transactions)
    judge.judge(HERE, Gap(4, 6))
    judge.judge(HERE, Gap(8, 9))
    assert policies.asked == ["orders"]
    assert b'tailorline_offset_gaps_total{topic="orders"} 2.0' in metrics.exposition()


def test_a_gap_that_nothing_explains_names_the_offsets_and_the_choices(monkeypatch):
    judge, _, metrics = judge_of(monkeypatch, "delete")
    with pytest.raises(StateLost, match=r"orders\[3\]: the offsets 4 to 5 .*shards reset shop-3"):
        judge.judge(HERE, Gap(4, 6))
    assert b'tailorline_offset_gaps_total{topic="orders"} 1.0' in metrics.exposition()
