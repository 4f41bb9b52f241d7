"""The quality of a sample: good, uncertain or bad, whatever dialect the device speaks.

Absent is good (OPC UA leaves out a good status); what is not understood is uncertain, never good.

===================  ============================================================================
dialect              is told by
===================  ============================================================================
words                ``good``, ``uncertain``, ``bad``, ``stale``; of IEC 61850 ``invalid``,
                     ``questionable``; ``valid``, ``ok``, ``not ok``; in any case
OPC UA, symbol       a word and what comes after it: ``GoodClamped``, ``Bad_NoCommunication``
OPC UA, number       ``0x`` and five to eight digits; a decimal number from 65,536 on; a negative
                     one: a code in a signed 32-bit integer
OPC DA               a number up to 255, or ``0x`` and up to four digits that are no more than that
Sparkplug B          0, 192 and 500 (stale)
===================  ============================================================================

Zero is good in OPC UA and bad in OPC DA and Sparkplug: it is bad, unless it has more hexadecimal digits
than OPC DA has (``0x00000000``). Numbers from 256 to 65,535 other than 500 are uncertain:
of OPC DA their upper byte is the vendor's, of OPC UA they would be flags without a code.
Sources: OPC UA Part 4 (StatusCode) and Part 8 (data access); OPC Data Access 3.00 (quality flags);
Eclipse Sparkplug 3.0.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Quality = Literal["good", "uncertain", "bad"]

_KEPT = 1024
"""So many texts are looked up at once. They come from outside: without an end to them."""
_LONGEST = 64
"""Longer texts are not kept; the longest symbols of OPC UA have 50 letters."""

_WORDS: dict[str, Quality] = {
    "": "good",
    "good": "good",
    "uncertain": "uncertain",
    "bad": "bad",
    "stale": "bad",
    # Of no standard, but said by many gateways, and nothing else can be meant.
    "ok": "good",
    "not ok": "bad",
    # Validity, as of IEC 61850 (7-3).
    "valid": "good",
    "invalid": "bad",
    "questionable": "uncertain",
}
# What comes after the word begins anew: "GoodClamped", "GOOD_LOCAL_OVERRIDE", "bad (timeout)", no "goodbye".
_SYMBOL = re.compile(r"((?i:good|uncertain|bad))[A-Z_\s.:,;(\[/-]")
_DECIMAL = re.compile(r"-?[0-9]{1,10}")
_HEX = re.compile(r"0[xX]([0-9a-fA-F]{1,8})")

_SEVERITIES: tuple[Quality, ...] = ("good", "uncertain", "bad", "bad")
"""By the two top bits of a status code of OPC UA; the last is reserved."""
_DA: tuple[Quality, ...] = ("bad", "uncertain", "uncertain", "good")
"""By the two top bits of a quality of OPC DA; the third is not used."""
_STALE = 500


def quality_class(text: str) -> Quality:
    """Return the class of a quality text or of a native code (OPC UA, OPC DA, Sparkplug)."""
    return _kept_class(text) if len(text) <= _LONGEST else _class(text)


def _class(text: str) -> Quality:
    text = text.strip()
    word = _WORDS.get(text.lower())
    if word is not None:
        return word
    symbol = _SYMBOL.match(text)
    if symbol is not None:
        return _WORDS[symbol[1].lower()]
    if _DECIMAL.fullmatch(text):
        return _of_decimal(int(text))
    code = _HEX.fullmatch(text)
    if code is None:
        return "uncertain"
    if len(code[1]) > 4:
        return _SEVERITIES[int(code[1], 16) >> 30]
    return _of_decimal(int(code[1], 16))


_kept_class = lru_cache(_KEPT)(_class)


def _of_decimal(number: int) -> Quality:
    if 0 <= number <= 0xFF:
        return _DA[number >> 6]
    if number == _STALE:
        return "bad"
    if -(2**31) <= number < 0:
        number += 2**32
    if not 0xFFFF < number < 2**32:
        return "uncertain"
    found = _SEVERITIES[number >> 30]
    return found if found != "good" or _may_be_good(number) else "uncertain"


def _may_be_good(code: int) -> bool:
    """Return whether OPC UA allows this good code, lest "80310000", hexadecimal without its 0x, is good.

    Bits that are reserved must be zero, and flags of the value (the low 10 bits) need the type 1 that
    says so.
    """
    return not code & 0x3000_3000 and (not code & 0x0FFF or code & 0x0C00 == 0x0400)
