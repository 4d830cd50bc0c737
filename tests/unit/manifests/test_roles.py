# SPDX-License-Identifier: Apache-2.0
"""What the shipped roles grant, spelled out: whoever widens them has to widen this list too."""

from collections.abc import Iterator
from typing import Any

import pytest

from keyfleet.engine import installation
from keyfleet.engine.sealing.keysecrets import KEY_LABEL
from keyfleet.manifests import incluster
from keyfleet.manifests.rights import KEY_SECRET, LEASE, SEALING_KEY_LABEL, Part, Reach, rights
from keyfleet.manifests.roles import ACCOUNTS, bindings, roles
from keyfleet.model.ownership import SYSTEM_NAMESPACE

Grant = tuple[str, str, str, str]
"""Role, resource, only object, verb."""

_GENERATORS = (
    *("passwords", "uuids", "fakes", "sshkeys", "vaultdynamicsecrets"),
    "clustergenerators",
)
MANIFESTS = {
    "externalsecrets.external-secrets.io": "create delete get list patch watch",
    "externalsecrets.external-secrets.io/status": "patch",
    "clusterexternalsecrets.external-secrets.io": "list patch watch",
    "clusterexternalsecrets.external-secrets.io/status": "patch",
    "secretstores.external-secrets.io": "list watch",
    "secretstores.external-secrets.io/status": "patch",
    "clustersecretstores.external-secrets.io": "list watch",
    "clustersecretstores.external-secrets.io/status": "patch",
    **{f"{one}.generators.external-secrets.io": "list watch" for one in _GENERATORS},
    "customresourcedefinitions.apiextensions.k8s.io=externalsecrets.external-secrets.io": "get",
}
SEALED = {
    "sealedsecrets.bitnami.com": "get list watch",
    "sealedsecrets.bitnami.com/status": "patch",
    "customresourcedefinitions.apiextensions.k8s.io=sealedsecrets.bitnami.com": "get",
}
ALLOWED = {
    "keyfleet-hub": {
        "fleetsecrets.keyfleet.io": "get list watch",
        "fleetsecrets.keyfleet.io/status": "patch",
        "fleetclusters.keyfleet.io": "get list watch",
        "fleetclusters.keyfleet.io/status": "patch",
        "fleetpolicies.keyfleet.io": "list watch",
        "fleetpolicies.keyfleet.io/status": "patch",
        "customresourcedefinitions.apiextensions.k8s.io": "list watch",
        "customresourcedefinitions.apiextensions.k8s.io=fleetsecrets.keyfleet.io": "get",
        "customresourcedefinitions.apiextensions.k8s.io=fleetclusters.keyfleet.io": "get",
        "namespaces": "get list watch",
        "events.events.k8s.io": "create patch",
    },
    "keyfleet-hub-secrets": {"secrets": "get list watch", "configmaps": "get list watch"},
    "keyfleet-system/keyfleet-hub": {
        "secrets=keyfleet-fingerprint": "create patch",
        "leases.coordination.k8s.io": "create",
        "leases.coordination.k8s.io=keyfleet": "get update",
        "configmaps": "create",
        "configmaps=keyfleet-held": "patch",
    },
    "keyfleet-member": {"namespaces=kube-system": "get", "namespaces": "list watch"},
    "keyfleet-member-secrets": {"secrets": "create delete get list patch watch"},
    "keyfleet-hub-eso": MANIFESTS,
    "keyfleet-member-eso": {
        **MANIFESTS,
        "customresourcedefinitions.apiextensions.k8s.io": "list watch",
        "namespaces": "get",
        "events.events.k8s.io": "create patch",
    },
    "keyfleet-member-eso-secrets": {"configmaps": "get list watch"},
    "keyfleet-hub-sealed": {
        **SEALED,
        "sealedsecrets.bitnami.com": "create delete get list patch watch",
    },
    "keyfleet-member-sealed": {
        **SEALED,
        "sealedsecrets.bitnami.com": "create delete get list patch watch",
        "customresourcedefinitions.apiextensions.k8s.io": "list watch",
        "namespaces": "get",
        "events.events.k8s.io": "create patch",
    },
    "kube-system/keyfleet-hub-sealed-keys": {"secrets": "create get list watch"},
    "kube-system/keyfleet-member-sealed-keys": {"secrets": "create get list watch"},
}

# Each of these is, or leads to, every right there is.
FATAL_VERBS = {"*", "escalate", "bind", "impersonate", "deletecollection", "approve", "sign"}
FATAL_RESOURCES = ("*", "pods", "serviceaccounts", "roles", "clusterroles", "nodes", "webhook")


def granted() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for part in Part:
        for role in roles(part):
            metadata = role["metadata"]
            place = f"{metadata['namespace']}/" if "namespace" in metadata else ""
            rules = found.setdefault(f"{place}{metadata['name']}", {})
            for rule in role["rules"]:
                rules |= {where: " ".join(rule["verbs"]) for where in _where(rule)}
    return found


