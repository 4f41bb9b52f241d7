"""What a session has viewed so far: all that the next view is guessed from."""

from __future__ import annotations

import msgspec
from msgspec import field


class Visit(msgspec.Struct, array_like=True):
    """The memory of one session."""

    recent: list[str] = field(default_factory=list)
    """Distinct articles viewed, latest first."""
    trail: int = 0
    """Its number among the sessions that others are compared with; 0: not one of them yet."""

    def see(self, item: str, memory: int) -> None:
        """Put ``item`` in front; what is more than ``memory`` articles back is forgotten."""
        if item in self.recent:
            self.recent.remove(item)
        self.recent.insert(0, item)
        del self.recent[memory:]

    def begin(self) -> None:
        """Forget everything: a new session begins."""
        self.recent.clear()
        self.trail = 0
