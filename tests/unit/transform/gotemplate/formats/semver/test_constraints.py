# SPDX-License-Identifier: Apache-2.0
"""Constraints on versions; what Go says to many more is in the vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.semver.constraints import satisfies

versions = st.tuples(*[st.integers(0, 5)] * 3).map(lambda parts: ".".join(map(str, parts)))


@pytest.mark.parametrize(
    ("constraint", "version", "holds"),
    [
        (">3", "3.9.9", False), (">3", "4.0.0", True), ("<=1.2", "1.2.9", True),
        ("~1.2.3", "1.2.9", True), ("~1.2.3", "1.3.0", False), ("^1.2", "1.9.0", True),
        ("^0.2.3", "0.3.0", False), ("^0.0.3", "0.0.4", False), ("1.x", "1.7.2", True),
        ("1.2 - 1.4", "1.3.9", True), (">=1 <2 || >=3", "3.1.0", True), ("!=1.x", "1.2.0", False),
        (">=1.0.0", "1.1.0-rc.1", False), (">=1.0.0-0", "1.1.0-rc.1", True), ("*", "0.0.1", True),
    ],
)  # fmt: skip
def test_holds(constraint: str, version: str, *, holds: bool) -> None:
    assert satisfies(a_run(), constraint, version) is holds


@given(versions, versions)
def test_operators_that_are_opposites_never_agree(one: str, other: str) -> None:
    run = a_run()
    for left, right in (("=", "!="), ("<", ">="), (">", "<=")):
        assert satisfies(run, left + one, other) is not satisfies(run, right + one, other)


@pytest.mark.parametrize("text", ["", "a", ">1<2", ">", "1,"])
def test_what_cannot_be_read_is_shown_only_where_the_template_says_it(text: str) -> None:
    with pytest.raises(GoError) as caught:
        satisfies(a_run(), text, "no version, but looked at later")
    assert caught.value.go_text() == f"improper constraint: {text}"
    if text:
        assert caught.value.shown("-") == "improper constraint: [redacted]"


def test_a_version_in_a_constraint_can_be_wrong_too() -> None:
    with pytest.raises(GoError) as caught:
        satisfies(a_run(), ">=1.2.3-01", "1.2.3")
    assert caught.value.go_text() == "constraint parser error"


def test_many_constraints_are_paid_for() -> None:
    with pytest.raises(BudgetError):
        satisfies(a_run(), ">1 " * 100_000, "1.2.3")
