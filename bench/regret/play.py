"""Policies make offers in a world and learn from what is clicked, all of them to the same customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import process_time

from bench.regret.policies import Policy
from bench.regret.world import World, clicks, expected


@dataclass(slots=True)
class Played:
    """What a policy earned, in clicks to be expected: those that were drawn would only add noise."""

    earned: float = 0.0
    best: float = 0.0
    """By the best slate each time."""
    cpu_s: float = 0.0
    """What the policy took, the world left out."""

    @property
    def regret(self) -> float:
        """What was lost against knowing the customers."""
        return self.best - self.earned


def play(
    world: World, policies: Mapping[str, Policy], *, size: int, offers: int, seed: int = 0,
    stable: int = 0,
) -> dict[str, Played]:  # fmt: skip
    """Have each policy make offers of ``size`` articles; tastes turn every ``stable`` (0: never)."""
    played = {name: Played() for name in policies}
    for number in range(offers):
        if stable and number and number % stable == 0:
            world.turn()
        found = world.visit()
        interest, luck = world.interest(found), world.luck()
        best = expected(sorted(interest, key=interest.__getitem__, reverse=True)[:size], interest)
        for name, policy in policies.items():
            began = process_time()
            skus = policy.show(found, seed * 1_000_003 + number)
            policy.learn(clicks(skus, interest, luck))
            own = played[name]
            own.cpu_s += process_time() - began
            own.earned += expected(skus, interest)
            own.best += best
    return played
