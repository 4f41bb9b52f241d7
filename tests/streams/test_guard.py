import pytest

from models.effects import Effects, Origin
from schemas.deadletters import DeadLetter
from schemas.decoding import Reject
from schemas.topics import MAX_MESSAGE_BYTES
from streams.guard import _KEPT_BYTES, Guard, TooManyFailures, dead_letter
from streams.settings import GuardSettings

ORIGIN = Origin("orders", 2, 17, 0.0)


def test_a_failed_step_is_told_with_its_place():
    guard = Guard(GuardSettings())
    try:
        raise KeyError("sku")
    except KeyError as error:
        reject = guard.failed(ORIGIN, error)
    assert reject.reason == "step_failed"
    assert "KeyError: 'sku' (test_a_failed_step_is_told_with_its_place, line" in reject.message


def test_too_many_failures_in_a_row_stop_the_worker():
    guard = Guard(GuardSettings(max_consecutive=3, max_ratio=1.0))
    guard.failed(ORIGIN, ValueError("1"))
    guard.failed(ORIGIN, ValueError("2"))
    guard.passed()
    guard.failed(ORIGIN, ValueError("1"))
    guard.failed(ORIGIN, ValueError("2"))
    with pytest.raises(TooManyFailures, match=r"orders\[2\]@17"):
        guard.failed(ORIGIN, ValueError("3"))


def test_too_large_a_share_of_failures_stops_the_worker_once_there_is_enough_to_judge():
    guard = Guard(GuardSettings(max_consecutive=100, max_ratio=0.2, window=10))
    for _ in range(4):
        guard.failed(ORIGIN, ValueError("early failures alone prove nothing"))
    for _ in range(6):
        guard.passed()
    with pytest.raises(TooManyFailures, match="of the last 10"):
        guard.failed(ORIGIN, ValueError("now"))


def test_a_dead_letter_keeps_what_fits_and_says_so():
    effects = Effects()
    effects.begin(ORIGIN)
    raw = b"x" * (MAX_MESSAGE_BYTES + 1)
    dead_letter(Reject("too_large", "m" * 900, "w" * 90), ORIGIN, None, raw, effects)
    (output,) = effects.outputs
    told = DeadLetter.from_headers(dict(output.headers))
    assert told.truncated
    assert told.size == len(raw)
    assert len(output.value) < MAX_MESSAGE_BYTES
    assert raw.startswith(output.value)
    assert (told.topic, told.partition, told.offset) == ("orders", 2, 17)
    assert len(told.message) <= 500


def test_an_empty_message_is_a_dead_letter_too():
    effects = Effects()
    effects.begin(ORIGIN)
    dead_letter(Reject("empty", "no value"), ORIGIN, b"k", None, effects)
    assert effects.outputs[0].value == b""
    assert effects.outputs[0].key == b"k"


def test_few_failures_among_many_events_go_on_for_ever():
    guard = Guard(GuardSettings(max_consecutive=100, max_ratio=0.2, window=10))
    for _ in range(10):
        for _ in range(4):
            guard.passed()
        guard.failed(ORIGIN, ValueError("two of ten are just what is allowed"))


def test_a_window_of_one_judges_by_the_last_event():
    with pytest.raises(TooManyFailures, match="100% of the last 1"):
        Guard(GuardSettings(max_consecutive=100, max_ratio=0.9, window=1)).failed(
            ORIGIN, ValueError("now")
        )


def test_a_failure_is_told_shortly_and_with_the_innermost_place_only():
    def inner() -> None:
        raise ValueError("x" * 900)

    def outer() -> None:
        inner()

    try:
        outer()
    except ValueError as error:
        message = Guard(GuardSettings()).failed(ORIGIN, error).message
    told, _, place = message.partition(" (")
    assert told == ("ValueError: " + "x" * 900)[:300]
    assert place.startswith("inner, line ")
    assert "(" not in place


def test_a_value_that_just_fits_is_whole_and_a_key_is_never_missing():
    effects = Effects()
    effects.begin(ORIGIN)
    dead_letter(Reject("too_large", "m"), ORIGIN, None, b"x" * _KEPT_BYTES, effects)
    (output,) = effects.outputs
    assert not DeadLetter.from_headers(dict(output.headers)).truncated
    assert (output.key, len(output.value)) == (b"", _KEPT_BYTES)
