# SPDX-License-Identifier: Apache-2.0
"""Send requests to one Vault or OpenBao server: bounded in size and time, errors as ours.

Nothing of a body, a header or a library's exception gets into an error. A redirect is followed once
and to the same host only, because token and login go with it.
Source: docs/compat/vault.md 3.1.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from keyfleet.base.errors import (
    KeyfleetError,
    PermanentError,
    SecretNotFoundError,
    UnreachableError,
)
from keyfleet.base.http import USER_AGENT
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import ClientCertificate, Endpoint
from keyfleet.kube.bounds import MIB, read_body
from keyfleet.kube.network import Network
from keyfleet.plugin.stores import ProviderMeans
from keyfleet.sources.vault.paths import quoted
from keyfleet.sources.vault.refusals import foreign_answer, refusal, unreachable
from keyfleet.sources.vault.spec import VaultSpec
from keyfleet.sources.vault.values import decoded

METRICS_NAME = "HashiCorp/Vault"
BODY_BYTES = 4 * MIB
"""Longest answer that is read; Vault's own storage takes 1 MiB an entry."""
PARTS_MAX = 100_000
"""Commas and brackets of an answer: a document of nothing else takes twenty times its length."""
TIMEOUT_S = 30.0
"""A whole request."""
CONNECT_S = 10.0
"""Connect and TLS handshake."""

_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError, RuntimeError)
_REDIRECTS = frozenset((301, 302, 307, 308))
_INDEX = "X-Vault-Index"


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    name: str
    """What upstream's metrics call it; empty: not counted."""
    method: str
    path: str
    """Below `/v1/`, not yet quoted."""
    subject: str
    token: SecretValue | None = None
    namespace: str = ""
    query: tuple[tuple[str, str], ...] = ()
    body: SecretValue | None = None
    """JSON."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A success, or a 404 that the server itself gave."""

    status: int
    document: Mapping[str, Any] = field(repr=False)
    """The envelope, as `values.decoded`, or nothing."""
    size: int = 0
    """Bytes that were read."""

    @property
    def data(self) -> Any:
        """The payload."""
        return self.document.get("data")

    @property
    def binds_token(self) -> bool:
        """Tell whether something in it ends with the token that asked: a lease, a child token."""
        return bool(self.document.get("lease_id") or self.document.get("auth"))


class Client:
    """The way to one server under one store's declaration."""

    def __init__(
        self,
        spec: VaultSpec,
        endpoint: Endpoint,
        certificate: ClientCertificate | None,
        *,
        means: ProviderMeans,
        subject: str,
    ) -> None:
        self.trusts = endpoint.ca_sha256
        """By what the server proves to be itself; empty: by the system's CAs."""
        self._spec = spec
        self._means = means
        self._network = Network(endpoint, subject=subject)
        self._certificate = certificate
        self._indexes: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse authorities and certificates that cannot be used.

        Raises:
            InvalidInputError: `api.tls_ca`, `login.certificate_invalid`.
        """
        self._network.link(self._certificate)

    async def send(self, call: Call) -> Reply:
        """Return the answer to a request; for the metrics "absent" is one too, as upstream.

        Raises:
            KeyfleetError: As `keyfleet.sources.vault.refusals`, or no answer at all.
        """
        is_success = True
        try:
            return await self._send(call)
        except SecretNotFoundError:
            raise
        except BaseException:
            is_success = False
            raise
        finally:
            if call.name:
                self._means.called(METRICS_NAME, call.name, is_success)

    async def _send(self, call: Call) -> Reply:
        url = self._url(call)
        status, headers, body = await self._exchange(url, call)
        if status in _REDIRECTS:
            url = _redirected(url, headers.get("Location", ""), call.subject)
            status, headers, body = await self._exchange(url, call)
        if sum(map(body.count, (b",", b"{", b"["))) > PARTS_MAX:
            raise _oversized(call.subject)
        document = _envelope(body)
        if not _is_answer(status, document):
            raise refusal(status, document, headers, subject=call.subject)
        if document is None:
            raise foreign_answer(call.subject)
        return Reply(status, document, len(body))

    def _url(self, call: Call) -> URL:
        url = URL(f"{self._spec.base}/v1/{quoted(call.path)}", encoded=True)
        return url.update_query(list(call.query)) if call.query else url

    async def _exchange(self, url: URL, call: Call) -> tuple[int, CIMultiDict[str], bytes]:
        link = self._network.link(self._certificate)
        limit = aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_S)
        body = call.body.reveal() if call.body else None
        try:
            with link:
                response = await link.short.request(
                    call.method,
                    url,
                    headers=self._headers(call),
                    data=body,
                    timeout=limit,
                    **link.options,
                )
                async with response:
                    content = await read_body(response, BODY_BYTES, subject=call.subject)
        except UnreachableError:
            problem: KeyfleetError = _oversized(call.subject)
        except asyncio.CancelledError:
            raise
        except _FAILURES as error:
            problem = unreachable(error, call.subject)
        else:
            self._hear(response)
            return response.status, CIMultiDict(response.headers), content
        raise problem

    def _headers(self, call: Call) -> CIMultiDict[str]:
        headers = CIMultiDict(self._spec.headers)
        headers.update({"User-Agent": USER_AGENT, "X-Vault-Request": "true"})
        headers["Accept-Encoding"] = "identity"
        if call.namespace:
            headers["X-Vault-Namespace"] = call.namespace
        if call.token is not None:
            headers["X-Vault-Token"] = call.token.reveal().decode("ascii")
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if self._spec.read_your_writes:
            if self._spec.forward_inconsistent:
                headers["X-Vault-Inconsistent"] = "forward-active-node"
            headers.extend((_INDEX, index) for index in self._indexes)
        return headers

    def _hear(self, response: aiohttp.ClientResponse) -> None:
        # What a login wrote must have reached the node that answers the next read.
        if self._spec.read_your_writes and (indexes := response.headers.getall(_INDEX, ())):
            self._indexes = tuple(indexes)

    async def close(self) -> None:
        """End all connections."""
        await self._network.close()


def _oversized(subject: str) -> PermanentError:
    return PermanentError(
        "store.oversized",
        "the store's answer is too long",
        subject,
        f"at most {BODY_BYTES // MIB} MiB in {PARTS_MAX:,} parts are read",
    )


def _is_answer(status: int, document: Mapping[str, Any] | None) -> bool:
    """Tell whether this is a success, or a 404 that tells of a deleted version."""
    is_deleted = status == 404 and document is not None and "errors" not in document
    return 200 <= status < 300 or (is_deleted and bool((document or {}).get("data")))


def _envelope(body: bytes) -> Mapping[str, Any] | None:
    document = decoded(body) if body else {}
    return document if isinstance(document, dict) else None


def _redirected(url: URL, location: str, subject: str) -> URL:
    try:
        target = url.join(URL(location))
    except ValueError:
        target = URL()
    if not location or (target.scheme, target.host) != (url.scheme, url.host):
        raise UnreachableError(
            "store.redirected",
            "the store redirects to another host",
            subject,
            "name the active node, or an address that always leads to it, as server",
        )
    return target
