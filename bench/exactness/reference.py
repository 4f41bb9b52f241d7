"""The batch side: mlxtend's FP-growth over the same baskets."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from bench.exactness.compare import BatchRule, Side
from bench.workers import BenchError


def fp_growth(baskets: Sequence[tuple[str, ...]], support: float) -> tuple[Side, list[BatchRule]]:
    """Return all itemsets of up to three articles with at least ``support``, and their rules.

    Raises `BenchError` if mlxtend is not installed: it is a dependency of tests only.
    """
    try:
        from mlxtend.frequent_patterns import association_rules, fpgrowth  # noqa: PLC0415
        from mlxtend.preprocessing import TransactionEncoder  # noqa: PLC0415
    except ImportError as error:
        raise BenchError(
            "mlxtend is not installed, and its FP-growth is what the counts are compared with: "
            "pip install mlxtend (it is in the extra `dev`)."
        ) from error
    frames = importlib.import_module("pandas")  # comes with mlxtend, without types
    encoder = TransactionEncoder()
    matrix = encoder.fit(baskets).transform(baskets, sparse=True)
    frame = frames.DataFrame.sparse.from_spmatrix(matrix, columns=encoder.columns_)
    found = fpgrowth(frame, min_support=support, use_colnames=True, max_len=3)
    size = len(baskets)
    side = Side(float(size))
    for share, items in zip(found["support"], found["itemsets"], strict=True):
        # mlxtend hands out shares; the count behind one is a whole number.
        side.counts[tuple(sorted(items))] = float(round(share * size))
    if not any(len(items) > 1 for items in side.counts):
        return side, []
    rules = association_rules(found, size, metric="support", min_threshold=0.0)
    columns = ("antecedents", "consequents", "support", "confidence", "lift")
    return side, [
        BatchRule(tuple(sorted(before)), tuple(sorted(after)), *map(float, measures))
        for before, after, *measures in zip(*(rules[name] for name in columns), strict=True)
    ]
