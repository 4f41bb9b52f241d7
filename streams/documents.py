"""What operators say in a file: documents in the store, each one row of the merged view.

Nobody but an operator writes them. Shards take a new one over at a known place of their journal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from models.campaigns import checking as offers
from models.campaigns import document as offer_document
from models.campaigns.document import OfferRules
from models.line import checking as line
from models.line import document as line_document
from models.line.document import LineRules
from models.problems import Problem
from models.view import LINE_RULES, OFFER_RULES, OPERATORS_PART
from streams.store.protocol import Store, StoreError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document(Generic[T]):
    """A kind of document."""

    name: str
    """As people call it."""
    command: str
    """Of the command line."""
    row: str
    kind: type[T]
    max_bytes: int
    """As it is stored."""
    checked: Callable[[object], T | tuple[Problem, ...]]
    """From plain data to the document, or all that is wrong."""
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], T]

    @property
    def max_file_bytes(self) -> int:
        """The largest file: comments and indentation are not stored."""
        return 2 * self.max_bytes


OFFERS = Document(
    "offer rules", "offers", OFFER_RULES, OfferRules, offers.MAX_BYTES, offers.checked,
    offer_document.encode, offer_document.decode,
)  # fmt: skip
LINE = Document(
    "line rules", "line", LINE_RULES, LineRules, line.MAX_BYTES, line.checked,
    line_document.encode, line_document.decode,
)  # fmt: skip


class Unreadable(StoreError):
    """A document in the store is of no form that this version knows."""


async def applied(store: Store, document: Document[T]) -> T | None:
    """Return what is in force; None: nothing was applied.

    Raises `Unreadable` if what is there cannot be read.
    """
    blob = (await store.view_rows(OPERATORS_PART, [document.row])).get(document.row)
    try:
        return None if blob is None else document.decode(blob)
    except msgspec.DecodeError as error:
        raise Unreadable(
            f"The {document.name} in the store cannot be read ({error}), and no worker can go on "
            f"with them: `tailorline {document.command} apply FILE` puts others in their place."
        ) from error


async def apply(store: Store, document: Document[T], rules: T | None) -> int:
    """Put a document in force, None: none any more; return the new version of the part of the view."""
    row = None if rules is None else document.encode(rules)
    return await store.publish_view(OPERATORS_PART, {document.row: row})
