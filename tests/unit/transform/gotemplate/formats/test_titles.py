# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.formats.titles import titled


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("it's o'neil x.y a_b a-b", "It's O'neil X.y A_b A-B"),
        ("1st 2ND a''b", "1St 2Nd A''B"),
        ("x\u2019y a·b ßx éΣ", "X\u2019y A·b Ssx Éς"),
        ("foo\tBAR\n", "Foo\tBar\n"),
        ("", ""),
    ],
)
def test_begins_every_word_with_a_capital(text: str, title: str) -> None:
    assert titled(a_run(), text, lowers_rest=True) == title


def test_other_letters_may_stay() -> None:
    assert titled(a_run(), "fooBar BAZ", lowers_rest=False) == "FooBar BAZ"


def test_pays_for_long_texts() -> None:
    with pytest.raises(BudgetError):
        titled(a_run(steps=100), "a" * 10_000, lowers_rest=True)
