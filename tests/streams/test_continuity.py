"""Gaps in a partition's offsets are seen, repeats are none."""

from streams.continuity import Continuity, Ends, Gap

HERE = ("orders", 3)


def begun(offset: int) -> Continuity:
    continuity = Continuity()
    continuity.begin(HERE, offset)
    return continuity


def test_offsets_that_go_on_have_no_gap():
    continuity = begun(5)
    assert continuity.take(HERE, [5, 6, 7]) is None
    assert continuity.take(HERE, [8]) is None


def test_a_gap_at_the_beginning_between_batches_and_within_one_is_seen():
    assert begun(5).take(HERE, [7, 8]) == Gap(5, 7)
    continuity = begun(5)
    assert continuity.take(HERE, [5, 6]) is None
    assert continuity.take(HERE, [8, 9]) == Gap(7, 8)
    assert continuity.take(HERE, [10, 11, 15, 16]) == Gap(12, 15)
    assert continuity.take(HERE, [17]) is None


def test_repeats_are_no_gap_and_hide_none():
    continuity = begun(5)
    assert continuity.take(HERE, [3, 4, 5, 6]) is None
    assert continuity.take(HERE, [5, 6]) is None
    assert continuity.take(HERE, [6, 9]) == Gap(7, 9)


def test_where_the_first_event_is_not_known_it_begins_there():
    assert begun(-2).take(HERE, [41, 42]) is None
    continuity = begun(5)
    continuity.begin(HERE, -2)
    assert continuity.take(HERE, [41, 42]) is None


def test_partitions_are_apart():
    continuity = begun(5)
    continuity.begin(("orders", 4), 100)
    assert continuity.take(("orders", 4), [100]) is None
    assert continuity.take(HERE, [5]) is None


def test_the_first_offset_of_all_may_be_missing_too():
    assert begun(0).take(HERE, [3]) == Gap(0, 3)
    assert begun(0).take(HERE, [0, 1]) is None


class TestEnds:
    def test_what_kafka_has_beyond_the_end_that_was_reached_is_unread(self):
        ends = Ends()
        ends.told(("orders", 0), 3)
        assert ends.unread() == [("orders", 0)]
        ends.reached(("orders", 0), 3)
        assert ends.unread() == []
        ends.told(("orders", 0), 4)
        assert ends.unread() == [("orders", 0)]
        ends.reached(("orders", 0), 4)
        assert ends.unread() == []

    def test_an_end_that_is_not_known_yet_is_no_lag(self):
        ends = Ends()
        ends.reached(("orders", 0), 7)
        ends.reached(("orders", 1), 0)
        assert ends.unread() == []

    def test_a_partition_with_nothing_in_it_is_read_once_kafka_said_so(self):
        ends = Ends()
        ends.told(("orders", 0), 0)
        assert ends.unread() == [("orders", 0)]
        ends.reached(("orders", 0), 0)
        assert ends.unread() == []

    def test_reading_that_begins_anew_has_reached_nothing(self):
        ends = Ends()
        for number in (0, 1):
            ends.reached(("orders", number), 3)
        ends.forget(("orders", 0))
        ends.forget(("orders", 9))
        for number in (0, 1):
            ends.told(("orders", number), 3)
        assert ends.unread() == [("orders", 0)]
        ends.clear()
        assert ends.unread() == []
