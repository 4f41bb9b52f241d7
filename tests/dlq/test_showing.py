"""Bytes of anybody on a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.dlq.showing import DUMPED_BYTES, MAX_LINES, MAX_WIDTH, text_of, value_lines


def test_json_is_indented_and_stays_readable():
    assert value_lines('{"größe":[1,1e400]}'.encode())[1:3] == ['  "größe": [', "    1,"]


def test_other_bytes_are_dumped():
    assert value_lines(b"\x00\xffAZ~\x7f{") == [
        "00000000  00 ff 41 5a 7e 7f 7b                             ..AZ~.{"
    ]
    assert value_lines(b"") == ["(empty)"]


@pytest.mark.parametrize("value", [b"[" * 100_000, b"9" * 5000, b'{"a":', b"\xef\xbb\xbf{}"])
def test_what_is_no_json_after_all_is_dumped(value):
    assert value_lines(value)[0].startswith("00000000  ")


def test_what_is_long_is_cut_and_that_is_said():
    lines = value_lines(json.dumps(list(range(5000))).encode())
    assert (len(lines), "--raw" in lines[-1]) == (MAX_LINES + 1, True)
    assert len(value_lines(json.dumps("x" * 90_000).encode())[0]) < MAX_WIDTH + 40
    lines = value_lines(b"\x00" * 5_000_000)
    assert (len(lines), "4,998,976 bytes more" in lines[-1]) == (DUMPED_BYTES // 16 + 1, True)


@given(st.binary(max_size=200) | st.text().map(lambda text: json.dumps([text]).encode()))
def test_nothing_that_a_terminal_would_obey_comes_out(value):
    assert all(each.isprintable() for each in [*value_lines(value), text_of(value)])
    assert all(each.isprintable() for each in value_lines(json.dumps([text_of(value)]).encode()))


def test_keys_and_headers_are_text():
    assert text_of(b"a\x1b[2J\xff\n") == "a\\x1b[2J\\xff\\n"
    assert text_of(None) == "(none)"
