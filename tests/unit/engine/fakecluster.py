# SPDX-License-Identifier: Apache-2.0
"""One cluster in memory, as strict about preconditions and patches as an API server.

`test_fakecluster.py` holds it to what tests rely on.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from keyfleet.base.errors import (
    ConflictError,
    DeniedError,
    KeyfleetError,
    NotFoundError,
    PermanentError,
)
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata, SecretObject, metadata_of
from keyfleet.kube.reading import Listing, MetadataList, SecretList
from keyfleet.kube.requests import FIELD_MANAGER, Selection
from keyfleet.kube.resources import NAMESPACES, SECRETS, Resource
from keyfleet.kube.responses import require_absence
from keyfleet.model.selectors import parse_selector
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

Document = dict[str, Any]
Documents = list[Document]
_WRITES = ("create", "apply", "patch", "delete")
At = tuple[str, str, str]
"""Label of the resource, namespace, name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    verb: str
    kind: str
    name: str
    subresource: str = ""


class FakeCluster(Client):
    """A cluster in memory; `errors` and `on_write` make it misbehave."""

    def __init__(self, name: str = "east", uid: str = "uid-east") -> None:
        endpoint = Endpoint("http://127.0.0.1:9")
        token = StaticToken(SecretValue(canary("token")))
        super().__init__(name, Access(endpoint, token), clock=FakeClock())
        self.objects: dict[At, Document] = {}
        self.asked: list[Asked] = []
        self.errors: dict[str, list[KeyfleetError | None]] = {}
        """How the next requests fail, or None: by verb and kind (`get Secret`), or `version`."""
        self.on_write: list[Callable[[], object]] = []
        """Somebody else's writes, one just before each write of the code under test."""
        self.is_closed = False
        self._versions = 100
        self.put(NAMESPACES, "kube-system", metadata={"uid": uid})
        self.put(NAMESPACES, "payments")

    # What a test does.

    served: frozenset[Resource] = frozenset()
    """Kinds that discovery tells of."""

    def put(self, resource: Resource, name: str, *, namespace: str = "", **fields: Any) -> Document:
        """Make an object what it shall be; its version moves."""
        at = (resource.label, namespace, name)
        self._versions += 1
        before = self.objects.get(at, {}).get("metadata", {})
        metadata = {
            "name": name,
            "uid": before.get("uid", f"uid-{self._versions}"),
            **fields.pop("metadata", {}),
            "resourceVersion": f"{self._versions}",
        }
        if namespace:
            metadata["namespace"] = namespace
        self.objects[at] = {"metadata": metadata, **fields}
        return self.objects[at]

    def put_secret(
        self, name: str = "db", namespace: str = "payments", *, type_: str = "Opaque", **values: Any
    ) -> Document:
        """Put a Secret; `metadata` besides its values."""
        metadata = values.pop("metadata", {})
        immutable = values.pop("immutable", False)
        return self.put(
            SECRETS,
            name,
            namespace=namespace,
            metadata=metadata,
            type=type_,
            data=values,
            immutable=immutable,
        )

    def secret(self, name: str = "db", namespace: str = "payments") -> Document | None:
        """Return a Secret as it is now."""
        return self.objects.get((SECRETS.label, namespace, name))

    def writes(self) -> list[str]:
        """Return the verbs of all writes so far."""
        return [one.verb for one in self.asked if one.verb in _WRITES]

    # What the code under test asks.

    async def get(self, resource: Resource, name: str, *, namespace: str = "") -> Document:
        return deepcopy(self._get(resource, name, namespace))

    async def find_metadata(
        self, resource: Resource, name: str, *, namespace: str = ""
    ) -> Metadata | None:
        try:
            return metadata_of(self._get(resource, name, namespace))
        except NotFoundError as error:
            require_absence(error)
            return None

    async def find_secret(self, namespace: str, name: str) -> SecretObject | None:
        try:
            return _secret_of(self._get(SECRETS, name, namespace))
        except NotFoundError as error:
            require_absence(error)
            return None

    async def store_version(self, resource: Resource, *, selection: Selection) -> str:
        del resource, selection
        return f"{self._versions}"

    async def list_metadata(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> MetadataList:
        del fields
        self._note("list", resource, "")
        return [metadata_of(found) for found in self.select(resource, namespace, labels)]

    async def list(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> Listing:
        del fields
        self._note("list", resource, "")
        found = deepcopy(self.select(resource, namespace, labels))
        return Listing(found, f"{self._versions}")

    async def secret_pages(
        self, *, namespace: str = "", labels: str = ""
    ) -> AsyncIterator[SecretList]:
        self._note("list", SECRETS, "")
        yield [_secret_of(found) for found in self.select(SECRETS, namespace, labels)]

    async def create(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        *,
        namespace: str = "",
        manager: str = FIELD_MANAGER,
    ) -> Metadata:
        del manager
        name = body["metadata"]["name"]
        self._before_write("create", resource, name)
        place = self.objects.get((NAMESPACES.label, "", namespace))
        if namespace and place is None:
            raise NotFoundError("api.namespace_not_found", "the namespace is absent", namespace)
        if place and place["metadata"].get("deletionTimestamp"):
            raise DeniedError("api.namespace_terminating", "the namespace is terminating", name)
        if (resource.label, namespace, name) in self.objects:
            raise ConflictError("api.already_exists", "exists already", name)
        fields = {field: deepcopy_of(value) for field, value in body.items()}
        return metadata_of(self.put(resource, name, namespace=namespace, **fields))

    async def apply(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        *,
        force: bool = False,
        subresource: str = "",
        manager: str = FIELD_MANAGER,
    ) -> Metadata:
        """Create, or add to `data` what nobody holds; every call is a manager of its own."""
        del manager
        name, namespace = body["metadata"]["name"], body["metadata"].get("namespace", "")
        self._before_write("apply", resource, name, subresource)
        place = self.objects.get((NAMESPACES.label, "", namespace))
        if namespace and place is None:
            raise NotFoundError("api.namespace_not_found", "the namespace is absent", namespace)
        fields = {field: deepcopy_of(value) for field, value in body.items()}
        found = self.objects.get((resource.label, namespace, name))
        held = dict(found.get("data") or {}) if found else {}
        wanted = fields.get("data", {})
        notes = (found or {}).get("metadata", {}).get("annotations") or {}
        asked = fields["metadata"].get("annotations") or {}
        differs = any(held.get(key, wanted[key]) != wanted[key] for key in wanted)
        differs |= any(notes.get(key, asked[key]) != asked[key] for key in asked)
        if not force and differs:
            raise ConflictError("api.conflict", "another manager holds it", name)
        fields["data"] = {**held, **wanted}
        return metadata_of(self.put(resource, name, namespace=namespace, **fields))

    async def json_patch(
        self,
        resource: Resource,
        name: str,
        operations: Sequence[Mapping[str, Any]],
        *,
        namespace: str = "",
        subresource: str = "",
        manager: str = FIELD_MANAGER,
    ) -> Metadata:
        del manager
        self._before_write("patch", resource, name, subresource)
        found = self._find(resource, name, namespace)
        changed = deepcopy_of(found)
        for operation in operations:
            _apply(changed, operation)
        if changed["metadata"]["resourceVersion"] != found["metadata"]["resourceVersion"]:
            raise ConflictError("api.conflict", "somebody else wrote in between", name)
        fields = {field: value for field, value in changed.items() if field != "metadata"}
        metadata = changed["metadata"]
        return metadata_of(
            self.put(resource, name, namespace=namespace, metadata=metadata, **fields)
        )

    async def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str = "",
        uid: str = "",
        resource_version: str = "",
    ) -> bool:
        self._before_write("delete", resource, name)
        found = self.objects.get((resource.label, namespace, name))
        if found is None:
            return False
        metadata = found["metadata"]
        if uid not in ("", metadata["uid"]) or resource_version not in (
            "",
            metadata["resourceVersion"],
        ):
            raise ConflictError("api.conflict", "somebody else wrote in between", name)
        del self.objects[resource.label, namespace, name]
        return True

    async def serves(self, resource: Resource) -> bool:
        return resource in self.served

    async def version(self) -> str:
        self._fail("version")
        return "v1.36.0"

    async def close(self) -> None:
        self.is_closed = True

    def _get(self, resource: Resource, name: str, namespace: str) -> Document:
        self._note("get", resource, name)
        return self._find(resource, name, namespace)

    def _find(self, resource: Resource, name: str, namespace: str) -> Document:
        found = self.objects.get((resource.label, namespace, name))
        if found is None:
            raise NotFoundError("api.not_found", "absent", name)
        return found

    def select(self, resource: Resource, namespace: str, labels: str) -> Documents:
        """Return the objects that a selector matches."""
        selector = parse_selector(labels)
        return [
            found
            for (label, place, _), found in sorted(self.objects.items())
            if label == resource.label
            and namespace in ("", place)
            and selector.matches(found["metadata"].get("labels") or {})
        ]

    def _before_write(
        self, verb: str, resource: Resource, name: str, subresource: str = ""
    ) -> None:
        if self.on_write:
            self.on_write.pop(0)()
        self._note(verb, resource, name, subresource)

    def _note(self, verb: str, resource: Resource, name: str, subresource: str = "") -> None:
        self.asked.append(Asked(verb, resource.kind, name, subresource))
        self._fail(f"{verb} {resource.kind}")

    def _fail(self, what: str) -> None:
        errors = self.errors.get(what, [])
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error


def deepcopy_of(value: Any) -> Any:
    """Return dicts copied, values in them as they are: a secret value refuses to be copied."""
    if isinstance(value, Mapping):
        return {name: deepcopy_of(below) for name, below in value.items()}
    return value


def _secret_of(document: Document) -> SecretObject:
    return SecretObject(
        metadata_of(document),
        document.get("type", "Opaque"),
        dict(document.get("data", {})),
        document.get("immutable", False),
    )


def _apply(document: Document, operation: Mapping[str, Any]) -> None:
    *parents, last = [
        part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]
    ]
    within: Any = document
    for part in parents:
        within = within.get(part)  # None is refused below
        if isinstance(within, list) and operation["op"] == "remove" and last.isdecimal():
            del within[int(last)]
            return
        if not isinstance(within, dict):
            raise PermanentError("api.invalid", "the API server refuses the object")
    if operation["op"] != "add" and last not in within:
        raise PermanentError("api.invalid", "the API server refuses the object")
    if operation["op"] == "remove":
        del within[last]
    else:
        within[last] = deepcopy_of(operation["value"])
