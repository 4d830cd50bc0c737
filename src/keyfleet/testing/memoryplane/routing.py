# SPDX-License-Identifier: Apache-2.0
"""From a method and a path to what is asked of which kind."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from keyfleet.kube.resources import (
    ACCESS_REVIEWS,
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    CONFIGMAPS,
    CRDS,
    EVENTS,
    LEASES,
    NAMESPACES,
    SECRETS,
    Resource,
)
from keyfleet.testing.memoryplane.refusals import not_served
from keyfleet.testing.memoryplane.store import Store

RBAC = "rbac.authorization.k8s.io"
BUILT_IN = (
    SECRETS,
    CONFIGMAPS,
    NAMESPACES,
    EVENTS,
    LEASES,
    CRDS,
    ADMISSION_POLICIES,
    ADMISSION_BINDINGS,
    ACCESS_REVIEWS,
    Resource("", "v1", "serviceaccounts", "ServiceAccount"),
    Resource("apps", "v1", "deployments", "Deployment"),
    Resource(RBAC, "v1", "roles", "Role"),
    Resource(RBAC, "v1", "rolebindings", "RoleBinding"),
    Resource(RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False),
    Resource(RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
)
"""What is there without any CRD."""


@dataclass(frozen=True, slots=True)
class Route:
    """One request, taken apart."""

    verb: str
    """As RBAC names it, or `discover`."""
    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    query: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Of the object."""
        return (self.namespace, self.name)


def custom_resources(store: Store) -> list[Resource]:
    """Return what the stored CRDs make served."""
    return [
        Resource(
            spec["group"],
            version["name"],
            spec["names"]["plural"],
            spec["names"]["kind"],
            spec["scope"] == "Namespaced",
        )
        for stored in store.all(CRDS.label).values()
        for spec in [stored.document["spec"]]
        for version in spec["versions"]
        if version["served"]
    ]


def served(store: Store, group: str, version: str) -> list[Resource]:
    """Return the kinds of a group and version."""
    kinds = [*BUILT_IN, *custom_resources(store)]
    return [one for one in kinds if (one.group, one.version) == (group, version)]


def route(store: Store, method: str, target: str) -> Route:
    """Return what a request asks for.

    Raises:
        RefusalError: 404, nothing is served there.
    """
    path, _, parameters = target.partition("?")
    query = dict(parse_qsl(parameters, keep_blank_values=True))
    root, *parts = [unquote(part) for part in path.split("/")[1:]]
    if root not in ("api", "apis") or len(parts) < (1 if root == "api" else 2):
        raise not_served()
    group = "" if root == "api" else parts.pop(0)
    kinds = served(store, group, parts.pop(0))
    if not kinds:
        raise not_served()
    if not parts:
        return Route("discover", kinds[0], query=query)
    return _object_route(kinds, method, parts, query)


def _object_route(
    kinds: list[Resource], method: str, parts: list[str], query: dict[str, str]
) -> Route:
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in ("finalize", "status"):
        namespace, parts = parts[1], parts[2:]
    resource = next((one for one in kinds if one.plural == parts[0]), None)
    if resource is None or (namespace and not resource.namespaced) or len(parts) > 3:
        raise not_served()
    name, subresource = [*parts[1:], "", ""][:2]
    verb = _verb(method, name, is_watch=query.get("watch") in ("true", "1"))
    return Route(verb, resource, namespace, name, subresource, query)


def _verb(method: str, name: str, *, is_watch: bool) -> str:
    if method == "GET":
        return "get" if name else ("watch" if is_watch else "list")
    if method == "DELETE" and not name:
        return "deletecollection"
    verbs = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
    return verbs[method]
