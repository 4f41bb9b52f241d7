"""The bytes of a file, unpacked on the way if it is gzip, and how many were read so far."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from streams.replay.records import SourceError

_GZIP = b"\x1f\x8b"


class Meter:
    """Bytes of the files on disk that were read so far: what a progress bar shows."""

    def __init__(self) -> None:
        """Start at nothing read."""
        self._open: list[BinaryIO] = []
        self._finished = 0

    @property
    def bytes_read(self) -> int:
        """Bytes as on disk, so packed ones of a packed file, over all files."""
        return self._finished + sum(file.tell() for file in self._open)

    @contextmanager
    def watching(self, file: BinaryIO) -> Iterator[None]:
        """Count a file in, while it is open and afterwards."""
        self._open.append(file)
        try:
            yield
        finally:
            self._open.remove(file)
            self._finished += file.tell()


@contextmanager
def open_bytes(path: Path, meter: Meter | None = None) -> Iterator[BinaryIO]:
    """Open a plain or gzip file, told apart by its first bytes and not by its name.

    Raises `SourceError` if it cannot be opened, or on reading if the packed data are damaged.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from error
    with file, (meter or Meter()).watching(file):
        packed = file.peek(2)[:2] == _GZIP
        try:
            if packed:
                with gzip.open(file) as unpacked:
                    yield cast("BinaryIO", unpacked)
            else:
                yield file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceError(f"{path}: the gzip data are damaged: {error}") from error
