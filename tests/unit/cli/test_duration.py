"""Durations on the command line."""

import pytest

from keyfleet.cli.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("250ms", 0.25),
        ("20", 20),
        ("0", 0),
        ("1.5m", 90),
    ],
)
def test_what_is_a_duration(text: str, seconds: float) -> None:
    assert seconds == parse_duration(text).total_seconds()


@pytest.mark.parametrize("text", ["", "soon", "-5s", "5 m", "5d", "1h-", "1e9", "99999999h"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)
