# SPDX-License-Identifier: Apache-2.0
"""The manifests of the demo: Secrets, declarations, and one policy."""

from collections.abc import Mapping, Sequence
from typing import Any

from keyfleet.base.secret import SecretValue
from keyfleet.kube.resources import FLEETPOLICIES, FLEETSECRETS, Resource

NAMESPACE = "payments"
TREASURY = "treasury"
SHOP_LABELS = {"demo": "shop"}
POLICY = "demo"

Data = Mapping[str, SecretValue]
Document = dict[str, Any]


def secret(name: str, data: Data, *, namespace: str = NAMESPACE) -> Document:
    """Return a Secret on the hub."""
    place = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": place, "data": dict(data)}


def fleet_secret(
    name: str,
    clusters: Sequence[str],
    *,
    namespace: str = NAMESPACE,
    source: str = "",
    labels: Mapping[str, str] | None = None,
) -> Document:
    """Return a declaration: this Secret, to these clusters.

    Args:
        name: Of the declaration and of the copies.
        clusters: Names of the clusters.
        namespace: Of the declaration.
        source: The Secret to deliver; default: one of the same name.
        labels: Namespaces with these labels are the targets; default: the one of the same name.
    """
    placement: Document = {"clusters": {"names": list(clusters)}}
    if labels is not None:
        placement["namespaces"] = {"selector": {"matchLabels": dict(labels)}}
    spec = {"source": {"secretRef": {"name": source or name}}, "placement": placement}
    return _document(FLEETSECRETS, {"name": name, "namespace": namespace}, spec)


def flow_policy(hub: str) -> Document:
    """Return what may not flow: what lies in the treasury is production's."""
    spec = {
        "sources": [
            {
                "clusters": {"names": [hub]},
                "namespaces": {"names": [TREASURY]},
                "labels": {"env": "production"},
            }
        ],
        "flows": [
            {
                "name": "production-stays-in-production",
                "from": {"matchLabels": {"env": "production"}},
                "to": {
                    "matchExpressions": [
                        {"key": "env", "operator": "NotIn", "values": ["production"]}
                    ]
                },
                "action": "Deny",
            }
        ],
        "defaultFlow": "Allow",
    }
    return _document(FLEETPOLICIES, {"name": "environments"}, spec)


def grant_policy() -> Document:
    """Return the right to write to the shops' namespaces."""
    targets = {
        "clusters": {"names": ["*"]},
        "namespaces": {"selector": {"matchLabels": SHOP_LABELS}},
    }
    spec = {"namespaces": [{"hub": [NAMESPACE], "targets": targets}]}
    return _document(FLEETPOLICIES, {"name": "shops"}, spec)


def _document(resource: Resource, metadata: Document, spec: Document) -> Document:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata,
        "spec": spec,
    }
