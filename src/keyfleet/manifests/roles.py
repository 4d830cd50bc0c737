# SPDX-License-Identifier: Apache-2.0
"""Roles and bindings, made from the rights: what the controller may do on the hub and in members.

Roles hold a part's rights by reach; a binding says where. A ClusterRole that a RoleBinding names
holds in that namespace only, so that rules are written once.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from keyfleet.kube.resources import SERVICE_ACCOUNTS, Resource
from keyfleet.manifests.rights import KUBE_SYSTEM, Part, Reach, Right, rights
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL, SYSTEM_NAMESPACE

Manifest = dict[str, Any]

_GROUP = "rbac.authorization.k8s.io"
CLUSTER_ROLES = Resource(_GROUP, "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS = Resource(
    _GROUP, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)
ROLES = Resource(_GROUP, "v1", "roles", "Role")
ROLE_BINDINGS = Resource(_GROUP, "v1", "rolebindings", "RoleBinding")

ACCOUNTS = {
    Part.HUB: "keyfleet",
    Part.MEMBER: "keyfleet-member",
    Part.HUB_ESO: "keyfleet",
    Part.MEMBER_ESO: "keyfleet-member",
    Part.HUB_SEALED: "keyfleet",
    Part.MEMBER_SEALED: "keyfleet-member",
}
"""The ServiceAccounts in keyfleet-system: of the controller, and of its logins in members."""

_LABELS = {MANAGED_BY_LABEL: MANAGED_BY}


def account(part: Part) -> Manifest:
    """Return the ServiceAccount; whatever needs its token asks for it."""
    metadata = _metadata(ACCOUNTS[part], SYSTEM_NAMESPACE)
    return {
        "apiVersion": "v1",
        "kind": SERVICE_ACCOUNTS.kind,
        "metadata": metadata,
        "automountServiceAccountToken": False,
    }


def roles(part: Part, *, keys_in: str = KUBE_SYSTEM) -> list[Manifest]:
    """Return the roles of a part; they grant nothing until they are bound.

    Args:
        part: Whose roles.
        keys_in: Namespace of the sealing keys.
    """
    granted = rights(part)
    return [
        _role(
            role_name(part, reach),
            _only(reach, keys_in),
            [right for right in granted if right.reach is reach],
        )
        for reach in Reach
        if any(right.reach is reach for right in granted)
    ]


def bindings(
    part: Part,
    namespaces: Sequence[str] = (),
    *,
    holder: str = "",
    keys_in: str = KUBE_SYSTEM,
) -> list[Manifest]:
    """Return what gives a part's roles to a ServiceAccount.

    Args:
        part: Whose roles.
        namespaces: Where Secrets may be reached; empty: everywhere.
        holder: The ServiceAccount's name; default: the part's own.
        keys_in: Namespace of the sealing keys.
    """
    name = holder or ACCOUNTS[part]
    granted = {right.reach for right in rights(part)}
    found = []
    for reach in Reach:
        if reach not in granted:
            continue
        if only := _only(reach, keys_in):
            found.append(_binding(part, reach, name, only))
        elif reach is Reach.CHOSEN and namespaces:
            found += [_binding(part, reach, name, namespace) for namespace in namespaces]
        else:
            found.append(_binding(part, reach, name, ""))
    return found


def role_name(part: Part, reach: Reach) -> str:
    """Return what a role is called."""
    suffix = {Reach.CHOSEN: "-secrets", Reach.KEYS: "-keys"}.get(reach, "")
    return f"keyfleet-{part}{suffix}"


def _only(reach: Reach, keys_in: str) -> str:
    return keys_in if reach is Reach.KEYS else reach.namespace


def _role(name: str, namespace: str, granted: Sequence[Right]) -> Manifest:
    kind = ROLES if namespace else CLUSTER_ROLES
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": _metadata(name, namespace),
        "rules": _rules(granted),
    }


def _rules(granted: Iterable[Right]) -> list[Manifest]:
    # One rule per (resource, name), so that a reader sees at a glance what holds for what.
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for right in granted:
        verbs.setdefault((right.group, right.path, right.name), []).append(right.verb)
    return [
        {
            "apiGroups": [group],
            "resources": [path],
            **({"resourceNames": [name]} if name else {}),
            "verbs": sorted(found),
        }
        for (group, path, name), found in verbs.items()
    ]


def _binding(part: Part, reach: Reach, holder: str, namespace: str) -> Manifest:
    kind = ROLE_BINDINGS if namespace else CLUSTER_ROLE_BINDINGS
    role = ROLES if reach.namespace else CLUSTER_ROLES
    name = role_name(part, reach)
    own = holder == ACCOUNTS[part]
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": _metadata(name if own else f"{name}-of-{holder}", namespace),
        "roleRef": {"apiGroup": _GROUP, "kind": role.kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": holder, "namespace": SYSTEM_NAMESPACE}],
    }


def _metadata(name: str, namespace: str) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return {"name": name, **place, "labels": dict(_LABELS)}
