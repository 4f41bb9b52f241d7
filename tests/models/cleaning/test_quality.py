"""Quality in the dialects of devices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cleaning import quality
from models.cleaning.quality import quality_class


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "good"), ("  ", "good"), ("good", "good"), (" GOOD ", "good"),
        ("bad", "bad"), ("Bad", "bad"), ("stale", "bad"), ("STALE", "bad"),
        ("uncertain", "uncertain"), ("Uncertain ", "uncertain"),
        ("OK", "good"), ("ok ", "good"), ("NOT OK", "bad"),
        ("valid", "good"), ("INVALID", "bad"), ("questionable", "uncertain"),
    ],
)  # fmt: skip
def test_words(text: str, expected: str) -> None:
    assert quality_class(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GoodClamped", "good"), ("GoodEntryInserted", "good"), ("Good_LocalOverride", "good"),
        ("GOOD_LOCAL_OVERRIDE", "good"), ("good (192)", "good"), ("Good, clamped", "good"),
        ("UncertainLastUsableValue", "uncertain"), ("Uncertain_SensorNotAccurate", "uncertain"),
        ("UncertainNoCommunicationLastUsableValue", "uncertain"),
        ("BadNoCommunication", "bad"), ("Bad_NoCommunication", "bad"), ("Bad.CommFailure", "bad"),
        ("BadWaitingForInitialData", "bad"), ("bad: timeout", "bad"), ("BAD-OUT-OF-SERVICE", "bad"),
    ],
)  # fmt: skip
def test_symbols_of_opc_ua(text: str, expected: str) -> None:
    assert quality_class(text) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0x002D0000, "good"),       # GoodSubscriptionTransferred
        (0x00300000, "good"),       # GoodClamped
        (0x00960000, "good"),       # GoodLocalOverride
        (0x00A50000, "good"),       # GoodNoData
        (0x00300400, "good"),       # GoodClamped, with flags of the value
        (0x00300680, "good"),       # the same at its high limit, after an overflow
        (0x40000000, "uncertain"),  # Uncertain
        (0x40900000, "uncertain"),  # UncertainLastUsableValue
        (0x40930000, "uncertain"),  # UncertainSensorNotAccurate
        (0x7FFFFFFF, "uncertain"),
        (0x80000000, "bad"),        # Bad
        (0x80310000, "bad"),        # BadNoCommunication
        (0x808B0000, "bad"),        # BadDeviceFailure
        (0x808C0000, "bad"),        # BadSensorFailure
        (0xBFFFFFFF, "bad"),
        (0xC0000000, "bad"),        # reserved
        (0xFFFFFFFF, "bad"),
    ],
)  # fmt: skip
def test_numbers_of_opc_ua(code: int, expected: str) -> None:
    signed = code - 2**32 if code >= 2**31 else code
    for text in (f"0x{code:08X}", f"0X{code:08x}", f"{code:#x}", f" {code} ", str(signed)):
        assert quality_class(text) == expected, text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "bad"), ("4", "bad"), ("24", "bad"), ("63", "bad"),
        ("64", "uncertain"), ("80", "uncertain"), ("127", "uncertain"),
        ("128", "uncertain"), ("191", "uncertain"),  # not used by OPC DA
        ("192", "good"), ("216", "good"), ("255", "good"), ("0192", "good"),
        ("0xC0", "good"), ("0x00D8", "good"), ("0x44", "uncertain"), ("0x18", "bad"),
        ("500", "bad"), ("0x1F4", "bad"),
    ],
)  # fmt: skip
def test_numbers_of_opc_da_and_sparkplug(text: str, expected: str) -> None:
    assert quality_class(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", "bad"), ("0x0", "bad"), ("0x0000", "bad"), ("0x00000", "good"), ("0x00000000", "good")],
)
def test_zero_is_good_only_as_a_whole_code_of_opc_ua(text: str, expected: str) -> None:
    assert quality_class(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "?", "gooood", "goodbye", "goodness", "badge", "badly", "uncertainty", "not good", "good?",
        "goodclamped", "good1", "okay?", "ok1", "true", "1x", "256", "499", "501", "448", "512", "65535", "0x1C0",
        "80310000",    # hexadecimal without its 0x: as a decimal number it would be 0x04C96F30
        "268435456",   # 0x10000000: a reserved bit
        "536870912",   # 0x20000000: the other one
        "3149824",     # GoodClamped with a reserved bit
        "3145729",     # GoodClamped with a flag of no type
        "4294967296", "-2147483649", "99999999999", "9" * 5000,
        "0x", "0x1234567890", "0xG0", "192.0", "1_92", "+192", "\u0661\u0669\u0662", "\u00b2", "-",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_uncertain(text: str) -> None:
    assert quality_class(text) == "uncertain"


def test_symbols_of_any_length_are_understood() -> None:
    assert quality_class("Bad" + "X" * 10_000) == "bad"


@given(st.text() | st.from_regex(r"\A\s*(0[xX])?-?[0-9a-fA-F]{0,12}\s*\Z") | st.integers().map(str))
def test_any_text_is_of_one_of_three_classes_each_time_the_same(text: str) -> None:
    first = quality_class(text)
    assert first in {"good", "uncertain", "bad"}
    assert quality_class(text) == first


@given(st.integers(0, 2**32 - 1))
def test_severity_alone_decides_of_a_whole_code(code: int) -> None:
    assert quality_class(f"0x{code:08x}") == ("good", "uncertain", "bad", "bad")[code >> 30]


@given(st.text(min_size=1))
def test_only_what_says_so_is_good(text: str) -> None:
    if quality_class(text) == "good":
        said = text.strip().lower()
        plain = not said or said in ("ok", "valid") or said.startswith(("good", "0x"))
        assert plain or said.lstrip("0").isdigit()


def test_what_is_remembered_of_texts_is_bounded() -> None:
    quality._kept_class.cache_clear()
    for n in range(3 * quality._KEPT):
        quality_class(f"text {n}")
        quality_class("x" * quality._LONGEST + str(n))
    assert quality._kept_class.cache_info().currsize == quality._KEPT
    assert quality._kept_class.cache_info().misses == 3 * quality._KEPT
