"""A state must not be gone on with over other topics than those it was made from."""

import pytest

from streams.doctor.topics import layout_finding
from streams.layout import layout_of, refusal

COUNTS = {"clickstream": 4, "orders": 4, "catalogue": 4, "sensors": 8, "commands": 8, "offers": 1}
IDS = {"clickstream": "c1", "orders": "o1", "catalogue": "k1", "sensors": "s1", "commands": "m1"}


def test_what_is_as_it_was_is_not_refused():
    noted = layout_of(COUNTS, IDS)
    assert "partitions:offers" not in noted
    assert refusal(noted, layout_of(COUNTS, IDS)) is None
    assert refusal(noted, layout_of(COUNTS, {})) is None  # a broker that tells no ids
    assert refusal({}, layout_of(COUNTS, IDS)) is None  # nothing noted yet


@pytest.mark.parametrize(("number", "before"), [(6, 4), (2, 4)])
def test_another_number_of_partitions_is_refused_with_what_to_do(number, before):
    told = refusal(layout_of(COUNTS, IDS), layout_of({**COUNTS, "orders": number}, IDS))
    assert f"orders has {number} partitions" in told
    assert f"made with {before}" in told
    assert "shards reset" in told


def test_a_topic_made_anew_is_refused():
    told = refusal(layout_of(COUNTS, IDS), layout_of(COUNTS, {**IDS, "sensors": "s2"}))
    assert "Topic sensors was deleted and made anew" in told


def test_the_doctor_says_the_same():
    assert layout_finding({}, layout_of(COUNTS, IDS)).level == "ok"
    assert layout_finding(layout_of(COUNTS, IDS), layout_of(COUNTS, IDS)).level == "ok"
    found = layout_finding(layout_of(COUNTS, IDS), layout_of({**COUNTS, "orders": 6}, IDS))
    assert found.level == "wrong"
    assert "orders has 6 partitions" in found.text
    assert found.remedy.startswith("either go back to a topic with 4 partitions, or begin anew")


def test_a_topic_that_is_new_to_the_state_is_no_other_topic():
    noted = layout_of(COUNTS, IDS)
    before = {name: value for name, value in noted.items() if not name.endswith(":catalogue")}
    assert before != noted
    assert refusal(before, noted) is None
