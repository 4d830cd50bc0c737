# SPDX-License-Identifier: Apache-2.0
"""Admission policies as `install` applies them; tests/cluster shows what they do."""

from keyfleet.manifests import admission_policies, probes

OBJECTS = admission_policies()
POLICIES = [found for found in OBJECTS if found["kind"] == "ValidatingAdmissionPolicy"]
BINDINGS = [found for found in OBJECTS if found["kind"] == "ValidatingAdmissionPolicyBinding"]


def test_every_policy_is_bound_under_its_own_name() -> None:
    names = [policy["metadata"]["name"] for policy in POLICIES]
    assert [binding["spec"]["policyName"] for binding in BINDINGS] == names
    assert [binding["metadata"]["name"] for binding in BINDINGS] == names


def test_every_policy_fails_closed() -> None:
    assert {policy["spec"]["failurePolicy"] for policy in POLICIES} == {"Fail"}


def test_only_the_hints_let_pass() -> None:
    actions = {found["metadata"]["name"]: found["spec"]["validationActions"] for found in BINDINGS}
    assert actions.pop("fleetsecrets.hints.keyfleet.io") == ["Warn"]
    assert all(found == ["Deny"] for found in actions.values())


def test_probes_are_wrong_in_one_field_only() -> None:
    for _, manifest in probes("keyfleet-system"):
        assert manifest["spec"]["keyfleetProbe"] is True
