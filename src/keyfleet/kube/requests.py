# SPDX-License-Identifier: Apache-2.0
"""Build requests to an API server; pure, without any I/O.

Every write carries `fieldManager=keyfleet`. Writes that send whole objects ask for strict field
validation, so that a misspelt field is an error and not silently dropped.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any
from urllib.parse import quote_plus

import msgspec

from keyfleet.base.secret import SecretValue
from keyfleet.kube.resources import ACCESS_REVIEWS, SELF_REVIEWS, Resource

FIELD_MANAGER = "keyfleet"
PAGE = 500
"""Objects per list page."""

_META = "g=meta.k8s.io;v=v1"
JSON = "application/json"
PARTIAL = f"application/json;as=PartialObjectMetadata;{_META},application/json"
PARTIAL_LIST = f"application/json;as=PartialObjectMetadataList;{_META},application/json"
"""The plain type at the end is what servers without metadata-only answers fall back to."""

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


class Selection(msgspec.Struct, frozen=True):
    """Which objects of a kind."""

    namespace: str = ""
    """Empty means all."""
    labels: str = ""
    """A label selector."""
    fields: str = ""
    """A field selector."""


EVERYTHING = Selection()


def one_object(namespace: str, name: str) -> Selection:
    """Return the selection of one object."""
    return Selection(namespace, fields=f"metadata.name={name}")


class Wait(Enum):
    """How long an answer may take."""

    SHORT = "short"
    LIST = "list"
    WATCH = "watch"


class Request(msgspec.Struct, frozen=True):
    """One request: everything but server, credential and time limits."""

    verb: str
    """As RBAC names it: get, list, watch, create, update, patch, delete."""
    method: str
    target: str
    """Path and query below the server."""
    subject: str
    """`namespace/name (resource)`, for errors."""
    accept: str = JSON
    content_type: str = ""
    body: bytes = b""
    wait: Wait = Wait.SHORT

    def __repr__(self) -> str:
        # The generated one would show the body, values included.
        return f"Request({self.method} {self.target})"


def encode_body(value: Any) -> bytes:
    """Return the JSON of a body; a SecretValue becomes base64, as `Secret.data` holds it."""
    return _ENCODER.encode(value)


def _reveal(value: object) -> bytes:
    if isinstance(value, SecretValue):
        return value.reveal()
    message = f"{type(value).__name__} cannot be sent to an API server"
    raise TypeError(message)


_ENCODER = msgspec.json.Encoder(enc_hook=_reveal)


def subject_of(resource: Resource, namespace: str, name: str) -> str:
    """Return how errors name an object or a collection.

    >>> from keyfleet.kube.resources import NAMESPACES, SECRETS
    >>> subject_of(SECRETS, "a", "b"), subject_of(NAMESPACES, "", "b"), subject_of(SECRETS, "", "")
    ('a/b (secrets)', 'b (namespaces)', 'secrets')
    """
    place = "/".join(part for part in (namespace, name) if part)
    return f"{place} ({resource.label})" if place else resource.label


def query(**parameters: str | int | bool | None) -> str:
    """Return `?a=b&c=d` without the empty parameters.

    >>> query(limit=500, labelSelector="", watch=True)
    '?limit=500&watch=true'
    """
    pairs = [
        f"{name}={_text(value)}"
        for name, value in parameters.items()
        if value is not None and value != "" and value is not False
    ]
    return "?" + "&".join(pairs) if pairs else ""


def _text(value: str | int | bool) -> str:
    return "true" if value is True else quote_plus(str(value))


def get(resource: Resource, name: str, *, namespace: str = "", accept: str = JSON) -> Request:
    """Read one object."""
    target = resource.path(namespace=namespace, name=name)
    return Request("get", "GET", target, subject_of(resource, namespace, name), accept)


def list_page(
    resource: Resource,
    *,
    selection: Selection = EVERYTHING,
    accept: str = JSON,
    limit: int = PAGE,
    resource_version: str = "",
) -> Request:
    """Read the first page of a collection, most recent or not older than a version."""
    parameters = query(
        limit=limit,
        labelSelector=selection.labels,
        fieldSelector=selection.fields,
        resourceVersion=resource_version,
        resourceVersionMatch="NotOlderThan" if resource_version else "",
    )
    target = resource.path(namespace=selection.namespace) + parameters
    subject = subject_of(resource, selection.namespace, "")
    return Request("list", "GET", target, subject, accept, wait=Wait.LIST)


def watch(
    resource: Resource,
    *,
    selection: Selection = EVERYTHING,
    accept: str = JSON,
    resource_version: str = "",
    timeout_s: int,
    initial: bool = False,
) -> Request:
    """Watch a collection; `initial` asks for a streamed list first (fleet.md 3.2)."""
    parameters = query(
        watch=True,
        allowWatchBookmarks=True,
        timeoutSeconds=timeout_s,
        labelSelector=selection.labels,
        fieldSelector=selection.fields,
        resourceVersion=resource_version,
        sendInitialEvents=initial,
        resourceVersionMatch="NotOlderThan" if initial else "",
    )
    target = resource.path(namespace=selection.namespace) + parameters
    subject = subject_of(resource, selection.namespace, "")
    return Request("watch", "GET", target, subject, accept, wait=Wait.WATCH)


def create(
    resource: Resource,
    body: Mapping[str, Any],
    *,
    namespace: str = "",
    manager: str = FIELD_MANAGER,
) -> Request:
    """POST a new object; the namespace is the body's unless given."""
    place, name = _place(body, namespace)
    target = resource.path(namespace=place) + query(fieldManager=manager, fieldValidation="Strict")
    return Request(
        "create",
        "POST",
        target,
        subject_of(resource, place, name),
        PARTIAL,
        JSON,
        encode_body(body),
    )


