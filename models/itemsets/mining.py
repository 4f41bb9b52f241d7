"""Exact frequent itemsets of a batch of baskets: FP-growth (Han, Pei, Yin 2000), compiled.

By rusket, which comes with the extra ``audit``: FP-growth in Rust, one wheel of 1.5 MB without
dependencies for Linux and macOS, x86-64 and arm64. Its documented functions want pandas and
pyarrow, so the extension's own is called, with arrays; the extra pins the exact version for that,
and the function has to count a small example rightly before it is believed.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Itemset = tuple[str, ...]
"""One to three articles, sorted."""
Miner = Callable[[Sequence[Itemset], int, Collection[Itemset] | None], dict[Itemset, int]]
"""Baskets, the least count, and the triples of interest (None: all) to counts; see `fp_growth`."""

_EXAMPLE = (("a", "b", "c"), ("a", "b"), (), ("a", "c"), ("a", "b", "c", "d"))
_ANSWER = {
    ("a",): 4, ("b",): 3, ("c",): 3, ("a", "b"): 3, ("a", "c"): 3, ("b", "c"): 2,
    ("a", "b", "c"): 2,
}  # fmt: skip


class MinerError(Exception):
    """The library is not there, or does not count as it should; the message says what to do."""


def available() -> bool:
    """Whether the library is installed; it is not loaded for that."""
    return importlib.util.find_spec("rusket") is not None


def fp_growth(
    baskets: Sequence[Itemset], least: int, triples: Collection[Itemset] | None = None
) -> dict[Itemset, int]:
    """Return in how many baskets each set of one to three articles is, if in ``least`` or more.

    Baskets are sorted and without repeats. With ``triples`` only these are counted of all sets of
    three. Raises `MinerError`.
    """
    return _mine(_function(), baskets, least, triples)


@functools.cache
def _function() -> Any:
    try:
        function = importlib.import_module("rusket._rusket").fpgrowth_from_csr
    except (ImportError, AttributeError) as error:
        raise MinerError(
            f"Mining baskets needs the library rusket ({error}): pip install 'tailorline[audit]'."
        ) from error
    counted = _mine(function, _EXAMPLE, 2, None)
    if counted != _ANSWER:
        raise MinerError(
            f"The installed rusket counts {counted} in {_EXAMPLE}, which is wrong. Install the "
            "version that is pinned: pip install 'tailorline[audit]'."
        )
    return function


def _mine(
    function: Any, baskets: Sequence[Itemset], least: int, triples: Collection[Itemset] | None
) -> dict[Itemset, int]:
    names = sorted({item for basket in baskets for item in basket})
    if not names:
        return {}
    number = {name: place for place, name in enumerate(names)}
    starts = np.zeros(len(baskets) + 1, np.int32)
    np.cumsum([len(basket) for basket in baskets], out=starts[1:])
    numbers = (number[item] for basket in baskets for item in basket)
    articles = np.fromiter(numbers, np.int32, int(starts[-1]))
    counts, ends, members = function(starts, articles, len(names), max(least, 1), 3)
    found: dict[Itemset, int] = {}
    sizes = np.diff(ends)
    for size in (1, 2, 3):
        chosen = np.flatnonzero(sizes == size)
        rows = np.sort(members[ends[chosen][:, None] + np.arange(size)].astype(np.int64), axis=1)
        if size == 3 and triples is not None:
            wanted = _among(rows, triples, number)
            chosen, rows = chosen[wanted], rows[wanted]
        for row, count in zip(rows.tolist(), counts[chosen].tolist(), strict=True):
            found[tuple(names[place] for place in row)] = count
    return found


def _among(
    rows: npt.NDArray[np.int64], triples: Collection[Itemset], number: dict[str, int]
) -> npt.NDArray[np.bool_]:
    """Say which rows of three are among ``triples``, without making tuples of all."""
    size = len(number)
    known = [[number[i] for i in t] for t in triples if all(i in number for i in t)]
    places = np.array(known, np.int64).reshape(-1, 3)
    wanted, mined = (
        (each[:, 0] * size + each[:, 1]) * size + each[:, 2] for each in (places, rows)
    )
    return np.isin(mined, wanted)
