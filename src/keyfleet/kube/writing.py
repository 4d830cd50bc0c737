# SPDX-License-Identifier: Apache-2.0
"""Change objects of one cluster; what comes back is metadata, so that no value does."""

from collections.abc import Mapping, Sequence
from typing import Any

from keyfleet.base.errors import NotFoundError
from keyfleet.kube import requests
from keyfleet.kube.connection import Connection
from keyfleet.kube.decoding import decode_metadata
from keyfleet.kube.objects import Metadata
from keyfleet.kube.requests import Request
from keyfleet.kube.resources import Resource
from keyfleet.kube.responses import require_absence


class Writer(Connection):
    """Changes the objects of one cluster."""

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

    async def _write(self, request: Request) -> Metadata:
        return await self._ask(request, decode_metadata)
