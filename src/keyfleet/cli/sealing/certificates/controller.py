# SPDX-License-Identifier: Apache-2.0
"""Ask a cluster's sealed-secrets controller, through the API server's service proxy.

Source: compat/sealed-secrets.md 3.4, 4.3, 4.5.
"""

from datetime import timedelta
from typing import Any

from keyfleet.base import codec
from keyfleet.base.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    ThrottledError,
)
from keyfleet.base.sealing import SealingCertificate, load_certificate
from keyfleet.cli.sealing.certificates.service import ServiceName
from keyfleet.cli.sealing.files.documents import Document, is_sealed_secret
from keyfleet.kube.client import Client
from keyfleet.kube.requests import JSON, Request
from keyfleet.kube.resources import Resource

SERVICES = Resource("", "v1", "services", "Service")
TRIES = 10
"""How often a verification is asked for that the controller throttles."""
PAUSE = timedelta(seconds=1)

_HINT = (
    "--controller-name and --controller-namespace name the controller's service; "
    "--cert takes a certificate from elsewhere"
)


class Controller:
    """The controller of one cluster."""

    def __init__(self, client: Client, service: ServiceName) -> None:
        """Nothing is sent yet."""
        self._client = client
        self._service = service
        self._root = ""

    async def certificate(self) -> SealingCertificate:
        """Return what the controller wants values to be sealed with.

        Raises:
            KeyfleetError: There is no such service, or it does not answer with a certificate.
        """
        return load_certificate(await self._ask("GET", "cert.pem"), self._subject)

    async def opens(self, document: Document) -> bool:
        """Tell whether the controller can open a SealedSecret.

        Raises:
            KeyfleetError: It does not say.
        """
        body = codec.encode_json(document)
        for _ in range(TRIES - 1):
            try:
                return await self._verify(body)
            except ThrottledError as error:
                pause = error.retry_after or PAUSE
                await self._client.clock.sleep(max(pause, PAUSE).total_seconds())
        return await self._verify(body)

    async def resealed(self, document: Document) -> Document:
        """Return a SealedSecret sealed with the controller's newest key.

        Raises:
            KeyfleetError: The controller cannot, or does not answer with one.
        """
        raw = await self._ask("POST", "rotate", codec.encode_json(document))
        found: Any = codec.decode_json(raw, subject=self._subject)
        if not isinstance(found, dict) or not is_sealed_secret(found):
            raise InvalidInputError(
                "sealing.answer", "the controller's answer is no SealedSecret", self._subject
            )
        return _without_times(found)

    async def _verify(self, body: bytes) -> bool:
        try:
            await self._ask("POST", "verify", body)
        except ConflictError:
            return False
        return True

    async def _ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        target = f"{await self._proxy()}/v1/{path}"
        verb = "get" if method == "GET" else "create"
        subject = f"{self._service.namespace}/{self._service.name} (services/proxy) {path}"
        kind = JSON if body else ""
        request = Request(verb, method, target, subject, "*/*", kind, body)
        return await self._client.transport.send(request)

    async def _proxy(self) -> str:
        """Return the path of the service's proxy; its port is asked for once."""
        if not self._root:
            namespace, name = self._service.namespace, self._service.name
            try:
                service = await self._client.get(SERVICES, name, namespace=namespace)
            except NotFoundError as error:
                raise NotFoundError(error.code, error.message, error.subject, _HINT) from None
            self._root = SERVICES.path(
                namespace=namespace, name=f"http:{name}:{_port(service)}", subresource="proxy"
            )
        return self._root

    @property
    def _subject(self) -> str:
        return f"{self._client.cluster}/{self._service.namespace}/{self._service.name}"


def _port(service: Document) -> str:
    ports = (service.get("spec") or {}).get("ports") or [{}]
    name = ports[0].get("name")
    return name if isinstance(name, str) else ""


def _without_times(document: Document) -> Document:
    metadata = {
        field: value
        for field, value in (document.get("metadata") or {}).items()
        if field not in ("creationTimestamp", "deletionTimestamp", "generation")
    }
    return {**document, "metadata": metadata}
