"""Records in one piece."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from models.customers import Customer, Customers, Example, Granted, Purchase
from models.offers.pending import Click, Decision, Pending, numbers, packed
from models.packed import pack, unpack
from models.sequences.visit import Visit


def test_customers_come_back_as_they_were_and_in_their_order() -> None:
    customers = Customers(3)
    customers.touch("second")
    first, _ = customers.touch("first")
    customers.touch("second")
    first.start_session("s", 5.5)
    first.visit.see("a", 6)
    first.cart["b"] = None
    first.examples.append(Example({"views": 2}, 0.25, {"logistic": 0.25}))
    first.remember_purchase("c", 7.0)
    first.granted["c"] = Granted("spring", 8.0)
    again = pickle.loads(pickle.dumps(customers))
    assert (again["first"], again["second"]) == (first, Customer())
    assert type(again["first"].bought["c"]) is Purchase
    again.touch("third")
    assert again.touch("fourth")[1] == ("first", first), "who came first goes first"


def test_offers_that_wait_come_back() -> None:
    pending = Pending(10, 1.0, 2.0, valid_s=3.0, lasting_s=4.0)
    decision = Decision("c", 1.0, ("a",), packed([0.5, 2.0]), (0.1,), (), ("new",), lasting=False)
    decision.shown.add(0)
    customer = Customer()
    pending.open("o", decision, customer)
    pending.click(customer, "c", "a", Click(1.0, "o", packed([0.5, 2.0])))
    again = pickle.loads(pickle.dumps(pending))
    assert again.find("o", "c") == decision
    assert numbers(again.bought(customer, "c", "a").features) == [0.5, 2.0]


def test_numbers_of_numpy_are_numbers() -> None:
    packing = pack(Visit(trail=np.int64(3)))  # type: ignore[arg-type]
    assert unpack(packing, Visit) == Visit(trail=3)


def test_what_cannot_be_packed_is_said() -> None:
    with pytest.raises(NotImplementedError, match="complex cannot be packed"):
        pack([1j])
    with pytest.raises(ValueError, match="Expected"):
        unpack(pack("x"), list[Visit])
