# SPDX-License-Identifier: Apache-2.0
"""Who the controller is in these tests: the ServiceAccounts that Keyfleet ships, with their roles.

Nothing here is written for tests: roles and bindings are those of `keyfleet install`, and a token
is what the TokenRequest API gives. So whatever the controller may not do in a real cluster it may
not do here either.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any

from keyfleet.kube.resources import (
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    NAMESPACES,
    SERVICE_ACCOUNTS,
    Resource,
)
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.api import Api
from keyfleet.manifests import incluster, namespace
from keyfleet.manifests.deployment import DEPLOYMENTS
from keyfleet.manifests.rights import Part, Reach, Right, rights
from keyfleet.manifests.roles import (
    ACCOUNTS,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
)
from keyfleet.model.ownership import SYSTEM_NAMESPACE

Manifest = dict[str, Any]

LIFE_S = 7200
PATIENCE_S = 20.0
_RESOURCES = {
    resource.kind: resource
    for resource in (
        *(NAMESPACES, SERVICE_ACCOUNTS, ADMISSION_POLICIES, ADMISSION_BINDINGS),
        *(CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS),
    )
}


def path_of(document: Manifest) -> str:
    """Return where an object is served."""
    resource: Resource = _RESOURCES[document["kind"]]
    metadata = document["metadata"]
    return resource.path(namespace=metadata.get("namespace", ""), name=metadata["name"])


def apply(plane: ControlPlane, documents: Iterable[Manifest]) -> None:
    """Make objects what they are in Keyfleet's manifests."""
    for document in documents:
        answer = plane.api.call(
            "PATCH",
            f"{path_of(document)}?fieldManager=test&force=true",
            document,
            content_type="application/apply-patch+yaml",
        )
        assert answer.status < HTTPStatus.BAD_REQUEST, (answer.status, path_of(document))


def remove(plane: ControlPlane, documents: Iterable[Manifest]) -> None:
    """Take objects away again."""
    for document in documents:
        plane.api.call("DELETE", path_of(document))


def shipped(part: Part, namespaces: Sequence[str] = ()) -> list[Manifest]:
    """Return what `install` gives a part of Keyfleet, but for the Deployment."""
    if part is Part.MEMBER:
        return incluster.member(namespaces)
    documents = incluster.controller("keyfleet:test", namespaces=namespaces)
    return [namespace(), *[one for one in documents if one["kind"] != DEPLOYMENTS.kind]]


def token_of(plane: ControlPlane, name: str) -> str:
    """Return a token of a ServiceAccount in keyfleet-system that exists."""
    return plane.service_account_token(SYSTEM_NAMESPACE, name, seconds=LIFE_S)


def employ(plane: ControlPlane, part: Part) -> str:
    """Give a part of Keyfleet its shipped rights in a plane, and return its token."""
    apply(plane, shipped(part))
    token = token_of(plane, ACCOUNTS[part])
    until_held(plane, token, rights(part))
    return token


def until_held(plane: ControlPlane, token: str, wanted: Iterable[Right], *, at: str = "") -> None:
    """Wait until the API server knows the rights: it reads roles by a watch of its own.

    Args:
        plane: The cluster.
        token: Whose rights.
        wanted: Which.
        at: The namespace in which those are held that can be narrowed; empty: everywhere.
    """
    api = Api(plane.url, plane.ca_pem, token)
    for right in wanted:
        place = at if right.reach is Reach.CHOSEN else ""
        until(partial(is_held, api, right, at=place), what=f"not granted: {right}")


def until(is_true: Callable[[], object], *, what: str = "") -> None:
    """Look until it is true."""
    pause = threading.Event()
    end = monotonic() + PATIENCE_S
    while not is_true():
        assert monotonic() < end, what
        pause.wait(0.02)


def is_held(api: Api, right: Right, *, at: str = "") -> bool:
    """Tell whether who asks holds a right, in one namespace where `at` names one."""
    attributes = {
        "verb": right.verb,
        "group": right.group,
        "resource": right.resource,
        "subresource": right.subresource,
        "name": right.name,
        "namespace": right.namespace or at,
    }
    review = api.must(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {"spec": {"resourceAttributes": attributes}},
    )
    return bool(review["status"]["allowed"])