def replace(resource: Resource, body: Mapping[str, Any], *, subresource: str = "") -> Request:
    """PUT a whole object; `metadata.resourceVersion` in it is the precondition."""
    parameters = query(fieldManager=FIELD_MANAGER, fieldValidation="Strict")
    return _whole("update", "PUT", resource, body, JSON, subresource, parameters)


def apply(
    resource: Resource,
    body: Mapping[str, Any],
    *,
    force: bool = False,
    subresource: str = "",
    manager: str = FIELD_MANAGER,
) -> Request:
    """Apply an object server-side; creates it when absent."""
    parameters = query(fieldManager=manager, force=force, fieldValidation="Strict")
    return _whole("patch", "PATCH", resource, body, APPLY_PATCH, subresource, parameters)


def _whole(
    verb: str,
    method: str,
    resource: Resource,
    body: Mapping[str, Any],
    content_type: str,
    subresource: str,
    parameters: str,
) -> Request:
    namespace, name = _place(body, "")
    target = resource.path(namespace=namespace, name=name, subresource=subresource) + parameters
    subject = subject_of(resource, namespace, name)
    return Request(verb, method, target, subject, PARTIAL, content_type, encode_body(body))


def json_patch(
    resource: Resource,
    name: str,
    operations: Sequence[Mapping[str, Any]],
    *,
    namespace: str = "",
    subresource: str = "",
    manager: str = FIELD_MANAGER,
) -> Request:
    """Change one object by RFC 6902 operations."""
    return _patch(resource, name, operations, JSON_PATCH, namespace, subresource, manager)


def merge_patch(
    resource: Resource,
    name: str,
    body: Mapping[str, Any],
    *,
    namespace: str = "",
    subresource: str = "",
) -> Request:
    """Change one object by an RFC 7386 merge."""
    return _patch(resource, name, body, MERGE_PATCH, namespace, subresource, manager=FIELD_MANAGER)


def _patch(
    resource: Resource,
    name: str,
    body: object,
    content_type: str,
    namespace: str,
    subresource: str,
    manager: str,
) -> Request:
    target = resource.path(namespace=namespace, name=name, subresource=subresource)
    target += query(fieldManager=manager, fieldValidation="Strict")
    subject = subject_of(resource, namespace, name)
    return Request("patch", "PATCH", target, subject, PARTIAL, content_type, encode_body(body))


def delete(
    resource: Resource, name: str, *, namespace: str = "", uid: str = "", resource_version: str = ""
) -> Request:
    """Delete one object, only if it still is the one that was seen."""
    preconditions = {"uid": uid, "resourceVersion": resource_version}
    wanted = {key: value for key, value in preconditions.items() if value}
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if wanted:
        options["preconditions"] = wanted
    target = resource.path(namespace=namespace, name=name)
    subject = subject_of(resource, namespace, name)
    return Request("delete", "DELETE", target, subject, PARTIAL, JSON, encode_body(options))


def served_kinds(resource: Resource) -> Request:
    """Discover what a group and version serves."""
    target = f"/apis/{resource.api_version}" if resource.group else f"/api/{resource.version}"
    return Request("get", "GET", target, resource.label)


def server_version() -> Request:
    """Ask for the server's version."""
    return Request("get", "GET", "/version", "version")


def self_review() -> Request:
    """Ask who the own identity is."""
    body = {"apiVersion": SELF_REVIEWS.api_version, "kind": SELF_REVIEWS.kind}
    path = SELF_REVIEWS.path()
    return Request("create", "POST", path, "the own identity", JSON, JSON, encode_body(body))


def access_review(
    verb: str,
    resource: Resource,
    *,
    namespace: str = "",
    name: str = "",
    subresource: str = "",
) -> Request:
    """Ask whether the own identity may do something."""
    wanted = {
        "verb": verb,
        "group": resource.group,
        "resource": resource.plural,
        "subresource": subresource,
        "namespace": namespace,
        "name": name,
    }
    attributes = {key: value for key, value in wanted.items() if value}
    body = {
        "apiVersion": ACCESS_REVIEWS.api_version,
        "kind": ACCESS_REVIEWS.kind,
        "spec": {"resourceAttributes": attributes},
    }
    subject = f"{verb} {resource.label}"
    return Request("create", "POST", ACCESS_REVIEWS.path(), subject, JSON, JSON, encode_body(body))


def _place(body: Mapping[str, Any], namespace: str) -> tuple[str, str]:
    metadata = body.get("metadata") or {}
    return namespace or metadata.get("namespace", ""), metadata.get("name", "")
