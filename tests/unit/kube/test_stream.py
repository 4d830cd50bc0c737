# SPDX-License-Identifier: Apache-2.0
"""Lines of a watch, whatever the chunks."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from keyfleet.kube.stream import LineSplitter

LIMIT = 12


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted({place for place in places if place < len(whole)}), len(whole)]
    return [whole[start:end] for start, end in pairwise(bounds)]


def split(chunks: list[bytes], limit: int = LIMIT) -> list[bytes | None]:
    splitter = LineSplitter(limit)
    return [line for chunk in chunks for line in splitter.feed(chunk)]


@given(
    whole=st.lists(st.sampled_from([b"\n", b"a", b"bc", b"\r", b"12345678", b"{}"])).map(b"".join),
    places=st.lists(st.integers(1, 80)),
)
def test_any_chunking_gives_the_same_lines(whole: bytes, places: list[int]) -> None:
    assert split([whole]) == split(cut(whole, places))


@given(
    lines=st.lists(st.binary(max_size=LIMIT).map(lambda raw: raw.replace(b"\n", b"."))),
    places=st.lists(st.integers(1, 80)),
)
def test_gives_what_stands_between_the_newlines(lines: list[bytes], places: list[int]) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    assert [line for line in lines if line] == split(cut(whole, places))


def test_a_line_over_the_limit_is_reported_once_and_dropped() -> None:
    chunks = [b"short\n", b"x" * 10, b"x" * 10, b"x" * 10, b"\nnext\n"]
    assert split(chunks) == [b"short", None, b"next"]


def test_a_line_of_exactly_the_limit_passes() -> None:
    assert split([b"x" * LIMIT, b"\n"]) == [b"x" * LIMIT]


def test_knows_that_a_line_has_not_ended() -> None:
    splitter = LineSplitter(LIMIT)
    inside = [splitter.is_inside_line]
    for chunk in (b"a\nb", b"\n", b"x" * (LIMIT + 1)):
        splitter.feed(chunk)
        inside.append(splitter.is_inside_line)
    assert inside == [False, True, False, True]


def test_an_event_beyond_every_buffer_of_the_http_library_passes() -> None:
    event = b"x" * (3 * 1024 * 1024)
    chunks = [event[start : start + 65536] for start in range(0, len(event), 65536)]
    splitter = LineSplitter()
    found = [line for chunk in [*chunks, b"\n"] for line in splitter.feed(chunk)]
    assert [event] == found
