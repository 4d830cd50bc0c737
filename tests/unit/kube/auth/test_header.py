# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.kube.auth.header import is_header_value, is_token


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        (b"kf-canary-a.b_c~d", True),
        (b"", False),
        (b"kf-canary a", False),
        (b"kf-canary\r\nHost: x", False),
        (b"kf-canary\n", False),
        ("kf-canary-ü".encode(), False),
        (b"kf-canary\x00", False),
    ],
)
def test_a_token_is_visible_ascii(value: bytes, fits: bool) -> None:
    assert is_token(value) == fits


@pytest.mark.parametrize(("text", "fits"), [("jörg doe", True), ("a\r\nb", False), ("\x7f", False)])
def test_a_header_value_ends_no_line(text: str, fits: bool) -> None:
    assert is_header_value(text) == fits
