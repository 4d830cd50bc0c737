# SPDX-License-Identifier: Apache-2.0
"""CustomResourceDefinitions of the native kinds."""

from typing import Any

from keyfleet.kube.resources import CRDS
from keyfleet.kube.schema import Schema, object_schema
from keyfleet.manifests.kinds import NATIVE_KINDS, Column, NativeKind

CATEGORY = "keyfleet"


def crds() -> list[dict[str, Any]]:
    """Return one CRD per native kind."""
    return [_crd(kind) for kind in NATIVE_KINDS]


def _crd(kind: NativeKind) -> dict[str, Any]:
    resource = kind.resource
    return {
        "apiVersion": CRDS.api_version,
        "kind": CRDS.kind,
        "metadata": {"name": resource.label},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "shortNames": [kind.short_name],
                "categories": [CATEGORY],
            },
            "versions": [_version(kind)],
        },
    }


def _version(kind: NativeKind) -> dict[str, Any]:
    return {
        "name": kind.resource.version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_column(column) for column in kind.columns],
        "schema": {"openAPIV3Schema": _schema(kind)},
    }


def _column(column: Column) -> dict[str, Any]:
    wide = {"priority": 1} if column.is_wide else {}
    return {"name": column.name, "type": column.type, "jsonPath": column.path} | wide


def _schema(kind: NativeKind) -> Schema:
    """Return the whole object's schema; a misspelt `sepc` is kept too, to be refused."""
    return {
        "type": "object",
        "description": kind.description,
        "required": ["spec"],
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": object_schema(kind.spec, keeps_unknown=True),
            "status": object_schema(kind.status, keeps_unknown=False),
        },
    }
