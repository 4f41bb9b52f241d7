"""One alarm: delays, deadband, and the states of ISA-18.2."""

from __future__ import annotations

import pickle

import pytest

from models.alarms.alarm import Alarm, AlarmSettings, Change, Suppression

AT_ONCE = AlarmSettings()
ASKED = AlarmSettings(acknowledge=True)


def raised(settings: AlarmSettings = AT_ONCE, at: float = 100.0) -> Alarm:
    alarm = Alarm()
    change = alarm.step(at, settings, over=True, under=False)
    assert change == Change("normal", "active")
    return alarm


def fed(alarm: Alarm, settings: AlarmSettings, samples: str, start: float = 1.0) -> list[str]:
    """Take samples in, one a second: ``+`` over, ``-`` under, ``=`` between limit and deadband."""
    told = []
    for n, sample in enumerate(samples):
        change = alarm.step(start + n, settings, over=sample == "+", under=sample == "-")
        told.append(change.after if change is not None else ".")
    return told


@pytest.mark.parametrize("ups", [0, 1, 2])
def test_it_takes_so_many_samples_in_a_row(ups: int) -> None:
    settings = AlarmSettings(on_samples=3, off_samples=2)
    alarm = Alarm()
    told = fed(alarm, settings, "+" * ups + "-" + "+++--", start=1.0)
    assert told == ["."] * (ups + 3) + ["active", ".", "normal"]


def test_it_takes_so_many_seconds() -> None:
    settings = AlarmSettings(on_delay_s=10.0, off_delay_s=5.0)
    alarm = Alarm()
    assert alarm.step(0.0, settings, over=True, under=False) is None
    assert alarm.step(9.9, settings, over=True, under=False) is None
    assert alarm.step(10.0, settings, over=True, under=False) == Change("normal", "active")
    assert alarm.step(20.0, settings, over=False, under=True) is None
    assert alarm.pass_time(24.9, settings) is None
    assert alarm.pass_time(25.0, settings) == Change("active", "normal")


def test_a_delay_that_is_over_ends_without_a_sample() -> None:
    settings = AlarmSettings(on_delay_s=10.0)
    alarm = Alarm()
    alarm.step(0.0, settings, over=True, under=False)
    assert alarm.pass_time(10.0, settings) == Change("normal", "active")
    assert alarm.since == 10.0


def test_between_limit_and_deadband_nothing_changes() -> None:
    settings = AlarmSettings(on_samples=2, off_samples=2)
    alarm = Alarm()
    assert fed(alarm, settings, "+=+=++") == [".", ".", ".", ".", ".", "active"]
    assert fed(alarm, settings, "-=-==--", 10.0) == [".", ".", ".", ".", ".", ".", "normal"]


def test_it_counts_its_occurrences_and_knows_when_each_began() -> None:
    alarm = raised(at=100.0)
    assert (alarm.occurrence, alarm.since) == (1, 100.0)
    alarm.step(110.0, AT_ONCE, over=False, under=True)
    alarm.step(120.0, AT_ONCE, over=True, under=False)
    assert (alarm.occurrence, alarm.since) == (2, 120.0)


def test_who_acknowledges_an_active_alarm_is_not_asked_again_when_it_is_over() -> None:
    alarm = raised(ASKED)
    assert alarm.acknowledge(101.0, ASKED) == Change("active", "acknowledged")
    assert alarm.step(102.0, ASKED, over=False, under=True) == Change("acknowledged", "normal")


def test_over_but_never_acknowledged() -> None:
    alarm = raised(ASKED)
    assert alarm.step(101.0, ASKED, over=False, under=True) == Change("active", "returned")
    assert alarm.step(102.0, ASKED, over=True, under=False) == Change("returned", "active")
    alarm.step(103.0, ASKED, over=False, under=True)
    assert alarm.acknowledge(104.0, ASKED) == Change("returned", "normal")


def test_where_nobody_is_asked_it_is_done_with_when_it_is_over() -> None:
    alarm = raised()
    assert alarm.step(101.0, AT_ONCE, over=False, under=True) == Change("active", "normal")
    assert alarm.acked


def test_a_latched_alarm_stays_until_somebody_has_seen_it() -> None:
    latched = AlarmSettings(latched=True)
    alarm = raised(latched)
    assert fed(alarm, latched, "---", 101.0) == [".", ".", "."]
    assert alarm.acknowledge(104.0, latched) == Change("active", "normal")
    again = raised(latched)
    assert again.acknowledge(101.0, latched) == Change("active", "acknowledged")
    assert again.step(102.0, latched, over=False, under=True) == Change("acknowledged", "normal")


