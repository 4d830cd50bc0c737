# SPDX-License-Identifier: Apache-2.0
"""FleetPolicies as flow rules."""

from typing import Any

import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.flows import Flows, OnRefused
from keyfleet.model.places import ClusterFacts, ClusterName
from keyfleet.model.stores import StoreRef
from keyfleet.model.v1alpha1 import FleetPolicySpec, parse_spec, policy_flows

DENY: dict[str, Any] = {
    "name": "production-stays",
    "from": {"matchLabels": {"env": "production"}},
    "to": {"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["production"]}]},
    "action": "Deny",
    "onRefused": "Delete",
}
ALLOW: dict[str, Any] = {"name": "go", "from": {}, "to": {}, "action": "Allow"}
SOURCE: dict[str, Any] = {
    "clusters": {"names": ["hub"]},
    "namespaces": {"names": ["*"], "exclude": ["web"]},
    "labels": {"env": "production"},
}


def flows_of(**spec: Any) -> Flows:
    return policy_flows("p", parse_spec(FleetPolicySpec, {"spec": spec}))


def test_reads_rules_in_their_order() -> None:
    deny, allow = flows_of(flows=[DENY, ALLOW]).rules
    assert (deny.title, deny.is_deny, deny.on_refused) == (
        "p/production-stays",
        True,
        OnRefused.DELETE,
    )
    assert (str(deny.source), str(deny.target)) == ("env=production", "env notin (production)")
    assert (allow.is_deny, allow.on_refused, allow.source.is_empty) == (
        False,
        OnRefused.KEEP,
        True,
    )


def test_reads_what_a_source_is_called() -> None:
    (entry,) = flows_of(sources=[SOURCE]).sources
    assert entry.labels == {"env": "production"}
    hub = ClusterFacts(ClusterName("hub"), is_hub=True)
    assert entry.covers(hub, "pay")
    assert not entry.covers(hub, "web")


def test_reads_which_stores_are_meant() -> None:
    chosen = {"names": ["vault"], "kinds": ["ClusterSecretStore"]}
    (entry,) = flows_of(sources=[{**SOURCE, "stores": chosen}]).sources
    hub = ClusterFacts(ClusterName("hub"), is_hub=True)
    assert entry.covers(hub, "", StoreRef("ClusterSecretStore", "vault"))
    assert not entry.covers(hub, "pay", StoreRef("SecretStore", "vault", "pay"))
    assert not entry.covers(hub, "pay")


@pytest.mark.parametrize(
    ("spec", "denying", "allowing"),
    [
        ({}, (), ()),
        ({"defaultFlow": "Deny"}, ("p",), ()),
        ({"defaultFlow": "Allow"}, (), ("p",)),
    ],
)
def test_reads_what_happens_by_default(
    spec: dict[str, Any], denying: tuple[str, ...], allowing: tuple[str, ...]
) -> None:
    found = flows_of(**spec)
    assert (found.denying, found.allowing) == (denying, allowing)


def test_a_paused_policy_still_forbids_and_permits_nothing() -> None:
    """Pausing must never open anything."""
    found = flows_of(flows=[DENY, ALLOW], sources=[SOURCE], defaultFlow="Allow", paused=True)
    assert [rule.name for rule in found.rules] == ["production-stays"]
    assert (len(found.sources), found.denying, found.allowing) == (1, (), ())
    assert flows_of(defaultFlow="Deny", paused=True).denying == ("p",)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"flows": [DENY, {**ALLOW, "name": DENY["name"]}]}, "spec.flows[1].name"),
        ({"flows": [{**ALLOW, "onRefused": "Delete"}]}, "spec.flows[0].onRefused"),
        ({"flows": [{**DENY, "from": {"matchLabels": {"a b": "c"}}}]},
         "spec.flows[0].from.matchLabels"),
        ({"flows": [{**DENY, "to": {"matchLabels": {"a": "b c"}}}]},
         "spec.flows[0].to.matchLabels"),
        ({"flows": [{**DENY, "form": {}}]}, "spec.flows[0].form"),
        ({"flows": [{**DENY, "action": "deny"}]}, "spec.flows[0].action"),
        ({"flows": [{"name": "n", "from": {}, "action": "Deny"}]}, "spec.flows[0].to"),
        ({"sources": [{**SOURCE, "labels": {}}]}, "spec.sources[0].labels"),
        ({"sources": [{**SOURCE, "labels": {"a": "b c"}}]}, "spec.sources[0].labels"),
        ({"sources": [{**SOURCE, "clusters": {"selector": {"matchLabels": {"a b": ""}}}}]},
         "spec.sources[0].clusters.selector.matchLabels"),
        ({"defaultFlow": "deny"}, "spec.defaultFlow"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_path(spec: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        flows_of(**spec)
    assert caught.value.path == path
