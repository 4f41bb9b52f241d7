"""What a command is about to do, before it does it: which letters, and which it must refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from streams.dlq.letters import Letter
from streams.dlq.listing import Listing
from streams.dlq.marks import Mark


class Plan:
    """The letters that are to be handled, by where they lie; without their values."""

    def __init__(self, shown: int) -> None:
        self.letters: dict[tuple[int, int], str] = {}
        """Ids by partition and offset on the topic of dead letters."""
        self.refused: list[tuple[str, str]] = []
        """Ids, and why."""
        self.passed: Counter[str] = Counter()
        """Letters that were handled before, by what was done."""
        self.listing = Listing(shown, handled=True)

    def fill(self, marked: Iterable[tuple[Letter, Mark]], *, again: bool, sending: bool) -> None:
        """Sort letters; ``again``: those that were handled before too."""
        for letter, mark in marked:
            if mark.state and not again:
                self.passed[mark.state] += 1
                continue
            refusal = letter.refusal() if sending else None
            if refusal is not None:
                self.refused.append((letter.id, refusal))
                continue
            self.letters[letter.partition, letter.offset] = letter.id
            self.listing.add(letter, mark)

    def bounds(self) -> dict[int, tuple[int, int]]:
        """Return what must be read to have the values: per partition, from the first to the last."""
        found: dict[int, tuple[int, int]] = {}
        for partition, offset in self.letters:
            low, high = found.get(partition, (offset, offset + 1))
            found[partition] = min(low, offset), max(high, offset + 1)
        return found
