# SPDX-License-Identifier: Apache-2.0
"""Percent signs in URLs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.urls.escaping import (
    Part,
    as_bytes,
    escaped,
    from_bytes,
    unescaped,
)

free_parts = st.sampled_from([Part.PATH, Part.USERINFO, Part.FRAGMENT])


@given(st.binary().map(lambda raw: raw.decode("latin-1")), free_parts)
def test_what_is_escaped_can_be_read_again(text: str, part: Part) -> None:
    assert unescaped(escaped(text, part), part) == text


@given(st.text())
def test_bytes_are_characters_meanwhile(text: str) -> None:
    assert from_bytes(as_bytes(text)) == text
    assert max(as_bytes(text), default="") <= "\xff"


@pytest.mark.parametrize(
    ("text", "part", "problem"),
    [
        ("a%", Part.PATH, 'invalid URL escape "%"'),
        ("%4", Part.PATH, 'invalid URL escape "%4"'),
        ("%zz", Part.FRAGMENT, 'invalid URL escape "%zz"'),
        ("%41", Part.HOST, 'invalid URL escape "%41"'),
        ("a b", Part.HOST, 'invalid character " " in host name'),
        ("%2f", Part.ZONE, 'invalid URL escape "%2f"'),
    ],
)
def test_refuses(text: str, part: Part, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        unescaped(text, part)
    assert caught.value.go_text() == problem


def test_hosts_have_escapes_only_for_what_needs_them() -> None:
    assert unescaped("%c3%a9%25", Part.HOST) == "\xc3\xa9%"
    assert unescaped("en%41%20", Part.ZONE) == "enA "