def test_who_acknowledges_ends_nothing_that_is_not_latched() -> None:
    settings = AlarmSettings(acknowledge=True, off_samples=3)
    alarm = raised(settings)
    assert fed(alarm, settings, "-", 101.0) == ["."]
    assert alarm.acknowledge(102.0, settings) == Change("active", "acknowledged")
    assert fed(alarm, settings, "--", 103.0) == [".", "normal"]


def test_who_acknowledges_too_early_does_not_hold_up_a_latched_alarm() -> None:
    latched = AlarmSettings(latched=True, on_samples=2)
    alarm = Alarm()
    assert fed(alarm, latched, "+") == ["."]
    assert alarm.acknowledge(1.5, latched) is None
    assert fed(alarm, latched, "+", 2.0) == ["active"]
    assert fed(alarm, latched, "-", 3.0) == ["."]
    assert alarm.acknowledge(4.0, latched) == Change("active", "normal")


def test_what_stands_acknowledged_for_too_long_calls_again() -> None:
    settings = AlarmSettings(acknowledge=True, realarm_s=60.0)
    alarm = raised(settings, at=0.0)
    alarm.acknowledge(10.0, settings)
    assert alarm.pass_time(69.0, settings) is None
    assert alarm.pass_time(70.0, settings) == Change("acknowledged", "active")
    assert alarm.occurrence == 1
    assert alarm.pass_time(1000.0, settings) is None, "nobody has seen it yet"
    alarm.acknowledge(1000.0, settings)
    assert alarm.pass_time(1059.0, settings) is None
    assert alarm.pass_time(1060.0, settings) == Change("acknowledged", "active")


def test_it_does_not_call_again_unless_somebody_wants_it_to() -> None:
    alarm = raised(ASKED, at=0.0)
    alarm.acknowledge(1.0, ASKED)
    assert alarm.pass_time(1e9, ASKED) is None


def test_shelved_it_says_nothing_until_its_time_is_over() -> None:
    alarm = raised()
    assert alarm.shelve(101.0, until=200.0) == Change("active", "shelved")
    assert fed(alarm, AT_ONCE, "-+-+", 110.0) == [".", ".", ".", "."]
    assert alarm.pass_time(199.9, AT_ONCE) is None
    assert alarm.pass_time(200.0, AT_ONCE) == Change("shelved", "active")
    assert alarm.occurrence == 3
    alarm.shelve(201.0, until=300.0)
    assert alarm.unshelve(202.0) == Change("shelved", "active")


def test_shelved_and_over_meanwhile() -> None:
    alarm = raised()
    alarm.shelve(101.0, until=200.0)
    alarm.step(150.0, AT_ONCE, over=False, under=True)
    assert alarm.pass_time(200.0, AT_ONCE) == Change("shelved", "normal")


def test_suppressed_for_two_reasons_it_waits_for_both_to_end() -> None:
    alarm = raised()
    assert alarm.suppress(101.0, "parent", on=True) == Change("active", "suppressed")
    assert alarm.suppress(102.0, "not_running", on=True) is None
    assert alarm.suppress(103.0, "parent", on=False) is None
    assert alarm.suppress(104.0, "not_running", on=False) == Change("suppressed", "active")


def test_suppressed_before_it_comes() -> None:
    alarm = Alarm()
    assert alarm.suppress(1.0, "not_running", on=True) is None
    assert alarm.step(2.0, AT_ONCE, over=True, under=False) == Change("normal", "suppressed")
    assert alarm.step(3.0, AT_ONCE, over=False, under=True) == Change("suppressed", "normal")


def test_what_is_over_when_the_machine_runs_again_is_not_told_again() -> None:
    alarm = raised()
    alarm.suppress(101.0, "not_running", on=True)
    alarm.resume(200.0)
    assert alarm.suppress(200.0, "not_running", on=False) is None
    assert alarm.step(201.0, AT_ONCE, over=False, under=True) == Change("suppressed", "normal")
    assert alarm.step(202.0, AT_ONCE, over=True, under=False) == Change("normal", "active")


def test_out_of_service_goes_before_all_else() -> None:
    alarm = raised()
    alarm.shelve(101.0, until=500.0)
    assert alarm.set_service(102.0, out=True) == Change("shelved", "out_of_service")
    assert alarm.unshelve(103.0) is None
    assert alarm.set_service(104.0, out=False) == Change("out_of_service", "active")


def test_one_that_chatters_gets_a_longer_off_delay() -> None:
    alarm = Alarm()
    told = fed(alarm, AT_ONCE, "+-+-+", 5000.0)
    assert told == ["active", "normal", "active", "normal", "active"]
    assert alarm.is_chattering(5005.0, AT_ONCE)
    assert fed(alarm, AT_ONCE, "-" * 599, 5005.0) == ["."] * 599
    assert alarm.step(5605.0, AT_ONCE, over=False, under=True) == Change("active", "normal")
    assert not alarm.is_chattering(5605.0, AT_ONCE)


