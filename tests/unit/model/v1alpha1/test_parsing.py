# SPDX-License-Identifier: Apache-2.0
"""Specs are read strictly, status forgivingly."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.v1alpha1 import FleetSecretSpec, FleetSecretStatus, parse_spec, parse_status
from keyfleet.model.v1alpha1.parsing import join, nearest, parse_part

SECRET = "kf-canary-parsing"


def spec(**more: Any) -> dict[str, Any]:
    return {
        "source": {"secretRef": {"name": "db"}},
        "placement": {"clusters": {"names": ["east"]}},
    } | more


def refused(document: dict[str, Any]) -> InvalidIntentError:
    with pytest.raises(InvalidIntentError) as caught:
        parse_spec(FleetSecretSpec, document)
    return caught.value


@pytest.mark.parametrize(
    ("document", "path", "hint"),
    [
        ({"spec": spec(), "sepc": {}}, "sepc", "did you mean `spec`?"),
        ({"spec": spec(placment={})}, "spec.placment", "did you mean `placement`?"),
        (
            {"spec": spec(placement={"clusters": {"exlude": ["a"]}})},
            "spec.placement.clusters.exlude",
            "did you mean `exclude`?",
        ),
        (
            {"spec": spec(data=[{"from": "a"}, {"from": "b", "too": "c"}])},
            "spec.data[1].too",
            "did you mean `to`?",
        ),
        ({"spec": spec(data=[{"zzz": 1}])}, "spec.data[0].zzz", "known: from, to"),
        ({"spec": spec(rollout={})}, "spec.rollout", None),
        ({"spec": spec(source={"storeRefs": {}})}, "spec.source.storeRefs", None),
    ],
)
def test_refuses_an_unknown_field_with_its_path(
    document: dict[str, Any], path: str, hint: str | None
) -> None:
    error = refused(document)
    assert (error.code, error.path) == ("intent.unknown_field", path)
    if hint is not None:
        assert error.hint == hint


def test_says_unknown_field_before_anything_else() -> None:
    """A misspelt field is the likeliest reason of what else is wrong, such as a missing one."""
    error = refused({"spec": {"sorce": {}, "conflictPolicy": 3}})
    assert error.path == "spec.sorce"


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({}, "spec", "the field is missing"),
        ({"spec": None}, "spec", "the field is missing"),
        ({"spec": [1]}, "spec", "must be an object"),
        ({"spec": {}}, "spec.placement", "the field is missing"),
        (
            {"spec": spec(source={"secretRef": {}})},
            "spec.source.secretRef.name",
            "the field is missing",
        ),
        ({"spec": spec(paused="yes")}, "spec.paused", "expected true or false, got a text"),
        ({"spec": spec(data={})}, "spec.data", "expected a list, got an object"),
        ({"spec": spec(data=[])}, "spec.data", "expected a list of length >= 1"),
        ({"spec": spec(data=["a"])}, "spec.data[0]", "expected an object, got a text"),
        (
            {"spec": spec(placement={"namespaces": {"names": [f"n{i}" for i in range(1001)]}})},
            "spec.placement.namespaces.names",
            "expected a list of length <= 1000",
        ),
    ],
)
def test_refuses_wrong_types_with_path(document: dict[str, Any], path: str, message: str) -> None:
    error = refused(document)
    assert (error.code, error.path, error.message) == ("intent.invalid", path, message)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"clusters": {}, "name": "Db"}, "spec.placement.name"),
        ({"clusters": {}, "name": "db\n"}, "spec.placement.name"),
        ({"clusters": {"names": ["prod-*"]}}, "spec.placement.clusters.names[0]"),
        ({"clusters": {"exclude": ["*"]}}, "spec.placement.clusters.exclude[0]"),
        (
            {"clusters": {}, "namespaces": {"names": ["a", "a.b"]}},
            "spec.placement.namespaces.names[1]",
        ),
        ({"clusters": {"names": [""]}}, "spec.placement.clusters.names[0]"),
    ],
)
def test_refuses_bad_names_in_words(value: dict[str, Any], path: str) -> None:
    error = refused({"spec": spec(placement=value)})
    assert error.path == path
    assert "regex" not in error.message


def test_lists_the_values_a_choice_may_have_and_quotes_none() -> None:
    error = refused({"spec": spec(conflictPolicy=SECRET)})
    assert error.hint == "allowed: Refuse, Adopt, Overwrite"
    assert SECRET not in f"{error!r} {error.diagnostics()}"


def test_reads_null_as_absent_like_an_api_server() -> None:
    parsed = parse_spec(FleetSecretSpec, {"spec": spec(data=None, template={"type": None})})
    assert parsed == parse_spec(FleetSecretSpec, {"spec": spec(template={})})


def test_ignores_what_is_unknown_in_a_manifest_of_another_tool() -> None:
    plain = parse_part(FleetSecretSpec, spec(), path="spec", is_foreign=True)
    later = spec(later={"a": 1}, template={"type": None, "newer": True})
    assert parse_part(FleetSecretSpec, later, path="spec", is_foreign=True) == plain


def test_refuses_a_wrong_field_in_a_manifest_of_another_tool() -> None:
    with pytest.raises(InvalidIntentError) as caught:
        parse_part(FleetSecretSpec, spec(paused="often"), path="spec", is_foreign=True)
    assert caught.value.path == "spec.paused"


def test_cuts_a_field_name_that_is_no_name() -> None:
    assert len(join("spec", "x" * 5000)) < 200


def test_names_all_known_words_when_none_is_near() -> None:
    assert nearest("qqq", ("from", "to")) == "known: from, to"


@pytest.mark.parametrize("status", [None, {}, {"revision": "x"}, {"clusters": 3}])
def test_an_unreadable_status_counts_as_none(status: dict[str, Any] | None) -> None:
    assert parse_status(FleetSecretStatus, status) == FleetSecretStatus()


def test_a_status_of_another_version_is_read_as_far_as_known() -> None:
    assert parse_status(FleetSecretStatus, {"revision": 4, "waves": []}).revision == 4


WORDS = (
    "source",
    "secretRef",
    "name",
    "placement",
    "clusters",
    "names",
    "selector",
    "matchLabels",
    "matchExpressions",
    "data",
    "from",
    "template",
    "metadata",
    "labels",
)
NAMES = st.sampled_from(WORDS) | st.text(max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_only_raises_its_own_error(value: object) -> None:
    with suppress(InvalidIntentError):
        parse_spec(FleetSecretSpec, {"spec": value})