def _where(rule: dict[str, Any]) -> Iterator[str]:
    (group,) = rule["apiGroups"]
    (path,) = rule["resources"]
    plural, slash, sub = path.partition("/")
    resource = f"{plural}.{group}" if group else plural
    for name in rule.get("resourceNames", [""]):
        yield f"{resource}{slash}{sub}" + (f"={name}" if name else "")


def test_the_roles_grant_what_is_listed_here_and_no_more() -> None:
    assert granted() == ALLOWED


def test_nothing_leads_to_every_right() -> None:
    for rules in granted().values():
        for where, verbs in rules.items():
            assert not FATAL_VERBS & set(verbs.split())
            assert not any(where.startswith(fatal) for fatal in FATAL_RESOURCES)


def test_secrets_are_written_only_in_members_and_never_by_update() -> None:
    writing = {"create", "patch", "delete", "update"}
    held = {
        (right.part, right.reach, right.name, right.verb)
        for part in Part
        for right in rights(part)
        if right.resource == "secrets" and right.verb in writing
    }
    assert held == {
        *((Part.MEMBER, Reach.CHOSEN, "", verb) for verb in ("create", "patch", "delete")),
        *((Part.HUB, Reach.SYSTEM, KEY_SECRET, verb) for verb in ("create", "patch")),
        *((part, Reach.KEYS, "", "create") for part in (Part.HUB_SEALED, Part.MEMBER_SEALED)),
    }


def test_no_right_stands_twice_or_within_another() -> None:
    for part in Part:
        found = rights(part)
        for right in found:
            wider = [
                other
                for other in found
                if (other.verb, other.group, other.path) == (right.verb, right.group, right.path)
                and other.name in ("", right.name)
                and other.namespace in ("", right.namespace)
            ]
            assert wider == [right]


def test_every_right_says_why() -> None:
    for part in Part:
        assert all(right.why.startswith("to ") for right in rights(part))


def test_the_objects_are_called_as_the_controller_calls_them() -> None:
    from keyfleet.app import LEASE as LEASE_OF_APP  # noqa: PLC0415 - the program is a lot to import

    assert KEY_SECRET == installation.KEY_SECRET
    assert LEASE == LEASE_OF_APP
    assert SEALING_KEY_LABEL == KEY_LABEL


@pytest.mark.parametrize("part", Part)
def test_cluster_wide_every_role_is_bound_once_to_the_parts_own_account(part: Part) -> None:
    found = bindings(part)
    assert [one["roleRef"]["name"] for one in found] == [
        role["metadata"]["name"] for role in roles(part)
    ]
    subject = {
        "kind": "ServiceAccount",
        "name": ACCOUNTS[part],
        "namespace": SYSTEM_NAMESPACE,
    }
    assert all(one["subjects"] == [subject] for one in found)


@pytest.mark.parametrize("part", [Part.HUB, Part.MEMBER, Part.MEMBER_ESO])
def test_in_chosen_namespaces_no_secret_is_reached_elsewhere(part: Part) -> None:
    found = [
        one for one in bindings(part, ("a", "b")) if one["roleRef"]["name"].endswith("secrets")
    ]
    assert {(one["kind"], one["metadata"]["namespace"]) for one in found} == {
        ("RoleBinding", "a"),
        ("RoleBinding", "b"),
    }


def test_in_chosen_namespaces_the_hub_keeps_its_own() -> None:
    found = incluster.controller("image", namespaces=("a", "a"))
    places = [
        one["metadata"]["namespace"]
        for one in found
        if one["kind"] == "RoleBinding" and one["roleRef"]["name"] == "keyfleet-hub-secrets"
    ]
    assert places == ["a", SYSTEM_NAMESPACE]


def test_a_hub_that_is_a_member_too_gives_its_controller_both_parts() -> None:
    found = incluster.controller("image", is_member=True)
    holders = {
        one["roleRef"]["name"]: one["subjects"][0]["name"]
        for one in found
        if one["kind"].endswith("Binding") and "roleRef" in one
    }
    assert set(holders.values()) == {"keyfleet"}
    assert {"keyfleet-hub-secrets", "keyfleet-member-secrets"} <= set(holders)
    alone = {one["metadata"]["name"] for one in incluster.controller("image")}
    assert not any("member" in name for name in alone)


def test_rights_over_other_tools_manifests_come_with_their_dialect_only() -> None:
    def names(documents: list[dict[str, Any]]) -> set[str]:
        return {one["metadata"]["name"] for one in documents if "eso" in one["metadata"]["name"]}

    assert names(incluster.controller("image")) == names(incluster.member()) == set()
    assert names(incluster.controller("image", dialects=["eso"])) == {"keyfleet-hub-eso"}
    assert names(incluster.member(dialects=["eso"])) == {
        "keyfleet-member-eso",
        "keyfleet-member-eso-secrets",
    }
