"""The reject file: rows that could not become events, as JSON Lines, to be mended and resent."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from streams.replay.records import BadRow


class RejectFile:
    """Writes bad rows to a file that is only made when there is one, in place of an older file."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self.path = path
        self.count = 0
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def write(self, row: BadRow) -> None:
        """Append a row."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        self.count += 1
        # Plain ASCII, for the row may hold bytes that were not UTF-8.
        fields = {
            "file": row.file,
            "line": row.line,
            "reason": row.reason,
            "detail": row.detail,
            "raw": row.raw,
        }
        self._file.write(json.dumps(fields) + "\n")

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None
