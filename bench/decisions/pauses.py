"""The garbage collector's pauses, as they are felt by whatever runs."""

from __future__ import annotations

import gc
import time
from typing import Self


class Pauses:
    """Adds up the time that the collector takes while this is entered. A context manager."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.longest = 0.0
        self.count = 0
        self._began = 0.0

    def __enter__(self) -> Self:
        gc.callbacks.append(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self._note)

    def _note(self, phase: str, info: dict[str, int]) -> None:
        del info
        if phase == "start":
            self._began = time.perf_counter()
            return
        took = time.perf_counter() - self._began
        self.seconds += took
        self.longest = max(self.longest, took)
        self.count += 1
