# SPDX-License-Identifier: Apache-2.0
"""The CRDs, put together: names, versions, and what `kubectl get` shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keyfleet.kube.resources import (
    CLUSTEREXTERNALSECRETS,
    CLUSTERGENERATORS,
    CLUSTERSECRETSTORES,
    CRDS,
    ESO_VERSIONS,
    EXTERNALSECRETS,
    GENERATORS,
    SECRETSTORES,
    Resource,
)
from keyfleet.manifests.eso.externalsecrets import parent_spec, parent_status, spec, status
from keyfleet.manifests.eso.parts import Schema
from keyfleet.manifests.eso.stores import generator_spec, store_spec, store_status
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL

FOREIGN_KINDS: tuple[Resource, ...] = (
    CLUSTEREXTERNALSECRETS,
    EXTERNALSECRETS,
    SECRETSTORES,
    CLUSTERSECRETSTORES,
    *GENERATORS,
    CLUSTERGENERATORS,
)
"""In an order in which they may go: what asks before what is asked."""

CATEGORY, GENERATOR_CATEGORY = "external-secrets", "external-secrets-generators"

_READY, _REASON = (
    f'.status.conditions[?(@.type=="Ready")].{part}' for part in ("status", "reason")
)
_AGE = ("AGE", "date", ".metadata.creationTimestamp")
Column = tuple[str, str, str]
"""Name, type, path."""


@dataclass(frozen=True, slots=True)
class _Kind:
    resource: Resource
    spec: Callable[[str], Schema]
    short_name: str = ""
    status: Schema | None = None
    columns: tuple[Column, ...] = ()
    selectable: tuple[str, ...] = ()
    """Fields that lists can be narrowed by."""


_STORE_COLUMNS = (
    _AGE,
    ("Status", "string", _REASON),
    ("Capabilities", "string", ".status.capabilities"),
    ("Ready", "string", _READY),
)
_KINDS = (
    _Kind(
        EXTERNALSECRETS,
        spec,
        "es",
        status(),
        columns=(
            ("StoreType", "string", ".spec.secretStoreRef.kind"),
            ("Store", "string", ".spec.secretStoreRef.name"),
            ("Refresh Interval", "string", ".spec.refreshInterval"),
            ("Status", "string", _REASON),
            ("Ready", "string", _READY),
            ("Last Sync", "date", ".status.refreshTime"),
        ),
        selectable=(
            ".spec.secretStoreRef.name",
            ".spec.secretStoreRef.kind",
            ".spec.target.name",
            ".spec.refreshInterval",
        ),
    ),
    _Kind(
        CLUSTEREXTERNALSECRETS,
        parent_spec,
        "ces",
        parent_status(),
        columns=(
            ("Store", "string", ".spec.externalSecretSpec.secretStoreRef.name"),
            ("Refresh Interval", "string", ".spec.refreshTime"),
            ("Ready", "string", _READY),
        ),
    ),
    _Kind(SECRETSTORES, store_spec, "ss", store_status(), _STORE_COLUMNS),
    _Kind(CLUSTERSECRETSTORES, store_spec, "css", store_status(), _STORE_COLUMNS),
)


def eso_crds(*, are_selectable: bool = True) -> list[dict[str, Any]]:
    """Return one CRD for each kind that is served.

    Args:
        are_selectable: Fields are named that lists can be narrowed by; API servers before 1.30
            know nothing of these.
    """
    kinds = [_crd(kind, are_selectable=are_selectable) for kind in _KINDS]
    generators = (_generator(resource) for resource in (*GENERATORS, CLUSTERGENERATORS))
    return [*kinds, *(_crd(kind, are_selectable=False) for kind in generators)]


def _generator(resource: Resource) -> _Kind:
    return _Kind(resource, lambda _: generator_spec(resource.kind))


def _crd(kind: _Kind, *, are_selectable: bool) -> dict[str, Any]:
    resource = kind.resource
    names = {
        "kind": resource.kind,
        "listKind": f"{resource.kind}List",
        "plural": resource.plural,
        "singular": resource.kind.lower(),
        "categories": [CATEGORY] if kind.status else [CATEGORY, GENERATOR_CATEGORY],
    }
    older = ESO_VERSIONS if kind.status else ()
    return {
        "apiVersion": CRDS.api_version,
        "kind": CRDS.kind,
        # By this label it is told that its manifests are ours.
        "metadata": {"name": resource.label, "labels": {MANAGED_BY_LABEL: MANAGED_BY}},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": names | ({"shortNames": [kind.short_name]} if kind.short_name else {}),
            "versions": [
                _version(kind, version, is_newest=not at, are_selectable=are_selectable)
                for at, version in enumerate((resource.version, *older))
            ],
        },
    }


def _version(kind: _Kind, version: str, *, is_newest: bool, are_selectable: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": version,
        "served": True,
        "storage": is_newest,
        "schema": {"openAPIV3Schema": _schema(kind, version)},
    }
    if kind.status:
        found["subresources"] = {"status": {}}
    if kind.columns:
        found["additionalPrinterColumns"] = [
            {"name": name, "type": type_, "jsonPath": path} for name, type_, path in kind.columns
        ]
    if kind.selectable and is_newest and are_selectable:
        found["selectableFields"] = [{"jsonPath": path} for path in kind.selectable]
    return found


def _schema(kind: _Kind, version: str) -> Schema:
    properties = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": kind.spec(version),
    }
    status_ = {"status": kind.status} if kind.status else {}
    return {"type": "object", "properties": properties | status_}
