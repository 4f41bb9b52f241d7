"""Learning again what a shard once knew: the journal's entries after the snapshot, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.propensity.settings import FAMILIES, PINS
from streams.processor import Message, Processor
from streams.store.protocol import PIN_ENTRY, TICK_ENTRY, VIEW_ENTRY, Entry


class Replayer:
    """What a restored shard still has to learn again, in the journal's order."""

    def __init__(self, journal: Sequence[Entry]) -> None:
        self._entries = list(reversed(journal))
        self._waiting: dict[str, list[Message]] = {}

    @property
    def done(self) -> bool:
        """Whether all of the journal is learnt."""
        return not self._entries

    def offer(self, messages: Sequence[Message]) -> None:
        """Take messages that were read again."""
        for message in messages:
            self._waiting.setdefault(message.topic, []).append(message)

    async def step(self, processor: Processor, view_at: Callable[..., object]) -> None:
        """Learn as many entries as the messages so far allow; effects go nowhere."""
        while self._entries:
            entry = self._entries[-1]
            if entry.kind == VIEW_ENTRY:
                view = await view_at(entry.versions)  # type: ignore[misc]
                work = processor.begin()
                processor.adopt(view, work)
                processor.versions = entry.versions
            elif entry.kind == TICK_ENTRY:
                processor.tick(entry.first / 1000, processor.begin())
            elif entry.kind == PIN_ENTRY:
                family = FAMILIES[entry.next]
                processor.pin(family, PINS[entry.first], processor.begin())
            elif not self._learn(entry, processor):
                return
            self._entries.pop()

    def _learn(self, entry: Entry, processor: Processor) -> bool:
        waiting = self._waiting.get(entry.kind, [])
        cut = next((i for i, m in enumerate(waiting) if m.offset >= entry.next), len(waiting))
        mine, rest = waiting[:cut], waiting[cut:]
        if mine:
            processor.run(mine)
            self._waiting[entry.kind] = rest
        # Compaction may have taken the last offsets of the run: a later message shows it too.
        if processor.positions.get(entry.kind, entry.first) < entry.next and not rest:
            return False
        processor.positions[entry.kind] = entry.next
        return True

    def held(self) -> dict[str, int]:
        """Return how many messages of each topic wait for those of another topic to come."""
        return {topic: len(own) for topic, own in self._waiting.items() if own}

    def rest(self) -> list[Message]:
        """Return the messages that came after the journal's end: they are new."""
        left = [message for own in self._waiting.values() for message in own]
        self._waiting.clear()
        return left
