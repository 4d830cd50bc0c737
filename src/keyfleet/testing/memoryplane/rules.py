# SPDX-License-Identifier: Apache-2.0
"""What an API server makes of an object before it stores it, and what it refuses."""

import base64
import binascii
from copy import deepcopy
from typing import Any

from keyfleet.kube.resources import LEASES, NAMESPACES, SECRETS, Resource
from keyfleet.testing.memoryplane.refusals import bad_request, conflict, invalid
from keyfleet.testing.memoryplane.store import Document

MAX_SECRET = 1024 * 1024
TLS_KEYS = ("tls.crt", "tls.key")
NO_STATUS = (SECRETS.label, LEASES.label, "configmaps", "events.events.k8s.io")
"""Kinds without a status of their own."""


def new_object(
    resource: Resource, body: Document, *, namespace: str, uid: str, now: str
) -> Document:
    """Return what is stored for a POST.

    Raises:
        RefusalError: 422.
    """
    document = deepcopy(body)
    metadata: Document = document.setdefault("metadata", {})
    for kept_by_server in ("resourceVersion", "deletionTimestamp", "managedFields", "selfLink"):
        metadata.pop(kept_by_server, None)
    metadata |= {"uid": uid, "creationTimestamp": now}
    if resource.namespaced:
        metadata["namespace"] = namespace
    document |= {"apiVersion": resource.api_version, "kind": resource.kind}
    if _is_custom(resource):
        metadata["generation"] = 1
        document.pop("status", None)
    if resource == NAMESPACES:
        metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]
        document["spec"] = {"finalizers": ["kubernetes"]}
        document["status"] = {"phase": "Active"}
    _complete(resource, document)
    _validate(resource, document, None)
    return _tidied(document)


def changed_object(
    resource: Resource, before: Document, body: Document, *, subresource: str
) -> Document:
    """Return what is stored for a PUT or after a patch; equal to `before` if nothing changes.

    Raises:
        RefusalError: 409 or 422.
    """
    document = deepcopy(body)
    metadata, old = document.get("metadata") or {}, before["metadata"]
    _check_preconditions(resource, metadata, old)
    if subresource == "status":
        return _tidied({**before, "status": document.get("status")})
    fixed = ("uid", "creationTimestamp", "namespace", "name", "generation")
    kept = {field: old[field] for field in fixed if field in old}
    for field in ("deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion"):
        metadata.pop(field, None)
        if field in old:
            kept[field] = old[field]
    metadata.pop("managedFields", None)
    document["metadata"] = {**metadata, **kept}
    document |= {"apiVersion": resource.api_version, "kind": resource.kind}
    if resource == NAMESPACES:
        document["status"] = before["status"]
        if subresource != "finalize":
            document["spec"] = before["spec"]
    if _is_custom(resource):
        document.pop("status", None)
        if "status" in before:
            document["status"] = before["status"]
    _complete(resource, document)
    document = _tidied(document)
    if _is_custom(resource) and _asked(document) != _asked(before):
        document["metadata"]["generation"] = old["generation"] + 1
    _validate(resource, document, before)
    return document


def _is_custom(resource: Resource) -> bool:
    # Kubernetes' own groups have no dot, or are below k8s.io.
    return "." in resource.group and not resource.group.endswith(".k8s.io")


def _asked(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in ("metadata", "status")}


def _tidied(document: Document) -> Document:
    # Empty maps in the metadata are not stored.
    metadata = {
        name: value
        for name, value in document["metadata"].items()
        if value not in (None, {}, [], "")
    }
    found = {**document, "metadata": metadata}
    return {name: value for name, value in found.items() if value is not None}


def _check_preconditions(resource: Resource, metadata: Document, old: Document) -> None:
    name = old["name"]
    version = metadata.get("resourceVersion")
    if not version and (_is_custom(resource) or resource == LEASES):
        said = "Invalid value: 0: must be specified for an update"
        refusal = invalid(resource, name, ("FieldValueInvalid", "metadata.resourceVersion", said))
        refusal.status["details"]["kind"] = resource.plural
        raise refusal
    if version and version != old["resourceVersion"]:
        raise conflict(resource, name)
    uid = metadata.get("uid")
    if uid and uid != old["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['uid']}"
        raise conflict(resource, name, why)


def _complete(resource: Resource, document: Document) -> None:
    if resource != SECRETS:
        return
    document.setdefault("type", "Opaque")
    document["type"] = document["type"] or "Opaque"
    plain = document.pop("stringData", None) or {}
    if plain:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        document["data"] = {**(document.get("data") or {}), **encoded}
    if not document.get("data"):
        document.pop("data", None)
    if document.get("immutable") is None:
        document.pop("immutable", None)


def _validate(resource: Resource, document: Document, before: Document | None) -> None:
    if resource != SECRETS:
        return
    causes = [*_secret_causes(document), *_fixed_causes(document, before)]
    if causes:
        raise invalid(resource, document["metadata"]["name"], *causes)


def _secret_causes(document: Document) -> list[tuple[str, str, str]]:
    data = document.get("data") or {}
    try:
        size = sum(len(base64.b64decode(value, validate=True)) for value in data.values())
    except (binascii.Error, TypeError, ValueError):
        raise bad_request() from None
    causes = []
    if size > MAX_SECRET:
        said = f"Too long: may not be more than {MAX_SECRET} bytes"
        causes.append(("FieldValueTooLong", "data", said))
    if document["type"] == "kubernetes.io/tls":
        causes += [
            ("FieldValueRequired", f"data[{key}]", "Required value")
            for key in TLS_KEYS
            if key not in data
        ]
    return causes


def _fixed_causes(document: Document, before: Document | None) -> list[tuple[str, str, str]]:
    if before is None:
        return []
    causes = []
    if document["type"] != before["type"]:
        said = f'Invalid value: "{document["type"]}": field is immutable'
        causes.append(("FieldValueInvalid", "type", said))
    if before.get("immutable"):
        said = "Forbidden: field is immutable when `immutable` is set"
        if not document.get("immutable"):
            causes.append(("FieldValueForbidden", "immutable", said))
        if document.get("data") != before.get("data"):
            causes.append(("FieldValueForbidden", "data", said))
    return causes


def ends_when_deleted(resource: Resource, document: Document) -> bool:
    """Tell whether a DELETE removes the object at once."""
    finalizers: list[Any] = document["metadata"].get("finalizers") or []
    if resource == NAMESPACES:
        finalizers = [*finalizers, *(document["spec"].get("finalizers") or [])]
    return not finalizers


def being_deleted(resource: Resource, document: Document, now: str) -> Document:
    """Return the object as it is while its finalizers hold it."""
    metadata = {"deletionGracePeriodSeconds": 0, **document["metadata"]}
    metadata.setdefault("deletionTimestamp", now)
    found = {**document, "metadata": metadata}
    if resource == NAMESPACES:
        metadata.pop("deletionGracePeriodSeconds")
        found["status"] = {**document["status"], "phase": "Terminating"}
    if _is_custom(resource):
        metadata["generation"] = metadata.get("generation", 1) + 1
    return found
