# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.formatting.formats import sprintf
from keyfleet.transform.gotemplate.values import Int64


def text(form: str, *arguments: Any) -> str:
    return sprintf(a_run(), form, arguments)


@pytest.mark.parametrize(
    ("form", "arguments", "expected"),
    [
        ("plain", (), "plain"),
        ("a%db%sc", (1, "x"), "a1bxc"),
        ("100%% %5%", (), "100% %"),
        ("%-+08.3d|", (5,), "+005    |"),
        ("%+-d|%-+d", (5, 5), "+5|+5"),
    ],
)
def test_replaces_directives(form: str, arguments: tuple[Any, ...], expected: str) -> None:
    assert text(form, *arguments) == expected


@pytest.mark.parametrize(
    ("form", "arguments", "expected"),
    [
        ("%d %s", (1,), "1 %!s(MISSING)"),
        ("%d", (1, "x", None), "1%!(EXTRA string=x, <nil>)"),
        ("", (1.5,), "%!(EXTRA float64=1.5)"),
        ("%", (), "%!(NOVERB)"),
        ("%-05.2", (1,), "%!(NOVERB)%!(EXTRA int=1)"),
        ("%.", (1,), "%!.(int=1)"),
        ("%!", (), "%!!(MISSING)"),
        ("%!", (1,), "%!!(int=1)"),
        ("%日", (1,), "%!日(int=1)"),
        ("%\udcff", (1,), "%!\ufffd(int=1)"),
        ("%20000000d", (1,), "%!(NOVERB)%!(EXTRA int=1)"),
    ],
)
def test_reports_inside_the_text(form: str, arguments: tuple[Any, ...], expected: str) -> None:
    assert text(form, *arguments) == expected


@pytest.mark.parametrize(
    ("form", "arguments", "expected"),
    [
        ("%*d", (5, 42), "   42"),
        ("%*d|", (-5, 42), "42   |"),
        ("%0*d|", (-5, 42), "42   |"),
        ("%*d", (Int64(3), 42), " 42"),
        ("%.*f", (2, 3.14159), "3.14"),
        ("%*.*f", (8, 2, 3.14159), "    3.14"),
        ("%*d", ("x", 1), "%!(BADWIDTH)1"),
        ("%*d", (True, 1), "%!(BADWIDTH)1"),
        ("%*d", (1_000_001, 1), "%!(BADWIDTH)1"),
        ("%.*d", (-1, 7), "%!(BADPREC)7"),
        ("%.*d", ("x", 7), "%!(BADPREC)7"),
        ("%*d", (), "%!(BADWIDTH)%!d(MISSING)"),
    ],
)
def test_takes_width_and_precision_from_arguments(
    form: str, arguments: tuple[Any, ...], expected: str
) -> None:
    assert text(form, *arguments) == expected


@pytest.mark.parametrize(
    ("form", "arguments", "expected"),
    [
        ("%[2]d %[1]d %d", (1, 2), "2 1 2"),
        ("%[3]*.[2]*[1]f", (12.0, 2, 6), " 12.00"),
        ("%[1]d", (1, 2, 3), "1"),
        ("%[9]d", (1,), "%!d(BADINDEX)"),
        ("%[0]d", (1,), "%!d(BADINDEX)"),
        ("%[x]d", (1,), "%!d(BADINDEX)"),
        ("%[]d", (1,), "%!d(BADINDEX)"),
        ("%[1", (1,), "%!(NOVERB)"),
        ("%[d", (1,), "%!d(BADINDEX)"),
        ("%[2]2d", (1, 2), "%!d(BADINDEX)"),
        ("%[1].2d", (1,), "%!d(BADINDEX)"),
    ],
)
def test_takes_arguments_by_index(form: str, arguments: tuple[Any, ...], expected: str) -> None:
    assert text(form, *arguments) == expected


def test_a_width_is_paid_before_it_is_made() -> None:
    run = a_run(string_bytes=1000)
    with pytest.raises(BudgetError):
        sprintf(run, "%1000000d", [1])
    with pytest.raises(BudgetError):
        sprintf(run, "%.1000000f", [1.0])


def test_every_directive_costs_a_step() -> None:
    with pytest.raises(BudgetError):
        sprintf(a_run(steps=100), "%%" * 101, [])


@given(st.text(), st.lists(st.integers() | st.text() | st.none(), max_size=3))
def test_any_text_is_a_format(form: str, arguments: list[Any]) -> None:
    assert isinstance(sprintf(a_run(), form, arguments), str)


@given(st.text().filter(lambda form: "%" not in form))
def test_a_text_without_directives_is_itself(form: str) -> None:
    assert text(form) == form


@pytest.mark.parametrize("form", ["%" + "0" * 100_000, "%" + "-" * 100_000, "%[" * 50_000])
def test_long_formats_cost_steps(form: str) -> None:
    with pytest.raises(BudgetError):
        sprintf(a_run(steps=1000), form, [])
