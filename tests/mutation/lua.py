"""Small wrong changes of the store's Lua scripts, made on the text: they are short and plain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_SWAPS = [
    (r"==", "~="), (r"~=", "=="), (r">=", ">"), (r"(?<![<>=~-])>(?!=)", ">="), (r"<(?!=)", "<="),
    (r"<(?!=)", ">"), (r"(?<!-)(?<=\s)\+(?=\s)", "-"), (r"(?<=\s)-(?=\s)", "+"),
    (r"\band\b", "or"), (r"\bor\b", "and"), (r"\bnot (?=\w)", ""), (r"'0'", "'1'"),
    (r"(?<![\w.'%])(\d+)(?![\w'.])", None), (r"\bmath\.max\b", "math.min"),
    (r"'(HSET|RPUSH|HINCRBY|HDEL|DEL|LTRIM|SET|LSET|EXPIRE|HINCRBYFLOAT)'", "'TYPE-'"),
    (r"\bmerged = true\b", "merged = false"),
]  # fmt: skip
_CALL = re.compile(r"redis\.call\((?:[^()]|\([^()]*\))*\)")


class LuaMutant(NamedTuple):
    """A changed script."""

    name: str
    line: int
    text: str


def lua_mutants_of(source: str) -> Iterator[LuaMutant]:
    """Yield scripts that differ from ``source`` in one operator, number or statement."""
    lines = source.splitlines()
    for index, line in enumerate(lines):
        code = line.split("--")[0].rstrip()
        if not code:
            continue
        seen: dict[str, int] = {}
        for new in _lines(code):
            if new == code:
                continue
            seen[new] = seen.get(new, 0) + 1
            if seen[new] > 1:
                continue
            text = "\n".join([*lines[:index], new, *lines[index + 1 :]]) + "\n"
            yield LuaMutant(f"{code.strip()} -> {new.strip() or '(nothing)'}", index + 1, text)


def _lines(code: str) -> Iterator[str]:
    for pattern, swap in _SWAPS:
        if swap == "'TYPE-'":
            continue
        for found in re.finditer(pattern, code):
            new = str(int(found[0]) + 1) if swap is None else swap
            yield code[: found.start()] + new + code[found.end() :]
    # A write that is left out: only as a statement of its own, not where its answer is used.
    for found in _CALL.finditer(code):
        before = code[: found.start()].rstrip()
        if before == "" or before.endswith((" do", " then", " else")):
            yield code[: found.start()] + "do end" + code[found.end() :]
    if re.match(r"\s*if .* then return .* end$", code):
        yield ""
