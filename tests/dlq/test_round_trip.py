"""A dead letter of a step that raised, sent again once the step is mended: it counts, once."""

import orjson

from models import floor, shop
from schemas.clickstream import View
from schemas.sensors import ProductionCount
from streams.driver import Driver
from tests.streams.events import made, view


def test_a_mended_step_takes_what_it_failed_on(monkeypatch):
    def failing(*_: object) -> None:
        raise ZeroDivisionError

    with Driver() as driver:
        with monkeypatch.context() as patch:
            patch.setitem(shop._STEPS, View, failing)
            patch.setitem(floor._STEPS, ProductionCount, failing)
            driver.pipe("clickstream", view(1, "a"))
            driver.pipe("sensors", made(1, "a", 5))
        letters = driver.read("dead-letters")
        assert len(letters) == 2
        for letter in letters * 2:
            topic = dict(letter.headers)["__streams.errors.topic"].decode()
            at = letter.caused_at
            driver.pipe(topic, letter.value, key=letter.key, at=at)
        tally = driver.tally()
        for topic in ("clickstream", "sensors"):
            assert tally[f"{topic}:rejected:step_failed"] == 1
            assert tally[f"{topic}:accepted"] == 1
            assert tally[f"{topic}:duplicate"] == 1
        assert driver.counts("count:made", "floor") == {"a": 5.0}
        assert orjson.loads(letters[0].value)["sku"] == "a"
