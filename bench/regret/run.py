"""``tailorline bench regret``: what the default policy loses, beside others with the same customers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from scipy.stats import bootstrap

from bench.regret.play import Played, play
from bench.regret.policies import OTHERS, Policy, default
from bench.regret.world import World
from bench.report import Metrics, Report, Value, progress
from models.offers.settings import OfferSettings

DEFAULT = "default"
ORACLE = "oracle"
_RESAMPLES = 9_999


@dataclass(frozen=True, slots=True)
class Stage:
    """A kind of world, and how many articles an offer has there."""

    title: str
    opens: Callable[[int], World]
    size: int
    stable: int = 0
    """Tastes turn after so many offers; 0: never."""


_hit = partial(World.one_hit, rest=0.1, hit=0.4)
STAGES: dict[str, Stage] = {
    "window_1": Stage("Shop window, one article", World.window, 1),
    "window_3": Stage("Shop window, three articles", World.window, 3),
    "window_5": Stage("Shop window, five articles", World.window, 5),
    "hit_4": Stage("Four alike but for one, one article", partial(_hit, articles=4), 1),
    "hit_20": Stage("Twenty alike but for one, one article", partial(_hit, articles=20), 1),
    "shop": Stage("Shop with contexts, three articles", World, 3),
    "shop_turning": Stage("The same, tastes turn every 1,000 offers", World, 3, 1_000),
}
Game = tuple[str, int, int, Sequence[str]]
"""A world of `STAGES`, its seed, how many offers are made, and by which policies."""
POLICIES: dict[str, Callable[[int], Policy]] = {DEFAULT: default, **OTHERS}


def bench_regret(
    worlds: Sequence[str], policies: Sequence[str], seeds: int, offers: int, jobs: int,
    console: Console,
) -> Report:  # fmt: skip
    """Play the default and ``policies`` in these `STAGES`, ``seeds`` of each, in ``jobs`` processes."""
    report = Report(
        "regret",
        settings={
            "seeds": seeds, "offers": offers, "jobs": jobs, "worlds": list(worlds),
            "policies": list(policies), "offer_settings": asdict(OfferSettings(goal="clicks")),
        },
        baselines={name: {} for name in (*policies, ORACLE)},
    )  # fmt: skip
    games = [
        (world, seed, offers, (DEFAULT, *policies))
        for world in worlds for seed in range(1, seeds + 1)
    ]  # fmt: skip
    played: dict[str, list[dict[str, Played]]] = {world: [] for world in worlds}
    with progress(console) as bars:
        task = bars.add_task("worlds", total=len(games))
        for world, one in _games(games, jobs):
            played[world].append(one)
            bars.advance(task)
    for world, every in played.items():
        ours = [each[DEFAULT] for each in every]
        report.results |= _figures(world, ours, offers)
        for name in report.baselines:
            theirs = [_of_oracle(each[DEFAULT]) if name == ORACLE else each[name] for each in every]
            report.baselines[name] |= _figures(world, theirs, offers)
            report.baselines[name] |= _against(world, theirs, ours)
    return report


def _games(games: Sequence[Game], jobs: int) -> Iterator[tuple[str, dict[str, Played]]]:
    """Play all games, in this process if in one: to start another takes longer than a short game."""
    if jobs == 1:
        yield from map(_game, games)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_game, games)


def _game(game: Game) -> tuple[str, dict[str, Played]]:
    """Play policies in one world."""
    world, seed, offers, names = game
    stage = STAGES[world]
    policies = {name: POLICIES[name](stage.size) for name in names}
    found = play(
        stage.opens(seed), policies, size=stage.size, offers=offers, seed=seed, stable=stage.stable
    )
    return world, found


def _of_oracle(played: Played) -> Played:
    """Return what is got by who knows the customers, and shows the best each time."""
    return Played(earned=played.best, best=played.best)


def _figures(world: str, played: Sequence[Played], offers: int) -> Metrics:
    """Return a policy's own figures in a world."""
    earned, best = sum(one.earned for one in played), sum(one.best for one in played)
    return _mean(f"regret_{world}", [one.regret for one in played]) | {
        f"share_of_best_{world}": earned / best,
        f"click_rate_{world}": earned / (offers * len(played) * STAGES[world].size),
        f"cpu_us_per_offer_{world}": sum(one.cpu_s for one in played) / offers / len(played) * 1e6,
    }


def _against(world: str, played: Sequence[Played], ours: Sequence[Played]) -> Metrics:
    """Return how much more a policy loses than the default in the same world, seed by seed."""
    pairs = zip(played, ours, strict=True)
    return _mean(f"more_regret_{world}", [one.regret - own.regret for one, own in pairs])


def _mean(name: str, values: Sequence[float]) -> Metrics:
    """Return a mean with its bootstrap interval (BCa; Efron 1987)."""
    mean = float(np.mean(values))
    if np.ptp(values) == 0:
        return {name: mean, f"{name}_low": None, f"{name}_high": None}
    found = bootstrap(
        (values,), np.mean, n_resamples=_RESAMPLES, rng=np.random.default_rng(1)
    ).confidence_interval
    return {name: mean, f"{name}_low": float(found.low), f"{name}_high": float(found.high)}


def show(report: Report, console: Console) -> None:
    """Print a table a world."""
    for world in report.settings["worlds"]:
        table = Table(
            title=STAGES[world].title, title_justify="left", box=box.SIMPLE_HEAD,
            collapse_padding=True, pad_edge=False,
        )  # fmt: skip
        table.add_column("", no_wrap=True)
        for head in ("regret", "more than default", "clicked", "of best"):
            table.add_column(head, justify="right", no_wrap=True)
        for name, own in {DEFAULT: report.results, **report.baselines}.items():
            table.add_row(
                name, _interval(own, f"regret_{world}"), _interval(own, f"more_regret_{world}"),
                _percent(own[f"click_rate_{world}"]), _percent(own[f"share_of_best_{world}"]),
            )  # fmt: skip
        console.print(table)
    console.print(
        "Regret: clicks to be expected that were lost against showing the best, mean of all seeds; in "
        "brackets 95 %, seeds resampled. More than default: of the same customers. Clicked: of the articles "
        "shown."
    )


def _interval(own: Metrics, name: str) -> str:
    if own.get(name) is None:
        return ""
    low, high = own[f"{name}_low"], own[f"{name}_high"]
    between = "" if low is None or high is None else f" ({_lost(low)} to {_lost(high)})"
    return f"{_lost(own[name])}{between}"


def _lost(clicks: Value) -> str:
    clicks = clicks or 0.0
    return f"{clicks:.1f}" if abs(clicks) < 10 else f"{clicks:.0f}"


def _percent(share: Value) -> str:
    return f"{100 * (share or 0):.1f} %"
