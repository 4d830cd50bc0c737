# SPDX-License-Identifier: Apache-2.0
"""Ask and change one cluster's API server.

Reads give dicts, typed metadata or Secrets with wrapped values; writes give the metadata of what
was written, so that no value comes back. Every error is one of ours and quotes nothing the server
said (`keyfleet.kube.responses`).
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import msgspec

from keyfleet.base.clock import Clock
from keyfleet.base.errors import NotFoundError
from keyfleet.base.log import Hooks, NoHooks
from keyfleet.kube import requests
from keyfleet.kube.access import Access
from keyfleet.kube.decoding import (
    METADATA,
    UNDECODABLE,
    decode_metadata,
    decode_object,
    decode_secret,
    decode_secret_page,
    full_object,
)
from keyfleet.kube.managed import managed_keys
from keyfleet.kube.objects import Metadata, SecretObject, metadata_of
from keyfleet.kube.paging import pages
from keyfleet.kube.requests import PAGE, PARTIAL, Request, Selection
from keyfleet.kube.resources import SECRETS, Resource
from keyfleet.kube.responses import require_absence, unexpected_answer
from keyfleet.kube.transport import Timeouts, Transport

T = TypeVar("T")

# Inside the class, `list` is its method.
MetadataList = list[Metadata]
SecretList = list[SecretObject]

_NO_HOOKS = NoHooks()
_VERSION = re.compile(r"[A-Za-z0-9.+_~-]{1,64}")


@dataclass(frozen=True, slots=True)
class Listing:
    """A complete list."""

    items: list[dict[str, Any]] = field(default_factory=list)
    resource_version: str = ""
    """Version of the collection; a watch may start here."""


class _Discovered(msgspec.Struct):
    name: str = ""


# Fields without a default must be there: `{}` from a proxy is no answer.
class _Discovery(msgspec.Struct, rename="camel"):
    group_version: str
    resources: list[_Discovered] | None = None


class _Version(msgspec.Struct, rename="camel"):
    git_version: str


class _Verdict(msgspec.Struct):
    allowed: bool


class _Review(msgspec.Struct):
    status: _Verdict


class _User(msgspec.Struct):
    username: str


class _Person(msgspec.Struct, rename="camel"):
    user_info: _User


class _SelfReview(msgspec.Struct):
    status: _Person


class Waiting(Protocol):
    """A watch that may be waiting for its cluster to be there again."""

    def hurry(self) -> None:
        """Try again now."""
        ...


class Client:
    """One cluster."""

    def __init__(
        self,
        cluster: str,
        access: Access,
        *,
        clock: Clock,
        hooks: Hooks = _NO_HOOKS,
        in_flight: int = 32,
        timeouts: Timeouts | None = None,
        page: int = PAGE,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            cluster: Its name, for errors, logs and metrics.
            access: How to reach it and log in.
            clock: For durations and waits.
            hooks: Told about each request.
            in_flight: Short requests at a time, at most.
            timeouts: How long the parts of an exchange may take.
            page: Objects per page of a list.
        """
        self.cluster = cluster
        self.page = page
        """Objects per page of a list."""
        self.streams_lists: bool = True
        """Whether watches may begin with a streamed list; learned from the first refusal."""
        self.clock = clock
        self.watches: set[Waiting] = set()
        """Watches of this cluster that run: the first that it answers again wakes the others."""
        self.transport = Transport(
            cluster,
            access,
            clock=clock,
            hooks=hooks,
            in_flight=in_flight,
            timeouts=timeouts or Timeouts(),
        )

    @property
    def clock_offset_s(self) -> float | None:
        """Seconds that the server's clock is ahead of ours (about); None before any answer."""
        return self.transport.server_clock.offset_s

    async def get(self, resource: Resource, name: str, *, namespace: str = "") -> dict[str, Any]:
        """Return one object.

        Raises:
            NotFoundError: It is absent.
        """
        request = requests.get(resource, name, namespace=namespace)
        found = await self._ask(request, decode_object)
        self._require_asked(metadata_of(found), request, (namespace, name))
        return found

    async def find(
        self, resource: Resource, name: str, *, namespace: str = ""
    ) -> dict[str, Any] | None:
        """Return one object, None when absent."""
        try:
            return await self.get(resource, name, namespace=namespace)
        except NotFoundError as error:
            require_absence(error)
            return None

    async def find_metadata(
        self, resource: Resource, name: str, *, namespace: str = ""
    ) -> Metadata | None:
        """Return the metadata of one object, None when absent; the rest stays on the server."""
        request = requests.get(resource, name, namespace=namespace, accept=PARTIAL)
        try:
            found = await self._ask(request, decode_metadata)
        except NotFoundError as error:
            require_absence(error)
            return None
        self._require_asked(found, request, (namespace, name))
        return found

    async def managed_keys(self, namespace: str, name: str, manager: str) -> frozenset[str]:
        """Return the data keys of a Secret that a field manager holds; none when it is absent."""
        request = requests.get(SECRETS, name, namespace=namespace, accept=PARTIAL)
        try:
            return await self._ask(request, lambda body: managed_keys(body, manager))
        except NotFoundError as error:
            require_absence(error)
            return frozenset()

    async def find_secret(self, namespace: str, name: str) -> SecretObject | None:
        """Return one Secret with wrapped values, None when absent."""
        request = requests.get(SECRETS, name, namespace=namespace)
        try:
            found = await self._ask(request, decode_secret)
        except NotFoundError as error:
            require_absence(error)
            return None
        self._require_asked(found.metadata, request, (namespace, name))
        return found

    async def list(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> Listing:
        """Return all objects of a collection."""
        selection = Selection(namespace, labels, fields)
        first = requests.list_page(resource, selection=selection, limit=self.page)
        items: list[dict[str, Any]] = []
        version = ""
        async for page in pages(self.transport, self.clock, first, full_object.page):
            items.extend(page.items)
            version = page.resource_version
        return Listing(items, version)

    async def store_version(self, resource: Resource, *, selection: Selection) -> str:
        """Return the version that a collection has now."""
        request = requests.list_page(
            resource, selection=selection, accept=METADATA.list_accept, limit=1
        )
        return (await self._ask(request, METADATA.page)).resource_version

    async def list_metadata(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> MetadataList:
        """Return the metadata of all objects of a collection."""
        first = requests.list_page(
            resource,
            selection=Selection(namespace, labels, fields),
            accept=METADATA.list_accept,
            limit=self.page,
        )
        found = pages(self.transport, self.clock, first, METADATA.page)
        return [item async for page in found for item in page.items]

    async def secret_pages(
        self, *, namespace: str = "", labels: str = ""
    ) -> AsyncIterator[SecretList]:
        """Give the Secrets of a collection with their values, page by page.

        A caller that drops each page keeps at most one page of values in memory.
        """
        selection = Selection(namespace, labels)
        first = requests.list_page(SECRETS, selection=selection, limit=self.page)
        async for page in pages(self.transport, self.clock, first, decode_secret_page):
            yield page.items

    async def create(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        *,
        namespace: str = "",
        manager: str = requests.FIELD_MANAGER,
    ) -> Metadata:
        """Create an object.

        Raises:
            ConflictError: `api.already_exists`.
            NotFoundError: `api.namespace_not_found`.
        """
        request = requests.create(resource, body, namespace=namespace, manager=manager)
        return await self._write(request)

    async def replace(
        self, resource: Resource, body: Mapping[str, Any], *, subresource: str = ""
    ) -> Metadata:
        """Replace a whole object; `metadata.resourceVersion` in the body is the precondition."""
        return await self._write(requests.replace(resource, body, subresource=subresource))

    async def json_patch(
        self,
        resource: Resource,
        name: str,
        operations: Sequence[Mapping[str, Any]],
        *,
        namespace: str = "",
        subresource: str = "",
        manager: str = requests.FIELD_MANAGER,
    ) -> Metadata:
        """Change an object by RFC 6902 operations.

        A `replace` of `/metadata/resourceVersion` is the precondition (docs/adr/0001).
        """
        request = requests.json_patch(
            resource,
            name,
            operations,
            namespace=namespace,
            subresource=subresource,
            manager=manager,
        )
        return await self._write(request)

    async def merge_patch(
        self,
        resource: Resource,
        name: str,
        body: Mapping[str, Any],
        *,
        namespace: str = "",
        subresource: str = "",
    ) -> Metadata:
        """Change an object by an RFC 7386 merge."""
        request = requests.merge_patch(
            resource, name, body, namespace=namespace, subresource=subresource
        )
        return await self._write(request)

    async def apply(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        *,
        force: bool = False,
        subresource: str = "",
        manager: str = requests.FIELD_MANAGER,
    ) -> Metadata:
        """Apply an object server-side, creating it when absent.

        Raises:
            ConflictError: Another field manager holds another value, and `force` was not asked for.
        """
        request = requests.apply(
            resource, body, force=force, subresource=subresource, manager=manager
        )
        return await self._write(request)

    async def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str = "",
        uid: str = "",
        resource_version: str = "",
    ) -> bool:
        """Delete an object if it still is the one that was seen; False when already absent.

        Raises:
            ConflictError: It is another object by now, or was changed.
        """
        request = requests.delete(
            resource, name, namespace=namespace, uid=uid, resource_version=resource_version
        )
        try:
            await self.transport.send(request)
        except NotFoundError as error:
            require_absence(error)
            return False
        return True

    async def serves(self, resource: Resource) -> bool:
        """Tell whether the server serves a kind under this group and version."""
        try:
            found = await self._ask(requests.served_kinds(resource), _decoder(_Discovery))
        except NotFoundError:
            return False
        return any(kind.name == resource.plural for kind in found.resources or ())

    async def version(self) -> str:
        """Return the server's version, such as `v1.36.0`."""
        request = requests.server_version()
        found = await self._ask(request, _decoder(_Version))
        if not _VERSION.fullmatch(found.git_version):
            # It is shown to people and stored in a status.
            raise unexpected_answer(f"{self.cluster}/{request.subject}")
        return found.git_version

    async def can(
        self,
        verb: str,
        resource: Resource,
        *,
        namespace: str = "",
        name: str = "",
        subresource: str = "",
    ) -> bool:
        """Tell whether the own identity may do this."""
        request = requests.access_review(
            verb, resource, namespace=namespace, name=name, subresource=subresource
        )
        return (await self._ask(request, _decoder(_Review))).status.allowed

    async def username(self) -> str:
        """Return how the server calls who is logged in."""
        found = await self._ask(requests.self_review(), _decoder(_SelfReview))
        return found.status.user_info.username

    async def close(self) -> None:
        """End all connections."""
        await self.transport.close()

    async def _write(self, request: Request) -> Metadata:
        return await self._ask(request, decode_metadata)

    def _require_asked(self, found: Metadata, request: Request, key: tuple[str, str]) -> None:
        # Whoever answers with another object than the one asked for is no API server.
        if found.key != key:
            raise unexpected_answer(f"{self.cluster}/{request.subject}")

    async def _ask(self, request: Request, decode: Callable[[bytes], T]) -> T:
        body = await self.transport.send(request)
        with suppress(*UNDECODABLE):
            return decode(body)
        # Out here, since the original would keep the body as context.
        raise unexpected_answer(f"{self.cluster}/{request.subject}")


def _decoder(kind: type[T]) -> Callable[[bytes], T]:
    return msgspec.json.Decoder(kind).decode
