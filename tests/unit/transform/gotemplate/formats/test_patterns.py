# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.patterns import compiled


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("[", "missing closing ]: `[`"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"a\C", r"invalid escape sequence: `\C`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?P<>a)", "invalid named capture: `(?P<>`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("\\", "trailing backslash at end of expression: ``"),
        ("a" * 10_001, "expression too large"),
        (r"\pL" * 3000, "expression too large"),
        ("x{1,500}" * 11, "expression too large"),
    ],
)
def test_refuses_in_the_words_of_go(source: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        compiled(a_run(), source, subject="é")
    assert caught.value.go_text() == f"error parsing regexp: {problem}"


def test_raises_a_kept_error_anew() -> None:
    run, errors = a_run(), []
    for _ in range(2):
        with pytest.raises(GoError) as caught:
            compiled(run, "(?bad", subject="")
        errors.append(caught.value)
    assert errors[0] is not errors[1]


def test_takes_a_quoted_backslash_c() -> None:
    assert compiled(a_run(), r"\Q\C\E", subject="").names == ("",)


def test_names_groups() -> None:
    assert compiled(a_run(), "(?P<a>x)(y)(?<b>z)", subject="").names == ("", "a", "", "b")


def test_matches_ascii_with_a_smaller_program() -> None:
    ascii_only = compiled(a_run(), r"\pL{1,20}", subject="abc")
    assert ascii_only.is_ascii
    assert ascii_only.size < compiled(a_run(), r"\pL{1,20}", subject="é").size
    assert not compiled(a_run(), r"\x{100}", subject="abc").is_ascii


@pytest.mark.parametrize(("source", "is_wild"), [("a[ab]{18}c", True), ("-----END", False)])
def test_charges_by_what_an_automaton_may_become(source: str, is_wild: bool) -> None:
    assert compiled(a_run(), source, subject="").is_wild is is_wild


def test_is_paid_for_before_it_is_compiled() -> None:
    with pytest.raises(BudgetError):
        compiled(a_run(steps=10), "a" * 5000, subject="")


def test_is_kept_for_its_render_and_for_no_other() -> None:
    run = a_run()
    first = compiled(run, "a", subject="")
    assert compiled(run, "a", subject="") is first
    assert compiled(a_run(), "a", subject="") is not first
    for number in range(20):
        compiled(run, f"a{number}", subject="")
    assert compiled(run, "a", subject="") is not first


def test_refuses_groups_that_would_take_more_memory_than_is_paid_for() -> None:
    with pytest.raises(GoError) as caught:
        compiled(a_run(), "()" * 4000, subject="")
    assert caught.value.go_text() == "error parsing regexp: expression too large"


def test_counted_repetitions_are_paid_for_once() -> None:
    run = a_run()
    before = run.steps
    compiled(run, "x{1,500}" * 10, subject="x")
    first, again = before - run.steps, run.steps
    compiled(run, "x{1,500}" * 10, subject="x")
    assert first > 5_000
    assert again - run.steps < 1_000


def test_classes_of_unicode_that_ignore_case_are_compiled_for_any_text() -> None:
    assert compiled(a_run(), r"\pL", subject="a").is_ascii
    assert not compiled(a_run(), r"(?i)\pL", subject="a").is_ascii
    assert compiled(a_run(), "(?i)a", subject="a").is_ascii
