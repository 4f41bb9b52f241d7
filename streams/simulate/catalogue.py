"""What the made-up shop sells: 120 articles in 8 categories, some of them made to measure."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

ARTICLES_PER_CATEGORY = 15

_COLOURS = ("navy", "black", "grey", "olive", "burgundy", "sand")
_CLOTH = ("cotton", "linen", "wool", "silk")
_LEATHER = ("calf", "suede", "vegan")

_PRICES = {
    "shirts": 79.0,
    "trousers": 119.0,
    "jackets": 299.0,
    "coats": 399.0,
    "shoes": 189.0,
    "belts": 49.0,
    "ties": 39.0,
    "bags": 149.0,
}
_OPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "shirts": {"material": _CLOTH, "colour": _COLOURS},
    "trousers": {"material": _CLOTH, "colour": _COLOURS},
    "jackets": {"material": _CLOTH, "colour": _COLOURS},
    "coats": {"material": _CLOTH, "colour": _COLOURS},
    "shoes": {"material": _LEATHER, "colour": _COLOURS},
}
CATEGORIES: tuple[str, ...] = tuple(_PRICES)


@dataclass(frozen=True, slots=True)
class Article:
    """One article: what it costs, how it can be configured and how much it is liked."""

    sku: str
    category: str
    price: float
    rank: int
    """0 is the best seller of its category."""
    weight: float
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)


def stock(rng: Random) -> tuple[Article, ...]:
    """Return the articles; in each category a few sell well and many sell a little."""
    return tuple(
        Article(
            sku=f"{category.removesuffix('s')}-{number + 1:02d}",
            category=category,
            price=round(_PRICES[category] * rng.uniform(0.6, 1.6), 2),
            rank=rank,
            weight=1.0 / (rank + 4),
            options=_OPTIONS.get(category, {}),
        )
        for category in CATEGORIES
        for number, rank in enumerate(
            rng.sample(range(ARTICLES_PER_CATEGORY), k=ARTICLES_PER_CATEGORY)
        )
    )
