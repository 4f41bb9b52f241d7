"""What customers do in the shop: the events of the topic ``clickstream``, keyed by customer."""

from __future__ import annotations

import msgspec

from schemas.fields import (
    Category,
    Consent,
    CustomerId,
    EventId,
    Hits,
    Moment,
    Money,
    OfferId,
    Quantity,
    SearchText,
    SessionId,
    Sku,
)


class ShopEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every click carries."""

    event_id: EventId
    occurred_at: Moment
    customer_id: CustomerId
    session_id: SessionId
    consent: Consent | None = None


class View(ShopEvent, tag_field="type", tag="view", frozen=True, kw_only=True, gc=False):
    """The page of an article was opened."""

    sku: Sku
    category: Category | None = None
    price: Money | None = None


class Search(ShopEvent, tag_field="type", tag="search", frozen=True, kw_only=True, gc=False):
    """The customer searched."""

    query: SearchText
    results: Hits | None = None


class AddToCart(
    ShopEvent, tag_field="type", tag="add_to_cart", frozen=True, kw_only=True, gc=False
):
    """An article went into the cart."""

    sku: Sku
    category: Category | None = None
    price: Money | None = None
    quantity: Quantity = 1


class RemoveFromCart(
    ShopEvent, tag_field="type", tag="remove_from_cart", frozen=True, kw_only=True, gc=False
):
    """An article left the cart."""

    sku: Sku
    quantity: Quantity = 1


class OfferShown(
    ShopEvent, tag_field="type", tag="offer_shown", frozen=True, kw_only=True, gc=False
):
    """An offer of ours was on the customer's screen."""

    offer_id: OfferId
    sku: Sku | None = None


class OfferClicked(
    ShopEvent, tag_field="type", tag="offer_clicked", frozen=True, kw_only=True, gc=False
):
    """The customer clicked an offer of ours."""

    offer_id: OfferId
    sku: Sku | None = None


Clickstream = View | Search | AddToCart | RemoveFromCart | OfferShown | OfferClicked
