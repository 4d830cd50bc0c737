# SPDX-License-Identifier: Apache-2.0
import base64
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.testing.canary import CANARY_PREFIX, canary, find_canary


@given(before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_finds_a_canary_in_base64_whatever_stands_around_it(before: bytes, after: bytes) -> None:
    text = before + canary("x") + after
    assert find_canary(base64.b64encode(text))
    assert find_canary(base64.urlsafe_b64encode(text))
    assert find_canary(base64.encodebytes(text))


@given(before=st.text(max_size=9), after=st.text(max_size=9))
def test_finds_a_plain_canary_whatever_stands_around_it(before: str, after: str) -> None:
    assert find_canary(before + canary("x").decode() + after)


def test_finds_a_canary_in_hexadecimal_and_over_two_lines() -> None:
    assert find_canary(canary("x").hex())
    assert find_canary(CANARY_PREFIX[:4] + "\n  " + CANARY_PREFIX[4:])


@pytest.mark.parametrize("text", ["", "canary", "kf-canar y", "v1:key:0011223344556677"])
def test_finds_nothing_in_harmless_text(text: str) -> None:
    assert not find_canary(text)


def test_survives_bytes_that_are_no_text() -> None:
    assert not find_canary(gzip.compress(b"harmless"))
