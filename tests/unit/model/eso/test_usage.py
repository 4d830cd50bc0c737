# SPDX-License-Identifier: Apache-2.0
"""From which namespaces a ClusterSecretStore may be used."""

from typing import Any

import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.eso.usage import conditions_of, may_use
from keyfleet.model.places import NamespaceFacts

SHOP = NamespaceFacts("shop", {"team": "shop"})


def asked(*conditions: Any) -> str | None:
    return may_use(conditions_of({"spec": {"conditions": list(conditions)}}), SHOP)


def refused(*conditions: Any) -> str:
    with pytest.raises(InvalidIntentError) as caught:
        asked(*conditions)
    return caught.value.path


def test_without_conditions_everyone_may() -> None:
    assert asked() is None
    assert may_use(conditions_of({"spec": {}}), SHOP) is None


@pytest.mark.parametrize(
    "condition",
    [
        {"namespaces": ["other", "shop"]},
        {"namespaceSelector": {"matchLabels": {"team": "shop"}}},
        {"namespaceSelector": {}},
        {"namespaceRegexes": ["ho"]},
        {"namespaceRegexes": ["^no$", "^sh.p$"]},
        {"namespaces": ["other"], "namespaceRegexes": ["shop"]},
        {"namespaceSelector": {"matchLabels": {"team": "x"}}, "namespaces": ["shop"]},
    ],
)
def test_any_way_of_a_condition_suffices(condition: dict[str, Any]) -> None:
    assert asked(condition) is None
    assert asked({"namespaces": ["other"]}, condition) is None


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"namespaces": ["sho"]},
        {"namespaceSelector": {"matchLabels": {"team": "x"}}},
        {"namespaceRegexes": ["^ho"]},
    ],
)
def test_whoever_matches_no_condition_may_not(condition: dict[str, Any]) -> None:
    assert asked(condition) == "denied by spec.condition"


@pytest.mark.parametrize("operator", ["DoesNotExist", "NotIn"])
def test_labels_that_nobody_sees_let_nobody_in(operator: str) -> None:
    """A store for all but the restricted is not open to who cannot be told from them."""
    values = ["yes"] if operator == "NotIn" else []
    rule = {"key": "restricted", "operator": operator, "values": values}
    conditions = conditions_of(
        {"spec": {"conditions": [{"namespaceSelector": {"matchExpressions": [rule]}}]}}
    )
    assert may_use(conditions, SHOP) is None
    unseen = NamespaceFacts("shop", is_seen=False)
    assert may_use(conditions, unseen) == "denied by spec.condition"


@pytest.mark.parametrize("pattern", ["(", r"(?=shop)", r"\1"])
def test_what_go_takes_for_no_expression_is_refused(pattern: str) -> None:
    assert refused({"namespaceRegexes": ["x", pattern]}) == "spec.conditions[0].namespaceRegexes[1]"


def test_a_broken_selector_is_refused() -> None:
    broken = {"matchExpressions": [{"key": "a", "operator": "Near"}]}
    path = refused({"namespaceSelector": broken})
    assert path.startswith("spec.conditions[0].namespaceSelector")


def test_an_expression_has_a_bound() -> None:
    assert refused({"namespaceRegexes": ["a" * 1001]}) == "spec.conditions[0].namespaceRegexes[0]"


@pytest.mark.parametrize(
    "conditions",
    [
        [{"namespaces": ["x"] * 100_000}],
        [{"namespaces": ["x"] * 10}] * 1000,
        [{"namespaceRegexes": ["(a?){1000}b"] * 65}],
        [{"namespaceRegexes": ["a", "b", "c"]}] * 30,
    ],
)
def test_conditions_without_end_hold_up_nobody(conditions: list[dict[str, Any]]) -> None:
    """They are looked at for each manifest that asks, on the loop that serves everybody."""
    assert refused(*conditions) == "spec.conditions"
