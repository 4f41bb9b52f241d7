"""Bytes that anybody may have sent, for a terminal: indented JSON, or hex beside text; bounded."""

from __future__ import annotations

import json

MAX_LINES = 200
MAX_WIDTH = 400
DUMPED_BYTES = 1024
PARSED_BYTES = 1024 * 1024


def printable(text: str) -> str:
    """Return text with escapes for all that a terminal would obey or not show."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def text_of(raw: bytes | None) -> str:
    """Return a key or a header as text."""
    return "(none)" if raw is None else printable(raw.decode(errors="backslashreplace"))


def value_lines(value: bytes) -> list[str]:
    """Return a value as lines: indented if it is JSON, else as a dump."""
    if not value:
        return ["(empty)"]
    return _indented(value) or _dump(value)


def _indented(value: bytes) -> list[str]:
    if len(value) > PARSED_BYTES:
        return []
    try:
        parsed = json.loads(value.decode())
        lines = json.dumps(parsed, indent=2, ensure_ascii=False).split("\n")
    except (ValueError, RecursionError):  # no JSON, no UTF-8, a number of 5,000 digits, too deep
        return []
    shown = [_cut(printable(line)) for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(f"… {len(lines) - MAX_LINES:,} lines more; --raw gives all bytes")
    return shown


def _cut(line: str) -> str:
    return line if len(line) <= MAX_WIDTH else f"{line[:MAX_WIDTH]}… ({len(line):,} characters)"


def _dump(value: bytes) -> list[str]:
    lines = []
    for start in range(0, min(len(value), DUMPED_BYTES), 16):
        piece = value[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{start:08x}  {piece.hex(' '):<47}  {text}")
    if len(value) > DUMPED_BYTES:
        lines.append(f"… {len(value) - DUMPED_BYTES:,} bytes more; --raw gives all bytes")
    return lines
