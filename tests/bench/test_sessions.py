"""The protocols on a made-up log: who may learn when, and what is scored."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from rich.console import Console

from bench.sessions.clicks import Click, DataError, find, load
from bench.sessions.protocols import run
from bench.sessions.recommenders import BASELINES, CoVisitation, Ours, OwnSession, Popularity, best
from bench.sessions.run import bench_sessions, show

HEAD = "SessionId\tItemId\tTime\n"
TRAIN = [Click(f"s{n}", item, n * 10.0 + k) for n in range(20) for k, item in enumerate("ab")]
TEST = [Click("t1", "a", 1000), Click("t1", "b", 1001), Click("t1", "a", 1002)]


def write(folder: Path, name: str, clicks: list[Click], *, packed: bool = False) -> None:
    text = HEAD + "".join(f"{one.session}\t{one.item}\t{one.at}\n" for one in clicks)
    if packed:
        (folder / f"{name}.tsv.gz").write_bytes(gzip.compress(text.encode()))
    else:
        (folder / f"{name}.tsv").write_text(text)


def test_clicks_come_by_time_plain_or_packed(tmp_path: Path) -> None:
    write(tmp_path, "train", [Click("1", "x", 5), Click("1", "y", 3), Click("2", "z", 5)])
    write(tmp_path, "test", TEST, packed=True)
    assert [click.item for click in load(find(tmp_path, "train"))] == ["y", "x", "z"]
    assert load(find(tmp_path, "test")) == TEST


def test_what_is_lacking_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"neither train.tsv nor train.tsv.gz"):
        find(tmp_path, "train")
    path = tmp_path / "train.tsv"
    path.write_text("SessionId\tTime\n1\t2\n")
    with pytest.raises(DataError, match="ItemId"):
        load(path)
    path.write_text(HEAD + "1\ta\tnoon\n")
    with pytest.raises(DataError, match="line 2"):
        load(path)


def test_the_first_click_of_a_session_is_not_guessed() -> None:
    outcome = run(Ours(), TRAIN, TEST, "online")
    assert len(outcome.everything) == 2  # of three clicks
    # b is guessed; that a comes again no session has ever shown.
    assert outcome.everything.ranks == [1.0, 0.0]
    assert outcome.learnt == len(TRAIN)


def test_a_target_of_the_session_is_no_new_one() -> None:
    outcome = run(Ours(), TRAIN, TEST, "online")
    assert len(outcome.fresh) == 1  # b; the second a was seen
    metrics = outcome.metrics("online", intervals=True)
    assert metrics["n_online"] == 2
    assert metrics["n_new_online"] == 1
    assert metrics["hr20_new_online"] == 1.0
    assert metrics["hr20_new_online_low"] == 1.0


def test_frozen_learns_nothing_in_the_test() -> None:
    # x -> y appears in the test only.
    test = [Click(f"t{n}", item, 1000.0 + n) for n in range(5) for item in "xy"]
    assert run(CoVisitation(cosine=False), TRAIN, test, "frozen").everything.hit_rate == 0
    assert run(CoVisitation(cosine=False), TRAIN, test, "online").everything.hit_rate == 4 / 5


def test_prequential_takes_the_whole_stream_after_a_warm_up() -> None:
    outcome = run(OwnSession(), TRAIN, TEST, "prequential")
    stream = len(TRAIN) + len(TEST)
    assert outcome.learnt == int(stream * 0.2)
    # Every second click of the rest is its session's first; one more is of a session of three.
    assert len(outcome.everything) == 18


def test_a_session_goes_on_from_the_warm_up_to_the_test() -> None:
    stream = [Click("s", item, n) for n, item in enumerate("abcda")]
    outcome = run(OwnSession(), stream, [], "prequential")
    assert len(outcome.everything) == 4  # b to a: the session began in the warm-up
    assert outcome.everything.hit_rate == 1 / 4


def test_best_is_sorted_without_what_is_excluded_and_ties_are_settled() -> None:
    found = best({"a": 1.0, "b": 3.0, "c": 1.0, "d": 0.0, "e": 2.0}, 3, {"e"})
    assert found == ["b", "c", "a"]


def test_the_list_of_the_popular_is_that_of_all_counts() -> None:
    popularity = Popularity(half_life_s=50.0, kept=5)
    counts: dict[str, float] = {}
    for n in range(3_000):
        item = f"i{(n * n) % 97 % (7 + n // 100)}"
        popularity.learn("s", item, float(n))
        counts[item] = counts.get(item, 0.0) + 2 ** ((n - 3_000) / 50.0)
    exact = sorted(counts, key=lambda item: -counts[item])[:5]
    assert popularity.guess("s", 5, frozenset()) == exact


def test_cosine_divides_by_how_common_an_article_is() -> None:
    knn = CoVisitation(cosine=True)
    for n in range(10):
        for item in ("common", "a") if n < 3 else ("common", f"x{n}"):
            knn.learn(f"s{n}", item, 0.0)
    for n in range(2):
        for item in ("rare", "a"):
            knn.learn(f"r{n}", item, 0.0)
    knn.see("t", "a")
    assert knn.guess("t", 2, frozenset()) == ["rare", "common"]


def test_the_whole_bench(tmp_path: Path) -> None:
    write(tmp_path, "train", TRAIN, packed=True)
    write(tmp_path, "test", TEST)
    console = Console(quiet=True)
    report = bench_sessions(tmp_path, console)
    show(report, console)
    assert report.data == ["train.tsv.gz", "test.tsv"]
    assert report.results["n"] == 2
    names = {f"{m}_{p}" for m in ("hr20", "mrr20") for p in ("online", "frozen", "prequential")}
    assert names | {"us_per_recommendation"} <= report.results.keys()
    # The published figures belong to other files.
    assert set(report.baselines) == set(BASELINES)
    report.write(tmp_path / "new" / "out.json")
    assert (tmp_path / "new" / "out.json").read_text().startswith("{")
