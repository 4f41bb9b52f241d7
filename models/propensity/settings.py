"""What can be set about the contest for who serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from models.propensity.contenders.roster import NAMES, Name

Pin = Literal["none", Name]
PINS: tuple[Pin, ...] = ("none", *NAMES)
"""In an order that never changes: journals hold their places."""

Family = Literal["propensity", "clicks"]
"""What a contest is about: sessions that buy, or offers that are clicked."""
FAMILIES: tuple[Family, ...] = get_args(Family)
"""In an order that never changes, too, and for the same reason."""

_MOST_Z = 8


@dataclass(frozen=True, slots=True)
class ContestSettings:
    """Who takes part, and what it takes to be promoted. ``ValueError`` if that cannot be."""

    champion: Name = "logistic"
    challengers: str = "linear_svm"
    block: int = 500
    checks: int = 3
    z: float = 2.0
    min_sessions: int = 2_000
    pin: Pin = "none"

    def __post_init__(self) -> None:
        known = ", ".join(NAMES)
        for name in self.contenders:
            if name not in NAMES:
                raise ValueError(f"No contender is called {name!r}; there are: {known}.")
        if len(set(self.contenders)) < len(self.contenders):
            raise ValueError(
                f"A contender is named twice: champion {self.champion}, challengers "
                f"{self.challengers}. Name each once."
            )
        if self.pin != "none" and self.pin not in self.contenders:
            raise ValueError(
                f"{self.pin} cannot be pinned, for it is neither champion nor challenger. Those are: "
                f"{', '.join(self.contenders)}."
            )
        if min(self.block, self.checks) < 1 or self.min_sessions < 0 or not 0 <= self.z <= _MOST_Z:
            raise ValueError(
                "block and checks are at least 1, min_sessions at least 0, z from 0 to 8; they are "
                f"{self.block}, {self.checks}, {self.min_sessions} and {self.z:g}."
            )

    @property
    def contenders(self) -> tuple[Name, ...]:
        """The champion at the start, then the challengers."""
        named = [name.strip() for name in self.challengers.split(",")]
        return (self.champion, *(name for name in named if name))  # type: ignore[arg-type]
