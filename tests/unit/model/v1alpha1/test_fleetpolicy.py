# SPDX-License-Identifier: Apache-2.0
"""The shape of FleetPolicy that scripts rely on."""

import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.v1alpha1 import FleetPolicySpec, parse_spec


@pytest.mark.parametrize("field", ["stores", "rollout"])
def test_refuses_rules_that_nothing_carries_out_yet(field: str) -> None:
    """A Deny that is accepted and not enforced would be worse than none."""
    with pytest.raises(InvalidIntentError) as caught:
        parse_spec(FleetPolicySpec, {"spec": {field: []}})
    assert (caught.value.code, caught.value.path) == ("intent.unknown_field", f"spec.{field}")


def test_refuses_a_selector_of_source_namespaces() -> None:
    """Labels are not known there: `DoesNotExist` would match everything."""
    sources = {"clusters": {"names": ["east"]}, "namespaces": {"selector": {}}}
    with pytest.raises(InvalidIntentError) as caught:
        parse_spec(FleetPolicySpec, {"spec": {"namespaces": [{"hub": ["a"], "sources": sources}]}})
    assert caught.value.path == "spec.namespaces[0].sources.namespaces.selector"


def test_refuses_a_grant_to_nobody() -> None:
    with pytest.raises(InvalidIntentError) as caught:
        parse_spec(FleetPolicySpec, {"spec": {"namespaces": [{"hub": []}]}})
    assert caught.value.path == "spec.namespaces[0].hub"
