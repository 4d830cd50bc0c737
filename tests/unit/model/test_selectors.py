# SPDX-License-Identifier: Apache-2.0
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.model.selectors import (
    OPERATORS,
    Requirement,
    Selector,
    parse_selector,
    requirement_problem,
)

names = st.sampled_from(["env", "tier", "a.b/env", "in", "notin", "x", "X_y-z.0"])
values = st.sampled_from(["", "prod", "dev", "a", "in", "A.b_c-1"])
requirements = st.one_of(
    st.builds(
        Requirement,
        names,
        st.sampled_from(["In", "NotIn"]),
        st.lists(values, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(Requirement, names, st.sampled_from(["Exists", "DoesNotExist"])),
)
selectors = st.lists(requirements, max_size=4).map(tuple).map(Selector)
label_sets = st.dictionaries(names, values, max_size=4)


def _kubernetes_says(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """Say it the other way round: apimachinery's `Requirement.Matches` as a table."""
    has = requirement.key in labels
    within = has and labels[requirement.key] in requirement.values
    return {
        "In": within,
        "NotIn": not within,
        "Exists": has,
        "DoesNotExist": not has,
    }[requirement.operator]


@given(selectors, label_sets)
def test_matches_as_kubernetes_does(selector: Selector, labels: dict[str, str]) -> None:
    assert selector.matches(labels) is all(
        _kubernetes_says(requirement, labels) for requirement in selector.requirements
    )


@given(selectors, label_sets)
def test_the_text_means_the_same(selector: Selector, labels: dict[str, str]) -> None:
    again = parse_selector(str(selector))
    assert str(again) == str(selector)
    assert again.matches(labels) is selector.matches(labels)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", []),
        ("env", [Requirement("env", "Exists")]),
        ("!env", [Requirement("env", "DoesNotExist")]),
        (" ! env ", [Requirement("env", "DoesNotExist")]),
        ("env=prod", [Requirement("env", "In", ("prod",))]),
        ("env == prod", [Requirement("env", "In", ("prod",))]),
        ("env!=prod", [Requirement("env", "NotIn", ("prod",))]),
        ("env=", [Requirement("env", "In", ("",))]),
        ("env in (a, b)", [Requirement("env", "In", ("a", "b"))]),
        ("env in(a)", [Requirement("env", "In", ("a",))]),
        ("env notin (a,,b)", [Requirement("env", "NotIn", ("a", "", "b"))]),
        ("env in ()", [Requirement("env", "In", ("",))]),
        ("in in (in)", [Requirement("in", "In", ("in",))]),
        (
            "a.b/c = d , !e,f",
            [
                Requirement("a.b/c", "In", ("d",)),
                Requirement("e", "DoesNotExist"),
                Requirement("f", "Exists"),
            ],
        ),
    ],
)
def test_reads_kubectls_forms(text: str, meaning: list[Requirement]) -> None:
    assert parse_selector(text).requirements == tuple(meaning)


@pytest.mark.parametrize(
    "text",
    [
        *(",", "a,", ",a", "a,,b", "a b", "a=b c", "a in", "a in b", "a in (b", "a in b)"),
        *("a in (b c)", "a=b/c", "-a", "a-", "a=-b", "a>1", "!a=b", "!", "=b", "a=b=c", "a!b"),
        *("x" * 64, "a=" + "y" * 64, "/a", "a/", "A.b/c", "é", "a=é", "a;b"),
    ],
)
def test_refuses_anything_else_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match="label") as caught:
        parse_selector(text)
    assert str(caught.value) in ("not a label selector", "not a label value", "not a label key")


@given(st.text("env=!(),in notx \t\n\u00a0/.-", max_size=30))
def test_any_text_is_a_valid_selector_or_refused(text: str) -> None:
    try:
        selector = parse_selector(text)
    except ValueError:
        return
    assert not any(requirement_problem(item) for item in selector.requirements)
    assert parse_selector(str(selector)) == selector


@pytest.mark.parametrize(
    ("requirement", "problem"),
    [
        (Requirement("-", "Exists"), "not a label key"),
        (Requirement("a\n", "Exists"), "not a label key"),
        (Requirement("a", "Gt", ("1",)), "operator must be one of"),
        (Requirement("a", "In"), "In needs values"),
        (Requirement("a", "NotIn"), "NotIn needs values"),
        (Requirement("a", "Exists", ("b",)), "Exists takes no values"),
        (Requirement("a", "In", ("b", "c d")), "not a label value"),
        (Requirement("a", "In", ("b\n",)), "not a label value"),
    ],
)
def test_says_what_is_wrong_with_a_requirement(requirement: Requirement, problem: str) -> None:
    assert requirement_problem(requirement).startswith(problem)


@pytest.mark.parametrize("operator", OPERATORS)
def test_nothing_is_wrong_with_a_good_one(operator: str) -> None:
    given_values = ("a", "") if operator in ("In", "NotIn") else ()
    assert requirement_problem(Requirement("example.com/x", operator, given_values)) == ""


def test_an_empty_selector_requires_nothing() -> None:
    assert Selector().is_empty
    assert Selector().matches({})
    assert not parse_selector("a").is_empty
