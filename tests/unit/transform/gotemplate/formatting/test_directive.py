# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.formatting.directive import Directive


def test_fills_up_to_the_width_in_characters_not_bytes() -> None:
    assert Directive(width=4).padded("hé") == "  hé"


def test_never_cuts() -> None:
    assert Directive(width=2).padded("abc") == "abc"


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (Directive(width=4, zero=True), "00ab"),
        (Directive(width=4, minus=True), "ab  "),
        (Directive(width=4, minus=True, zero=True), "ab  "),
    ],
)
def test_zeros_stand_only_in_front(how: Directive, text: str) -> None:
    assert how.padded("ab") == text


def test_pads_with_spaces_where_zeros_make_no_sense() -> None:
    assert Directive(width=5, zero=True).padded("+Inf", with_zeros=False) == " +Inf"


@pytest.mark.parametrize("verb", ["v", "w"])
def test_reads_plus_and_sharp_of_a_value_in_its_own_way(verb: str) -> None:
    how = Directive(plus=True, sharp=True)
    how.take_verb(verb)
    assert (how.has_names, how.is_syntax, how.plus, how.sharp) == (True, True, False, False)


def test_keeps_plus_and_sharp_of_other_verbs() -> None:
    how = Directive(plus=True, sharp=True)
    how.take_verb("d")
    assert (how.has_names, how.is_syntax, how.plus, how.sharp) == (False, False, True, True)
