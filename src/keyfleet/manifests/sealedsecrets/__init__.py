# SPDX-License-Identifier: Apache-2.0
"""The CRD of SealedSecret, for clusters that have none.

So that unmodified manifests are taken and upstream's controller finds its own kind: names, columns,
what is required, what is kept and what is pruned are upstream's.
Source: compat/sealed-secrets.md 2, 2.1, 2.3.
"""

from typing import Any

from keyfleet.kube.resources import CRDS, SEALEDSECRETS, Resource
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL

__all__ = ["KINDS", "sealedsecrets_crds"]

KINDS: tuple[Resource, ...] = (SEALEDSECRETS,)

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "object", "additionalProperties": _TEXT}
_TIME: Schema = {"type": "string", "format": "date-time"}
_OPEN: Schema = {"x-kubernetes-preserve-unknown-fields": True}
_COLUMNS = (
    ("Status", "string", ".status.conditions[0].message"),
    ("Synced", "string", ".status.conditions[0].status"),
    ("Age", "date", ".metadata.creationTimestamp"),
)


def sealedsecrets_crds() -> list[dict[str, Any]]:
    """Return the only CRD."""
    return [_crd(SEALEDSECRETS)]


def _crd(resource: Resource) -> dict[str, Any]:
    return {
        "apiVersion": CRDS.api_version,
        "kind": CRDS.kind,
        # By this label it is told that its manifests are ours.
        "metadata": {"name": resource.label, "labels": {MANAGED_BY_LABEL: MANAGED_BY}},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced",
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.kind.lower(),
            },
            "versions": [_version(resource.version)],
        },
    }


def _version(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": name, "type": type_, "jsonPath": path} for name, type_, path in _COLUMNS
        ],
        "schema": {"openAPIV3Schema": _schema()},
    }


def _schema() -> Schema:
    return {
        "type": "object",
        "description": "A Secret whose values only the holder of a cluster's sealing key can read.",
        "required": ["spec"],
        "properties": {
            "apiVersion": _TEXT,
            "kind": _TEXT,
            "metadata": {"type": "object"},
            "spec": _spec(),
            "status": _status(),
        },
    }


def _spec() -> Schema:
    return {
        "type": "object",
        "required": ["encryptedData"],
        "properties": {
            "encryptedData": {**_TEXTS, **_OPEN, "description": "Sealed values by key."},
            "data": {
                "type": "string",
                "format": "byte",
                "description": "Deprecated: a complete Secret sealed as one.",
            },
            "template": {
                "type": "object",
                "description": "The Secret besides its sealed values.",
                "properties": {
                    "metadata": {"type": "object", "nullable": True, **_OPEN},
                    "type": _TEXT,
                    "immutable": {"type": "boolean"},
                    "data": {
                        **_TEXTS,
                        "nullable": True,
                        "description": "Plain templates by key; they see the unsealed values.",
                    },
                },
            },
        },
    }


def _status() -> Schema:
    condition = {
        "type": "object",
        "required": ["type", "status"],
        "properties": {
            "type": _TEXT,
            "status": _TEXT,
            "reason": _TEXT,
            "message": _TEXT,
            "lastUpdateTime": _TIME,
            "lastTransitionTime": _TIME,
        },
    }
    return {
        "type": "object",
        "properties": {
            "observedGeneration": {"type": "integer", "format": "int64"},
            "conditions": {"type": "array", "items": condition},
        },
    }
