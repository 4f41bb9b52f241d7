"""Who would have what."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from models.customers import Customer
from models.offers.interest import _PER_ARTICLE, _PER_CUSTOMER, Interest


class Crowd:
    """Customers who want articles."""

    def __init__(self, capacity: int = 100) -> None:
        self.interest = Interest(capacity)
        self.customers: dict[str, Customer] = defaultdict(Customer)

    def note(self, sku: str, name: str) -> None:
        self.interest.note(sku, name, self.customers[name])

    def drop(self, sku: str, name: str) -> None:
        self.interest.drop(sku, name, self.customers[name])

    def forget(self, name: str) -> None:
        self.interest.forget(name, self.customers[name])


def test_who_asks_is_remembered_until_they_have_it() -> None:
    crowd = Crowd()
    crowd.note("hat", "c1")
    crowd.note("hat", "c2")
    crowd.note("bag", "c1")
    assert crowd.interest.articles() == ["hat", "bag"]
    assert crowd.interest.asking("hat") == ["c1", "c2"]
    crowd.drop("hat", "c1")
    crowd.drop("hat", "c3")
    crowd.drop("shoe", "c1")
    assert crowd.interest.asking("hat") == ["c2"]
    assert crowd.customers["c1"].wanted == ["bag"]
    crowd.drop("hat", "c2")
    assert crowd.interest.articles() == ["bag"]
    assert crowd.interest.asking("hat") == []
    assert len(crowd.interest) == 1


def test_who_asks_again_waits_anew() -> None:
    crowd = Crowd()
    for name in ("c1", "c2", "c1"):
        crowd.note("hat", name)
    assert crowd.interest.asking("hat") == ["c2", "c1"]
    assert crowd.customers["c1"].wanted == ["hat"], "once"


def test_who_is_forgotten_asks_for_nothing() -> None:
    crowd = Crowd()
    for sku in ("hat", "bag"):
        crowd.note(sku, "c1")
    crowd.note("hat", "c2")
    crowd.forget("c1")
    assert crowd.customers["c1"].wanted == []
    assert crowd.interest.articles() == ["hat"]
    assert crowd.interest.asking("hat") == ["c2"]


def test_a_customer_wants_only_so_much_at_a_time() -> None:
    crowd = Crowd()
    skus = [f"a{number}" for number in range(_PER_CUSTOMER + 2)]
    for sku in skus:
        crowd.note(sku, "c1")
    assert crowd.customers["c1"].wanted == skus[2:]
    assert crowd.interest.articles() == skus[2:]


def test_only_so_many_ask_for_an_article() -> None:
    crowd = Crowd()
    for number in range(_PER_ARTICLE + 2):
        crowd.note("hat", f"c{number}")
    assert crowd.interest.asking("hat") == [f"c{n}" for n in range(2, _PER_ARTICLE + 2)]


def test_the_article_longest_not_asked_for_goes() -> None:
    crowd = Crowd(capacity=2)
    for number, sku in enumerate(("hat", "bag", "hat", "shoe")):
        crowd.note(sku, f"c{number}")
    assert crowd.interest.articles() == ["hat", "shoe"]
    crowd.drop("bag", "c1")
    assert crowd.customers["c1"].wanted == []
    crowd.note("bag", "c1")
    assert crowd.interest.asking("bag") == ["c1"], "asked for once more, it is back"


actions = st.lists(
    st.tuples(
        st.sampled_from(["note", "note", "note", "drop", "forget"]),
        st.integers(0, 8), st.integers(0, 5),
    ),
    max_size=120,
)  # fmt: skip


@given(actions)
def test_both_sides_agree_and_nothing_empty_is_left(given: list[tuple[str, int, int]]) -> None:
    crowd = Crowd(capacity=6)
    for action, article, number in given:
        if action == "forget":
            crowd.forget(f"c{number}")
        else:
            getattr(crowd, action)(f"a{article}", f"c{number}")
        assert len(crowd.interest) <= 6
        for sku in crowd.interest.articles():
            asking = crowd.interest.asking(sku)
            assert asking
            assert all(sku in crowd.customers[name].wanted for name in asking)
