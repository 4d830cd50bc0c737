# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import sprout


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('swapCase "aBc ÀbÇ"', "AbC àBç"),
        ('capitalize " 1ab AB"', " 1Ab AB"),
        ('uncapitalize "-AB"', "-aB"),
        ('capitalize ""', ""),
        ('initials "first second  Third"', "fsT"),
        ('initials "élan b"', "Ãb"),
        (r'initials " 1\tb 2 -c"', "1\0\0"),
        ('toTitleCase "hello wORLD it\'s"', "Hello World It's"),
    ],
)
def test_changes_letters(action: str, text: str) -> None:
    assert sprout(action) == text
