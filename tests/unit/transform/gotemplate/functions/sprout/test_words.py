# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import sprout


@pytest.mark.parametrize(
    ("text", "snake"),
    [
        ("fooBar BazHTTPServer2x", "foo_bar_baz_http_server_2x"),
        ("A1B2", "a_1b_2"),
        ("_foo__bar_", "_foo_bar_"),
        ("123abc", "_123abc"),
        ("foo.bar/baz", "foo.bar/baz"),
        ("éB日B", "é_b日b"),
        ("", ""),
    ],
)
def test_puts_separators_where_words_begin(text: str, snake: str) -> None:
    assert sprout("toSnakeCase .t", t=text) == snake


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('toKebabCase "Some Value"', "some-value"),
        ('toDotCase "fooBar baz"', "foo.bar.baz"),
        ('toPathCase "fooBar baz"', "foo/bar/baz"),
        ('toConstantCase "fooBar baz"', "FOO_BAR_BAZ"),
        ('toCamelCase "-foo bar_BAZ fooBar"', "fooBarBazFoobar"),
        ('toPascalCase "-foo-Bar bAZ"', "FooBarBAZ"),
        ('toCamelCase "1 a"', "1a"),
        ('toPascalCase "1a b"', "1aB"),
    ],
)
def test_has_a_converter_for_each_style(action: str, text: str) -> None:
    assert sprout(action) == text
