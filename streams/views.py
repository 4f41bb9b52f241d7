"""The worker's copy of the merged view: fetched in parts, shared by its shards."""

from __future__ import annotations

from models.view import View
from streams.store.protocol import Store, ViewGone


class Views:
    """The newest view of this process, and older ones for replay."""

    def __init__(self, store: Store, parts: int) -> None:
        self._store = store
        self.parts = parts
        self.latest = View(parts)

    async def refresh(self) -> View:
        """Fetch what changed in every part."""
        view = self.latest
        for part in range(self.parts):
            version, rows = await self._store.view_since(part, view.versions[part])
            if version != view.versions[part]:
                view = view.changed(part, version, rows)
        self.latest = view
        return view

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
