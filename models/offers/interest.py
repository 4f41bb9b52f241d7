"""Who put what into a cart and has not bought it: told when it becomes cheaper or can be had again."""

from __future__ import annotations

from collections import OrderedDict

from models.customers import Customer

_PER_CUSTOMER = 20
_PER_ARTICLE = 50


class Interest:
    """Articles and who would have them; bounded, the articles longest not asked for go first."""

    __slots__ = ("_by_sku", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._by_sku: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of articles somebody would have."""
        return len(self._by_sku)

    def note(self, sku: str, customer_id: str, customer: Customer) -> None:
        """Note that a customer would have an article."""
        asking = self._by_sku.setdefault(sku, OrderedDict())
        self._by_sku.move_to_end(sku)
        asking[customer_id] = None
        asking.move_to_end(customer_id)
        if len(asking) > _PER_ARTICLE:
            asking.popitem(last=False)
        if len(self._by_sku) > self.capacity:
            self._by_sku.popitem(last=False)
        if sku not in customer.wanted:
            customer.wanted.append(sku)
            if len(customer.wanted) > _PER_CUSTOMER:
                self.drop(customer.wanted[0], customer_id, customer)

    def drop(self, sku: str, customer_id: str, customer: Customer) -> None:
        """Note that a customer has an article, or wants it no longer."""
        if sku in customer.wanted:
            customer.wanted.remove(sku)
            self._take_out(sku, customer_id)

    def forget(self, customer_id: str, customer: Customer) -> None:
        """Forget all that a customer wanted."""
        for sku in customer.wanted:
            self._take_out(sku, customer_id)
        customer.wanted.clear()

    def articles(self) -> list[str]:
        """Return the articles somebody would have."""
        return list(self._by_sku)

    def asking(self, sku: str) -> list[str]:
        """Return who would have an article, the longest waiting first."""
        return list(self._by_sku.get(sku, ()))

    def _take_out(self, sku: str, customer_id: str) -> None:
        asking = self._by_sku.get(sku)
        if asking is not None:
            asking.pop(customer_id, None)
            if not asking:
                del self._by_sku[sku]
