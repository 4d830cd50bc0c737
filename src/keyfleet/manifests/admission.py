# SPDX-License-Identifier: Apache-2.0
"""Admission policies that the API server itself runs: no webhook, nothing of ours to be down.

They refuse or warn:

- fields (one per kind): unknown fields of native objects, with their path;
- authority: a FleetSecret whose author may not read a Secret or ConfigMap that it names, and a
  FleetCluster whose author may not read the Secret with its kubeconfig;
- hints: a FleetSecret that selects no cluster gets a warning.

An update that leaves `spec` alone is not judged again: `keyfleet sync`, labels and finalizers need
no right to read, and an old object that a newer policy refuses can still be deleted.
"""

from typing import Any

from keyfleet.kube.resources import (
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    FLEETCLUSTERS,
    FLEETSECRETS,
    GROUP,
    Resource,
)
from keyfleet.manifests.authority import reference_validations, reference_variables
from keyfleet.manifests.kinds import NATIVE_KINDS, NativeKind
from keyfleet.manifests.unknown_fields import unknown_fields

PROBE_FIELD = "keyfleetProbe"

_SPEC_CHANGES = {
    "name": "spec-changes",
    "expression": (
        "request.operation == 'CREATE' || dyn(object).spec != dyn(oldObject).spec"
        " || size(dyn(object)) != size(dyn(oldObject))"
    ),
}

Manifest = dict[str, Any]


def admission_policies() -> list[Manifest]:
    """Return every policy, each followed by its binding."""
    fields = [part for kind in NATIVE_KINDS for part in _fields(kind)]
    authority = _policy(
        f"fleetsecrets.authority.{GROUP}",
        FLEETSECRETS,
        variables=reference_variables(),
        validations=reference_validations(),
    )
    return [*fields, *authority, *_login_authority(), *_hints()]


def probes(namespace: str) -> list[tuple[Resource, Manifest]]:
    """Return per kind an object that must be refused once the policies are in force.

    Args:
        namespace: An existing namespace for the probes of namespaced kinds.
    """
    return [(kind.resource, _probe(kind, namespace)) for kind in NATIVE_KINDS]


def _probe(kind: NativeKind, namespace: str) -> Manifest:
    specs: dict[str, Manifest] = {
        "FleetSecret": {"source": {"secretRef": {"name": "probe"}}, "placement": {}},
        "FleetCluster": {"context": "probe"},
    }
    place = {"namespace": namespace} if kind.resource.namespaced else {}
    return {
        "apiVersion": kind.resource.api_version,
        "kind": kind.resource.kind,
        "metadata": {"name": "keyfleet-probe"} | place,
        "spec": specs.get(kind.resource.kind, {}) | {PROBE_FIELD: True},
    }


def _fields(kind: NativeKind) -> tuple[Manifest, Manifest]:
    validation = {
        "expression": "size(variables.unknown) == 0",
        "messageExpression": (
            "'remove or correct the unknown field: ' + variables.unknown.join(', ')"
        ),
        "reason": "Invalid",
    }
    return _policy(
        f"{kind.resource.plural}.fields.{GROUP}",
        kind.resource,
        variables={"unknown": unknown_fields(kind.spec)},
        validations=[validation],
    )


def _login_authority() -> tuple[Manifest, Manifest]:
    """Ask the requester's own rights on the Secret that a FleetCluster takes its kubeconfig from.

    Else whoever may write FleetClusters could use logins of others, or see by the cluster's status
    which Secrets there are.
    """
    validation = {
        "expression": (
            "!has(dyn(object).spec.kubeconfigRef) || authorizer.group('').resource('secrets')"
            ".namespace(variables.ref.namespace).name(variables.ref.name).check('get').allowed()"
        ),
        "messageExpression": (
            "'spec.kubeconfigRef: ' + request.userInfo.username + ' may not get Secret '"
            " + variables.ref.namespace + '/' + variables.ref.name + ' on the hub; a FleetCluster"
            " logs in with what its author may read: name another Secret, or be granted `get` on"
            " this one'"
        ),
        "reason": "Forbidden",
    }
    name = f"fleetclusters.authority.{GROUP}"
    variables = {"ref": "dyn(object).spec.kubeconfigRef"}
    return _policy(name, FLEETCLUSTERS, variables=variables, validations=[validation])


def _hints() -> tuple[Manifest, Manifest]:
    chosen = "variables.clusters"
    validation = {
        "expression": (
            f"(has({chosen}.names) && size({chosen}.names) > 0) || (has({chosen}.selector)"
            f" && ((has({chosen}.selector.matchLabels) && size({chosen}.selector.matchLabels) > 0)"
            f" || (has({chosen}.selector.matchExpressions)"
            f" && size({chosen}.selector.matchExpressions) > 0)))"
        ),
        "message": "spec.placement.clusters selects nothing: nothing is delivered",
    }
    variables = {
        "clusters": (
            "has(dyn(object).spec.placement.clusters)"
            " ? dyn(object).spec.placement.clusters : dyn({})"
        )
    }
    name = f"fleetsecrets.hints.{GROUP}"
    return _policy(name, FLEETSECRETS, variables=variables, validations=[validation], action="Warn")


def _policy(
    name: str,
    resource: Resource,
    *,
    variables: dict[str, str],
    validations: list[Manifest],
    action: str = "Deny",
) -> tuple[Manifest, Manifest]:
    rule = {
        "apiGroups": [resource.group],
        "apiVersions": [resource.version],
        "operations": ["CREATE", "UPDATE"],
        "resources": [resource.plural],
    }
    policy = {
        "apiVersion": ADMISSION_POLICIES.api_version,
        "kind": ADMISSION_POLICIES.kind,
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "matchConditions": [_SPEC_CHANGES],
            "variables": [{"name": key, "expression": cel} for key, cel in variables.items()],
            "validations": validations,
        },
    }
    binding = {
        "apiVersion": ADMISSION_BINDINGS.api_version,
        "kind": ADMISSION_BINDINGS.kind,
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": [action]},
    }
    return policy, binding