@pytest.mark.parametrize(("apart", "chatters"), [(30.0, True), (31.0, False)])
def test_three_within_a_minute_are_chatter(apart: float, chatters: bool) -> None:
    alarm = Alarm()
    for at in (5000.0, 5000.0 + apart, 5000.0 + 2 * apart):
        alarm.step(at, AT_ONCE, over=True, under=False)
        change = alarm.step(at + 1, AT_ONCE, over=False, under=True)
    assert (change == Change("active", "normal")) is not chatters
    assert alarm.is_chattering(5064.0, AT_ONCE) is chatters


def test_between_limit_and_deadband_a_delay_of_seconds_runs_on() -> None:
    settings = AlarmSettings(on_delay_s=10.0, off_delay_s=10.0)
    assert fed(Alarm(), settings, "+=========+") == [*["."] * 10, "active"]
    assert fed(Alarm(), settings, "+====-====+") == ["."] * 11, "it began anew"
    alarm = raised(at=0.0)
    assert fed(alarm, settings, "-=========-") == ["."] * 11, (
        "what stands has to be gone for so long"
    )
    assert fed(alarm, settings, "----------", 12.0) == [*["."] * 9, "normal"]


def test_what_stood_before_a_standstill_is_told_when_it_is_seen_again() -> None:
    alarm = raised()
    assert alarm.suppress(110.0, "not_running", on=True) == Change("active", "suppressed")
    alarm.resume(200.0)
    assert alarm.suppress(200.0, "not_running", on=False) is None
    assert alarm.step(201.0, AT_ONCE, over=False, under=False) is None
    assert alarm.step(202.0, AT_ONCE, over=True, under=False) == Change("suppressed", "active")


def test_shelved_until_another_time_it_says_so() -> None:
    alarm = raised()
    assert alarm.shelve(101.0, until=200.0) == Change("active", "shelved")
    assert alarm.shelve(102.0, until=200.0) is None, "that is known"
    assert alarm.shelve(103.0, until=300.0) == Change("shelved", "shelved")
    alarm.set_service(104.0, out=True)
    assert alarm.shelve(105.0, until=400.0) is None, "it is out of service all the same"


def test_delays_begin_anew_after_a_standstill() -> None:
    settings = AlarmSettings(on_samples=2, off_delay_s=10.0)
    alarm = Alarm()
    assert fed(alarm, settings, "+") == ["."]
    alarm.resume(100.0)
    assert fed(alarm, settings, "+", 101.0) == ["."], "one sample of before counts no more"
    assert fed(alarm, settings, "+-", 102.0) == ["active", "."]
    alarm.resume(200.0)
    assert fed(alarm, settings, "-", 209.0) == ["."]
    assert fed(alarm, settings, "-", 210.0) == ["normal"]


def test_what_did_not_stand_still_is_told_without_being_seen_again() -> None:
    alarm = raised()
    alarm.resume(110.0)
    assert alarm.state(110.0) == "active"


@pytest.mark.parametrize("reason", ["group", "flood"])
def test_what_comes_again_is_no_part_of_the_trouble_of_then(reason: Suppression) -> None:
    alarm = raised()
    alarm.suppress(101.0, reason, on=True)
    assert alarm.step(102.0, AT_ONCE, over=False, under=True) == Change("suppressed", "normal")
    assert alarm.step(103.0, AT_ONCE, over=True, under=False) == Change("normal", "active")


def test_it_remembers_few_of_its_activations() -> None:
    alarm = Alarm()
    fed(alarm, AT_ONCE, "+-" * 200, 0.0)
    size = len(pickle.dumps(alarm))
    fed(alarm, AlarmSettings(chatter_s=0.5), "+-" * 200, 1000.0)
    assert len(pickle.dumps(alarm)) <= size + 20


def test_it_is_idle_when_a_sample_that_is_not_over_changes_nothing() -> None:
    settings = AlarmSettings(on_samples=2, acknowledge=True)
    alarm = Alarm()
    assert alarm.idle
    fed(alarm, settings, "+")
    assert not alarm.idle, "it may be about to come"
    fed(alarm, settings, "+", 2.0)
    assert not alarm.idle
    fed(alarm, settings, "-", 3.0)
    assert not alarm.idle, "it has returned, and nobody has seen it"
    alarm.acknowledge(4.0, settings)
    assert alarm.idle
    alarm.shelve(5.0, until=60.0)
    assert not alarm.idle, "that it ends is to be told"


def test_ended_at_once() -> None:
    alarm = raised(ASKED)
    assert alarm.clear(101.0) == Change("active", "normal")
    assert alarm.quiet
    assert fed(alarm, AlarmSettings(on_samples=2), "+", 102.0) == ["."]
    assert not alarm.quiet, "something may be about to be wrong"


