"""What customers like: which article is looked at next, and which configuration is chosen."""

from __future__ import annotations

from random import Random

from streams.simulate.catalogue import CATEGORIES, Article
from streams.simulate.dice import Draw
from streams.simulate.truth import Truth


class Tastes:
    """Draws articles and options as the planted truth has it."""

    def __init__(self, truth: Truth) -> None:
        """Prepare the draws, before and after the shift of demand."""
        self.article = {article.sku: article for article in truth.articles}
        self.partner = {pair.a: pair for pair in truth.affinities}
        self._habit = {(habit.sku, habit.option): habit for habit in truth.configurations}
        self._preferred = {segment.name: segment.categories for segment in truth.segments}
        self._within = {
            category: Draw((a.sku, a.weight) for a in truth.articles if a.category == category)
            for category in CATEGORIES
        }
        self._popular = Draw(truth.old_mix.items())
        self._category = {
            (segment.name, shifted): Draw(
                (
                    category,
                    segment.weight(category)
                    * (truth.shift.factor if shifted and category == truth.shift.category else 1.0),
                )
                for category in CATEGORIES
            )
            for segment in truth.segments
            for shifted in (False, True)
        }

    def category(self, rng: Random, segment: str, *, shifted: bool) -> str:
        """Draw the category that somebody of a segment has in mind."""
        return self._category[segment, shifted](rng)

    def within(self, rng: Random, category: str) -> str:
        """Draw an article of a category."""
        return self._within[category](rng)

    def popular(self, rng: Random) -> str:
        """Draw an article that sells well, whoever the customer is."""
        return self._popular(rng)

    def likes(self, segment: str, sku: str) -> bool:
        """Return whether the article's category is to the taste of a segment."""
        return self.article[sku].category in self._preferred[segment]

    def goes_with(self, sku: str, other: str) -> bool:
        """Return whether ``other`` is planted to join ``sku``."""
        partner = self.partner.get(sku)
        return partner is not None and partner.b == other

    def options(self, rng: Random, article: Article) -> dict[str, str]:
        """Choose a configuration; for some articles most people choose the same."""
        chosen = {}
        for option, values in article.options.items():
            habit = self._habit.get((article.sku, option))
            if habit is not None and rng.random() < habit.probability:
                chosen[option] = habit.value
            else:
                chosen[option] = values[int(rng.random() * len(values))]
        return chosen
