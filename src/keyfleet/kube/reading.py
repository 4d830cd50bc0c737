# SPDX-License-Identifier: Apache-2.0
"""Read objects of one cluster: as dicts, as typed metadata, or as Secrets with wrapped values."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.errors import NotFoundError
from keyfleet.kube import requests
from keyfleet.kube.connection import Connection
from keyfleet.kube.decoding import (
    METADATA,
    decode_metadata,
    decode_object,
    decode_secret,
    decode_secret_page,
    full_object,
)
from keyfleet.kube.managed import managed_keys
from keyfleet.kube.objects import Metadata, SecretObject, metadata_of
from keyfleet.kube.paging import pages
from keyfleet.kube.requests import PARTIAL, Request, Selection
from keyfleet.kube.resources import SECRETS, Resource
from keyfleet.kube.responses import require_absence, unexpected_answer

# Inside the class, `list` is its method.
MetadataList = list[Metadata]
SecretList = list[SecretObject]


@dataclass(frozen=True, slots=True)
class Listing:
    """A complete list."""

    items: list[dict[str, Any]] = field(default_factory=list)
    resource_version: str = ""
    """Version of the collection; a watch may start here."""


class Reader(Connection):
    """Reads the objects of one cluster."""

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

    def _require_asked(self, found: Metadata, request: Request, key: tuple[str, str]) -> None:
        # Whoever answers with another object than the one asked for is no API server.
        if found.key != key:
            raise unexpected_answer(f"{self.cluster}/{request.subject}")
