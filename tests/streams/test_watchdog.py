"""When a worker is stuck, and when it only looks so. Looks are counted, not seconds."""

from models.effects import Origin
from streams.runtime.watchdog import LOOK_EVERY_S, Patience, Sight, Verdict
from streams.settings import GuardSettings
from streams.topology import ShardId

SHOP = ShardId("shop", 2)
GUARD = GuardSettings(step_s=5.0, stall_s=20.0)


def origin(offset: int) -> Origin:
    return Origin("orders", 2, offset, 0.0)


def looks(sights) -> tuple[int, Verdict | None]:
    """How many looks it took to a verdict, and which."""
    patience, number = Patience(GUARD), 0
    for number, sight in enumerate(sights, 1):
        verdict = patience.look(sight)
        if verdict is not None:
            return number, verdict
    return number, None


def test_a_step_that_does_not_come_back_is_blamed_with_its_event():
    at = origin(7)
    number, verdict = looks(Sight(n // 3, (SHOP, at), {}) for n in range(100))
    assert number == 1 + GUARD.step_s / LOOK_EVERY_S
    assert verdict.culprit == (SHOP, at)
    assert "orders[2]@7" in verdict.why


def test_many_steps_one_after_the_other_are_not_one_that_hangs():
    assert looks(Sight(n, (SHOP, origin(n)), {SHOP: n}) for n in range(200)) == (200, None)


def test_the_same_event_again_after_it_was_done_with_begins_anew():
    at = origin(7)
    sights = [Sight(n, (SHOP, at) if n % 4 else None, {}) for n in range(200)]
    assert looks(sights) == (200, None)


def test_a_loop_that_does_not_turn_is_stuck():
    number, verdict = looks(Sight(1, None, {SHOP: n}) for n in range(100))
    assert number == 1 + GUARD.stall_s / LOOK_EVERY_S
    assert "event loop" in verdict.why
    assert verdict.culprit is None


def test_events_that_nobody_processes_are_a_stall():
    number, verdict = looks(Sight(n, None, {SHOP: 5}) for n in range(100))
    assert number == 1 + GUARD.stall_s / LOOK_EVERY_S
    assert "events of shop-2" in verdict.why


def test_shards_that_get_on_do_not_hide_the_one_that_does_not():
    other = ShardId("floor", 0)
    number, verdict = looks(Sight(n, None, {other: n, SHOP: 5}) for n in range(100))
    assert number == 1 + GUARD.stall_s / LOOK_EVERY_S
    assert "events of shop-2" in verdict.why


def test_nothing_to_do_is_no_stall_nor_is_slow_progress():
    assert looks(Sight(n, None, {}) for n in range(200)) == (200, None)
    assert looks(Sight(n, None, {SHOP: n // 30}) for n in range(200)) == (200, None)
    now_and_then = [Sight(n, None, {SHOP: 5} if n % 30 else {}) for n in range(200)]
    assert looks(now_and_then) == (200, None)


def test_how_long_the_worst_shard_has_stood_still_is_told():
    patience = Patience(GUARD)
    for n in range(11):
        patience.look(Sight(n, None, {SHOP: 5, ShardId("floor", 0): n}))
    assert patience.stalled_s == 10 * LOOK_EVERY_S
    patience.look(Sight(12, None, {SHOP: 6}))
    assert patience.stalled_s == 0.0