RECURS = AlarmSettings(on_delay_s=2.0, recur_s=100.0, recur_off_s=20.0)


def test_one_that_recurs_stays_until_nothing_would_have_activated_it_for_longer() -> None:
    alarm = Alarm()
    assert fed(alarm, RECURS, "+++-", 1000.0) == [".", ".", "active", "normal"]
    assert not alarm.is_recurring(1003.0, RECURS), "once is not again"
    assert fed(alarm, RECURS, "+++", 1010.0) == [".", ".", "active"]
    assert fed(alarm, RECURS, "-" * 20, 1013.0) == [*["."] * 19, "normal"]


def test_it_recurs_also_if_it_was_not_activated_in_between() -> None:
    alarm = Alarm()
    assert fed(alarm, RECURS, "+-+++--", 1000.0) == [".", ".", ".", ".", "active", ".", "."]
    assert alarm.is_recurring(1006.0, RECURS)


def test_between_limit_and_deadband_it_is_still_the_same_excursion() -> None:
    assert fed(Alarm(), RECURS, "+=+=+-") == [".", ".", "active", ".", ".", "normal"]


def test_what_would_not_have_activated_it_does_not_hold_it_up() -> None:
    alarm = Alarm()
    fed(alarm, RECURS, "+-+++", 1000.0)
    told = fed(alarm, RECURS, "-+-" * 7, 1005.0)
    assert told.index("normal") == 20, "once back twenty seconds after it stood last"
    standing = Alarm()
    fed(standing, RECURS, "+-+++", 1000.0)
    assert "normal" not in fed(standing, RECURS, "-+++" * 12, 1005.0)


def test_an_over_sample_whose_delay_ended_before_the_next_one_stood() -> None:
    alarm = Alarm()
    fed(alarm, RECURS, "+-+++", 1000.0)
    for n in range(10):  # one in five seconds, and every second one over
        sample = alarm.step(1010.0 + 5 * n, RECURS, over=n % 2 == 0, under=n % 2 == 1)
        assert sample is None


def test_noise_that_never_leaves_samples_in_a_row_holds_it_up_no_longer_than_that() -> None:
    settings = AlarmSettings(off_samples=2, off_delay_s=5.0, recur_off_s=20.0)
    alarm = raised(settings, at=0.0)
    told = fed(alarm, settings, "=-" * 15)
    assert told.index("normal") == 19
    assert "normal" not in fed(raised(settings, at=0.0), settings, "=" * 50), "never clearly back"
    never = AlarmSettings(off_samples=2, off_delay_s=5.0)
    assert "normal" not in fed(raised(never, at=0.0), never, "=-" * 50)


def test_after_a_quiet_time_it_recurs_no_more() -> None:
    alarm = Alarm()
    fed(alarm, RECURS, "+++-", 1000.0)
    assert fed(alarm, RECURS, "+++-", 1101.0) == [".", ".", "active", "normal"]
    fed(alarm, RECURS, "+++", 1201.0)
    alarm.clear(1204.0)
    assert fed(alarm, RECURS, "+++-", 1210.0) == [".", ".", "active", "normal"], "all anew"


def test_a_standstill_is_no_quiet_time() -> None:
    alarm = Alarm()
    fed(alarm, RECURS, "+-+++", 1000.0)
    alarm.resume(1050.0)
    assert fed(alarm, RECURS, "-" * 20, 1051.0) == [*["."] * 19, "normal"]


def test_it_remembers_few_of_its_excursions() -> None:
    alarm = Alarm()
    fed(alarm, RECURS, "+-" * 20, 0.0)
    size = len(pickle.dumps(alarm))
    fed(alarm, RECURS, "+-" * 200, 1000.0)
    assert len(pickle.dumps(alarm)) <= size + 20


@pytest.mark.parametrize(("apart", "samples"), [(4.0, 5), (5.0, 5), (9.0, 4), (15.0, 3), (60.0, 3)])
def test_samples_of_a_slow_sensor_are_bounded_by_time(apart: float, samples: int) -> None:
    settings = AlarmSettings(off_samples=5, off_bound_s=21.0, off_least=3)
    alarm = raised(settings, at=0.0)
    for n in range(1, samples + 1):
        assert alarm.present
        alarm.step(n * apart, settings, over=False, under=True)
    assert not alarm.present


def test_where_one_sample_is_enough_it_has_to_stand_so_long() -> None:
    settings = AlarmSettings(off_samples=3, off_delay_s=2.0, off_bound_s=10.0, off_least=1)
    alarm = raised(settings, at=0.0)
    assert alarm.step(1.0, settings, over=False, under=True) is None
    assert alarm.pass_time(10.9, settings) is None
    assert alarm.pass_time(11.0, settings) == Change("active", "normal")
