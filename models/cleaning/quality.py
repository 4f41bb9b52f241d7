"""The quality of a sample: good, uncertain or bad, whatever dialect the device speaks.

Absent is good (OPC UA leaves out a good status); what is not understood is uncertain, never good.
"""

from __future__ import annotations

from typing import Literal

Quality = Literal["good", "uncertain", "bad"]

_CLASSES: dict[str, Quality] = {
    "": "good",
    "good": "good",
    "192": "good",
    "uncertain": "uncertain",
    "bad": "bad",
    "0": "bad",
    "stale": "bad",
    "500": "bad",
}


def quality_class(text: str) -> Quality:
    """Return the class of a quality text or of a native code (OPC DA 192/0, Sparkplug 500)."""
    return _CLASSES.get(text.strip().lower(), "uncertain")
