# SPDX-License-Identifier: Apache-2.0
"""A real API server and one in memory, asked in the same words."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from keyfleet.localplane import ControlPlane
from keyfleet.localplane.connections import client_context
from keyfleet.testing.memoryplane import MemoryPlane
from keyfleet.testing.memoryplane.plane import refused
from keyfleet.testing.memoryplane.refusals import RefusalError
from keyfleet.testing.memoryplane.watches import Watch

JSON = "application/json"
Document = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What a server answered."""

    status: int
    body: bytes = field(repr=False)

    @property
    def document(self) -> Document:
        found: Document = msgspec.json.decode(self.body)
        return found


class Server(Protocol):
    """An API server under test."""

    def ask(
        self, method: str, path: str, body: Any = None, *, content: str = JSON, accept: str = JSON
    ) -> Said: ...

    def watch(self, path: str, events: int, *, accept: str = JSON) -> list[Document]:
        """Return the first events of a watch."""
        ...

    def end_namespace(self, name: str) -> None: ...


class RealServer:
    """A kube-apiserver."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane

    def ask(
        self, method: str, path: str, body: Any = None, *, content: str = JSON, accept: str = JSON
    ) -> Said:
        found = self._plane.api.call(method, path, body, content_type=content, accept=accept)
        return Said(found.status, found.body)

    def watch(self, path: str, events: int, *, accept: str = JSON) -> list[Document]:
        api = self._plane.api
        connection = http.client.HTTPSConnection(
            urlsplit(api.url).netloc, timeout=20, context=client_context(api.ca_pem)
        )
        headers = {"Authorization": f"Bearer {api.token}", "Accept": accept}
        try:
            connection.request("GET", f"{path}&timeoutSeconds=10", headers=headers)
            response = connection.getresponse()
            lines = [response.readline() for _ in range(events)]
        finally:
            connection.close()
        return [msgspec.json.decode(line) for line in lines if line]

    def end_namespace(self, name: str) -> None:
        self._plane.finalize_namespace(name)


class MemoryServer:
    """A `MemoryPlane`."""

    def __init__(self) -> None:
        self.plane = MemoryPlane("contract")

    def ask(
        self, method: str, path: str, body: Any = None, *, content: str = JSON, accept: str = JSON
    ) -> Said:
        found = self.plane.ask(method, path, body, content_type=content, accept=accept)
        return Said(found.status, found.body)

    def watch(self, path: str, events: int, *, accept: str = JSON) -> list[Document]:
        try:
            found = self.plane.answer("GET", path, b"", JSON, accept, user="admin")
        except RefusalError as refusal:
            return [{"type": "REFUSED", "object": refused(refusal).document()}]
        assert isinstance(found, Watch)
        found.end()
        return [msgspec.json.decode(line) for line in list(found.lines)[:events]]

    def end_namespace(self, name: str) -> None:
        self.plane.end_namespace(name)


def secret(name: str = "db", **fields: Any) -> Document:
    """Return the body of a Secret."""
    metadata = {"name": name, **fields.pop("metadata", {})}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "data": {"a": "MQ=="},
        **fields,
    }


def essence(status: Document) -> Mapping[str, Any]:
    """Return what Keyfleet may rely on in a Status: everything but its text."""
    details = dict(status.get("details") or {})
    details.pop("uid", None)
    causes = [(one.get("reason"), one.get("field")) for one in details.pop("causes", [])]
    return {
        "kind": status["kind"],
        "code": status.get("code"),
        "reason": status.get("reason"),
        "details": details,
        "causes": causes,
    }
