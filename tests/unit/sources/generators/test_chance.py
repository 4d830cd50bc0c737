# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.sources.generators.chance import Chance


def dealt(*numbers: int) -> Chance:
    """Return what chooses by these bytes, one after the other."""
    left = iter(numbers)
    return Chance(lambda count: bytes(next(left) for _ in range(count)))


def test_throws_away_what_would_make_the_first_choices_likelier() -> None:
    """Of 3 bits, 5 to 7 stand for none of 5: the top bits of each byte count."""
    assert dealt(7 << 5, 6 << 5, 5 << 5, 4 << 5).choice("abcde") == "e"


@given(st.integers(1, 200))
def test_uses_no_more_bits_than_it_is_asked_for(bits: int) -> None:
    assert Chance(lambda count: b"\xff" * count).getrandbits(bits) == (1 << bits) - 1


@given(st.integers(0, 200))
def test_is_from_zero_up_to_one(byte: int) -> None:
    assert 0 <= Chance(lambda count: bytes([byte]) * count).random() < 1
