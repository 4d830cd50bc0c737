# SPDX-License-Identifier: Apache-2.0
"""A scope is said by annotations or by name, and binds a value by its label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SCOPE_ANNOTATIONS, Scope, parse_scope, scope_of

CLUSTER, NAMESPACE = (f"sealedsecrets.bitnami.com/{name}-wide" for name in ("cluster", "namespace"))


def test_labels() -> None:
    assert Scope.STRICT.label("shop", "db") == b"shop/db"
    assert Scope.NAMESPACE_WIDE.label("shop", "db") == b"shop"
    assert Scope.CLUSTER_WIDE.label("shop", "db") == b""
    assert Scope.STRICT.label("käse", "é") == "käse/é".encode()


@pytest.mark.parametrize(
    ("annotations", "scope"),
    [
        ({}, Scope.STRICT),
        ({NAMESPACE: "true"}, Scope.NAMESPACE_WIDE),
        ({CLUSTER: "true"}, Scope.CLUSTER_WIDE),
        ({NAMESPACE: "true", CLUSTER: "true"}, Scope.CLUSTER_WIDE),
        ({NAMESPACE: "true", CLUSTER: "false"}, Scope.NAMESPACE_WIDE),
        ({"sealedsecrets.bitnami.com/strict": "true", NAMESPACE: "true"}, Scope.NAMESPACE_WIDE),
        ({"sealedsecrets.bitnami.com/scope": "cluster-wide"}, Scope.STRICT),
    ],
)
def test_annotations(annotations: dict[str, str], scope: Scope) -> None:
    assert scope_of(annotations) is scope


@pytest.mark.parametrize("text", ["True", "TRUE", "1", "yes", "", "false", " true", "true "])
def test_only_the_exact_text_counts(text: str) -> None:
    assert scope_of({CLUSTER: text, NAMESPACE: text}) is Scope.STRICT


@pytest.mark.parametrize("scope", Scope)
def test_annotations_say_their_scope(scope: Scope) -> None:
    assert scope_of(scope.annotations()) is scope
    assert scope.annotations().keys() <= SCOPE_ANNOTATIONS


@pytest.mark.parametrize("scope", Scope)
def test_names(scope: Scope) -> None:
    assert parse_scope(str(scope)) is scope
    assert parse_scope("") is Scope.STRICT


@given(st.text().filter(lambda text: text not in {"", *Scope}))
def test_other_names_are_refused_and_the_right_ones_told(text: str) -> None:
    with pytest.raises(InvalidInputError) as failure:
        parse_scope(text)
    assert failure.value.code == "sealing.scope"
    assert failure.value.hint == "use one of: strict, namespace-wide, cluster-wide"
