import pytest

from streams.routing import misrouted, murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "expected"),
    # Kafka's own test vectors (UtilsTest.testMurmur2), made positive as the partitioner does.
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    ],
)
def test_the_hash_is_that_of_the_java_client(key: bytes, expected: int):
    assert murmur2(key) == expected & 0x7FFFFFFF


def test_an_event_is_misrouted_without_key_or_elsewhere():
    right = partition_of(b"customer-1", 4)
    assert not misrouted(b"customer-1", right, 4)
    assert misrouted(b"customer-1", (right + 1) % 4, 4)
    assert misrouted(None, 0, 4)
    assert misrouted(b"", 0, 4)
