# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import sprout


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('base64Encode "a"', "YQ=="),
        ('pathDir "a/b"', "a"),
        ('toUpper "a"', "A"),
        ('default 1 ""', "1"),
        ('sha256Sum "" | trunc 4', "e3b0"),
        ("list 1 2 | has 2", "true"),
    ],
)
def test_sprigs_functions_go_by_sprouts_names(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("quote nil nil 1", ' "1"'),
        ("squote 1 nil 2", "'1' '2'"),
        ("cat nil 1 nil", " 1"),
        ("cat nil nil", ""),
        ("cat", ""),
    ],
)
def test_a_nil_that_comes_first_leaves_a_space(action: str, text: str) -> None:
    assert sprout(action) == text
