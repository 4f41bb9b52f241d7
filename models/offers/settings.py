"""What can be set about offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Exploration = Literal["thompson", "epsilon_greedy", "none"]
Goal = Literal["clicks", "orders", "margin"]
_MOST_DRAWS = 1_000


@dataclass(frozen=True, slots=True)
class OfferSettings:
    """How offers are made. Times in seconds. ``ValueError`` if a value cannot be."""

    size: int = 5
    min_views: int = 2
    cooldown_s: float = 120.0
    item_cooldown_s: float = 6 * 3600.0
    tired_after: int = 5
    tired_cooldown_s: float = 3600.0
    daily_cap: int = 10
    rebuy_after_s: float = 7 * 86400.0
    expires_after_s: float = 1800.0
    message_expires_after_s: float = 86400.0
    click_window_s: float = 1800.0
    attribution_s: float = 86400.0
    session_end_s: float = 300.0
    cart_left_s: float = 1500.0
    pending: int = 20_000
    holdout: float = 0.05
    goal: Goal = "orders"
    exploration: Exploration = "thompson"
    boldness: float = 0.25
    draws: int = 64
    random_share: float = 0.02
    category_quota: int = 3
    diversity: float = 0.1

    def __post_init__(self) -> None:
        for name in ("holdout", "random_share", "diversity"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share, from 0 to 1, not {getattr(self, name):g}.")
        if self.size < 1 or self.category_quota < 1 or not 1 <= self.draws <= _MOST_DRAWS:
            raise ValueError(
                "size and category_quota are at least 1, draws from 1 to 1000; they are "
                f"{self.size}, {self.category_quota} and {self.draws}."
            )
        if self.boldness < 0:
            raise ValueError(f"boldness is not below 0, not {self.boldness:g}.")
