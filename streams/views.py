"""The worker's copy of the merged view: fetched in parts, shared by its shards."""

from __future__ import annotations

import asyncio

from models.view import View
from streams.store.protocol import Store, ViewGone

_AT_ONCE = 16


class Views:
    """The newest view of this process, and older ones for replay."""

    def __init__(self, store: Store, parts: int) -> None:
        self._store = store
        self.parts = parts
        self.latest = View(parts)
        self._lock = asyncio.Lock()

    async def refresh(self) -> View:
        """Fetch what changed in every part."""
        async with self._lock:  # two at once would let the slower one put an older view back
            return await self._refresh()

    async def _refresh(self) -> View:
        view = self.latest
        changes = []
        for first in range(0, self.parts, _AT_ONCE):
            parts = range(first, min(first + _AT_ONCE, self.parts))
            asked = (self._store.view_since(part, view.versions[part]) for part in parts)
            changes += await asyncio.gather(*asked)
        new = {
            part: change
            for part, change in enumerate(changes)
            if change.version != view.versions[part]
        }
        if new:
            self.latest = view.with_changes(new)
        return self.latest

    async def at(self, versions: tuple[int, ...]) -> View:
        """Return the view at other versions, for replay.

        Raises `ViewGone` if the store no longer has them.
        """
        if versions == self.latest.versions:
            return self.latest
        if len(versions) != self.parts:
            raise ViewGone(f"The view had {len(versions)} parts, now it has {self.parts}.")
        rows: dict[str, bytes] = {}
        for part, version in enumerate(versions):
            rows |= await self._store.view_at(part, version)
        return View(self.parts, rows, versions)
