# SPDX-License-Identifier: Apache-2.0
"""Base64 as Go reads it; tests/compat/sealedsecrets compares it with Go itself."""

from base64 import b64encode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing.gobase64 import decode_base64


@given(st.binary(max_size=60), st.randoms())
def test_line_ends_may_stand_anywhere(raw: bytes, random: Random) -> None:
    text = b64encode(raw).decode()
    folded = "".join(char + random.choice(["", "\n", "\r\n"]) for char in text)
    assert decode_base64(f"\n{folded}") == raw


def test_trailing_bits_may_be_any() -> None:
    assert decode_base64("YQ==") == decode_base64("YR==") == decode_base64("Yf==") == b"a"
    assert decode_base64("YWI=") == decode_base64("YWJ=") == b"ab"


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("A", 0), ("\nA", 1), ("YWJjA", 4), ("YWJjAA", 4), ("YWJjAAA", 4), ("=", 0), ("A=", 1),
        ("YQ=", 3), ("YQ=\n", 4), ("YQ=Q", 2), ("YQ==Q", 4), ("YQ==\n=", 5), ("YWI==", 4), (" ", 0),
        ("YQ\t==", 2), ("Y-==", 1), ("Y_==", 1), ("é", 0), ("YWJjé", 4), ("YWJj\0", 4),
    ],
)  # fmt: skip
def test_the_position_of_what_is_wrong(text: str, position: int) -> None:
    with pytest.raises(InvalidInputError) as failure:
        decode_base64(text)
    assert failure.value.code == "sealing.base64"
    assert failure.value.message == f"illegal base64 data at input byte {position}"
    assert failure.value.__context__ is None
