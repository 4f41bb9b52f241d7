"""Quality in the dialects of devices."""

from __future__ import annotations

import pytest

from models.cleaning.quality import quality_class


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "good"), ("good", "good"), (" GOOD ", "good"), ("192", "good"),
        ("bad", "bad"), ("Bad", "bad"), ("0", "bad"), ("stale", "bad"), ("500", "bad"),
        ("uncertain", "uncertain"), ("Uncertain ", "uncertain"),
        ("64", "uncertain"), ("gooood", "uncertain"), ("?", "uncertain"),
    ],
)  # fmt: skip
def test_classes(text: str, expected: str) -> None:
    assert quality_class(text) == expected
