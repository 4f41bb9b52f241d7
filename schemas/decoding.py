"""Bytes to events: strict types and ranges, one clear sentence when it does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from schemas.deadletters import Reason
from schemas.topics import INPUTS, MAX_EVENT_BYTES, Topic

_PATH = re.compile(r" - at `(?P<path>[^`]*)`$")


@dataclass(frozen=True, slots=True)
class Reject:
    """An event that cannot be used. A value, not an exception: bad input is no surprise."""

    reason: Reason
    message: str
    where: str = "$"


class _Nothing(msgspec.Struct, tag_field="type", tag="-", frozen=True):
    """What no event is: it makes msgspec ask for ``type`` where a topic has one type of event only."""

    nothing: Annotated[str, msgspec.Meta(min_length=1, max_length=0)]


def _strictly(event: Any) -> Any:
    """Return the type to decode: of a union msgspec requires the tag, of a single struct it does not."""
    alone = isinstance(event, type) and event.__struct_config__.tag is not None  # type: ignore[attr-defined]
    return event | _Nothing if alone else event


def decoder_of(topic: Topic) -> Callable[[bytes | None], Any | Reject]:
    """Return the function that turns a message's bytes into an event of ``topic``, or a `Reject`.

    Unknown fields are skipped, so that producers can add some; a missing, mistyped, infinite or
    out-of-range one is refused, with its path.
    """
    decode_json = msgspec.json.Decoder(_strictly(topic.event), strict=True).decode

    def decode(raw: bytes | None) -> Any | Reject:
        if not raw:
            return Reject("empty", "The message has no value.")
        if len(raw) > MAX_EVENT_BYTES:
            return Reject(
                "too_large", f"{len(raw):,} bytes; an event has at most {MAX_EVENT_BYTES:,}."
            )
        try:
            return decode_json(raw)
        except msgspec.ValidationError as error:
            text = str(error)
            found = _PATH.search(text)
            where = found["path"] if found else "$"
            return Reject("invalid", text[:400], where[:64])
        except msgspec.DecodeError as error:
            return Reject("not_json", str(error)[:400])
        except UnicodeDecodeError as error:
            return Reject("not_utf8", str(error)[:400])
        except RecursionError:
            return Reject("not_json", "The value is nested too deeply.")

    return decode


DECODERS: dict[str, Callable[[bytes | None], Any | Reject]] = {
    topic.name: decoder_of(topic) for topic in INPUTS
}
