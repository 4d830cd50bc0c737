# SPDX-License-Identifier: Apache-2.0
"""Request bodies for a step: pure, so that every shape has a unit test.

The verbs are those of ADR 0001: POST creates, a JSON patch that replaces `/data` whole updates and
carries the resourceVersion it decided on, DELETE carries uid and resourceVersion. Values stay
wrapped until `kube.requests` encodes them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.model.plan import Write
from keyfleet.model.sealed import STAMP, SealedForm

Operation = dict[str, Any]


def create_body(at: tuple[str, str], write: Write) -> dict[str, Any]:
    """Return the Secret to POST, or the SealedSecret: its values are sealed here.

    Args:
        at: Namespace and name of the object.
        write: What it shall be.
    """
    namespace, name = at
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": namespace,
        "labels": dict(write.labels),
        "annotations": dict(write.annotations),
    }
    if write.owners:
        metadata["ownerReferences"] = [owner.body() for owner in write.owners]
    if write.finalizers:
        metadata["finalizers"] = list(write.finalizers)
    if write.sealed is not None:
        return _sealed_body(metadata, write, write.sealed)
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": write.type,
        "data": dict(write.data or {}),
    }
    return {**body, "immutable": True} if write.is_immutable else body


def _sealed_body(metadata: dict[str, Any], write: Write, form: SealedForm) -> dict[str, Any]:
    spec = form.spec(write.data or {})
    metadata["annotations"] |= _stamp(form, spec)
    return {
        "apiVersion": SEALEDSECRETS.api_version,
        "kind": SEALEDSECRETS.kind,
        "metadata": metadata,
        "spec": spec,
    }


def _stamp(form: SealedForm, spec: Mapping[str, Any]) -> dict[str, str]:
    stamp = form.stamp(spec)
    return {STAMP: stamp} if stamp else {}


def update_operations(write: Write, resource_version: str) -> list[Operation]:
    """Return the JSON patch that makes a live Secret as wanted, or fails with 409 when it moved."""
    operations: list[Operation] = []
    annotations = dict(write.annotations)
    if write.data is not None and write.sealed is not None:
        spec = write.sealed.spec(write.data)
        operations.append({"op": "add", "path": "/spec", "value": spec})
        annotations |= _stamp(write.sealed, spec)
    elif write.data is not None:
        operations.append({"op": "add", "path": "/data", "value": dict(write.data)})
    operations += _map_operations("labels", write.labels, exists=write.has_labels)
    operations += _map_operations("annotations", annotations, exists=write.has_annotations)
    operations += _dress_operations(write)
    # Setting the version to the one that was read makes the server compare it: stale gives 409.
    operations.append(
        {"op": "replace", "path": "/metadata/resourceVersion", "value": resource_version}
    )
    return operations


def _map_operations(
    field: str, change: Mapping[str, str | None], *, exists: bool
) -> Iterator[Operation]:
    if change and not exists:
        yield {"op": "add", "path": f"/metadata/{field}", "value": {}}
    for name, value in change.items():
        path = f"/metadata/{field}/{_escape(name)}"
        if value is None:
            yield {"op": "remove", "path": path}
        else:
            yield {"op": "add", "path": path, "value": value}


def _dress_operations(write: Write) -> Iterator[Operation]:
    if write.owners is not None:
        owners = [owner.body() for owner in write.owners]
        yield {"op": "add", "path": "/metadata/ownerReferences", "value": owners}
    if write.finalizers is not None:
        yield {"op": "add", "path": "/metadata/finalizers", "value": list(write.finalizers)}
    if write.is_immutable:
        yield {"op": "add", "path": "/immutable", "value": True}


def _escape(name: str) -> str:
    # RFC 6901, section 3.
    return name.replace("~", "~0").replace("/", "~1")
