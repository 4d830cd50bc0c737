# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.formats.yaml.dialect import V2, V3
from keyfleet.transform.gotemplate.formats.yaml.styles import Style, is_simple_key, style_of


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("a b", Style.PLAIN), ("a:b", Style.PLAIN), ("-a", Style.PLAIN), ("a#", Style.PLAIN),
        ("a: b", Style.SINGLE), ("a:", Style.SINGLE), ("a #b", Style.SINGLE), ("- a", Style.SINGLE),
        ("---", Style.SINGLE), ("....", Style.SINGLE), (" a", Style.SINGLE), ("'", Style.SINGLE),
        ("a\u2028b", Style.SINGLE), ("\U0001f600", Style.DOUBLE), ("a\tb", Style.DOUBLE),
        ("", Style.DOUBLE), ("a\nb", Style.LITERAL), ("a \nb", Style.DOUBLE), ("\n", Style.LITERAL),
        ("a\rb", Style.DOUBLE),
    ],
)  # fmt: skip
def test_chooses_the_style_of_go(text: str, style: Style) -> None:
    assert style_of(text, V2, is_plain=True) is style


def test_quotes_what_would_be_read_as_something_else() -> None:
    assert style_of("yes", V2, is_plain=False) is Style.DOUBLE


def test_only_v3_writes_tabs_in_blocks() -> None:
    assert style_of("a\tb\n", V3, is_plain=True) is Style.LITERAL
    assert style_of("a\tb\n", V2, is_plain=True) is Style.DOUBLE


def test_a_simple_key_is_short_and_on_one_line() -> None:
    assert is_simple_key("a" * 128)
    assert not is_simple_key("é" * 65)
    assert not is_simple_key("a\nb")
