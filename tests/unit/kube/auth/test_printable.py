# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.kube.auth.printable import HINT_MAX, printable, without_escapes


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("one\ntwo", "one\ntwo"),
        ("back\x08\x9bspace", "backspace"),
        ("right-to-left \u202e override", "right-to-left  override"),
    ],
)
def test_a_hint_loses_terminal_escapes(text: str, plain: str) -> None:
    assert without_escapes(text) == plain


@given(st.text())
def test_nothing_a_terminal_acts_on_is_left(text: str) -> None:
    hint = without_escapes(text)
    assert len(hint) <= HINT_MAX
    assert all(char == "\n" or char.isprintable() for char in hint)
    assert printable(text).isprintable()
