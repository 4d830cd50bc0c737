# SPDX-License-Identifier: Apache-2.0
"""Connections to one API server under its current client certificate.

A changed certificate opens a new link. Watches of the old one are cut at once, because they resume
where they were; short requests finish first, because a cut write would leave its outcome unknown.
"""

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol

import aiohttp
from yarl import URL

from keyfleet.base.errors import UnreachableError, UnsupportedError
from keyfleet.base.http import open_session
from keyfleet.base.tasks import spawn
from keyfleet.kube.access import ClientCertificate, Endpoint
from keyfleet.kube.resolving import GuardedResolver, OffLimitsError
from keyfleet.kube.tls import tls_context


class Watched(Protocol):
    """An open watch."""

    def cut(self) -> None:
        """Make its reads fail."""
        ...


class Link:
    """Two sessions under one certificate: one for watches, one for short requests."""

    def __init__(
        self,
        certificate: ClientCertificate | None,
        options: Mapping[str, Any],
        *,
        is_foreign: bool = False,
    ) -> None:
        self.certificate = certificate
        self.options = options
        """What every request of this link passes to aiohttp: TLS context, server name, proxy."""
        self.watches = open_session(GuardedResolver() if is_foreign else None)
        self.short = open_session(GuardedResolver() if is_foreign else None)
        self.streams: set[Watched] = set()
        """Open watches, cut when the link goes."""
        self._users = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> "Link":
        """Begin a short request."""
        self._users += 1
        self._idle.clear()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End a short request."""
        self._users -= 1
        if not self._users:
            self._idle.set()

    async def retire(self) -> None:
        """Cut the watches, let short requests finish, close."""
        await self._cut()
        await self._idle.wait()
        await self.short.close()

    async def close(self) -> None:
        """Close at once."""
        await self._cut()
        await self.short.close()

    async def _cut(self) -> None:
        for stream in list(self.streams):
            stream.cut()
        await self.watches.close()


class Network:
    """The current link to one endpoint."""

    def __init__(self, endpoint: Endpoint, *, subject: str) -> None:
        self._endpoint = endpoint
        self._subject = subject
        self._link: Link | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._closed = False

    def link(self, certificate: ClientCertificate | None) -> Link:
        """Return the link under this certificate.

        Raises:
            InvalidInputError: The CA, certificate or key is unusable.
            UnsupportedError: The proxy's scheme is not http or https.
            UnreachableError: The client is closed.
        """
        current = self._link
        if current is not None and current.certificate == certificate:
            return current
        if self._closed:
            raise UnreachableError("api.closed", "the client is closed", self._subject)
        self._link = Link(
            certificate, self._options(certificate), is_foreign=self._endpoint.is_foreign
        )
        if current is not None:
            self._retire(current)
        return self._link

    def _options(self, certificate: ClientCertificate | None) -> dict[str, Any]:
        options: dict[str, Any] = {"allow_redirects": False}
        if self._endpoint.server.startswith("https:"):
            options["ssl"] = self._tls(certificate)
        if self._endpoint.tls_server_name:
            options["server_hostname"] = self._endpoint.tls_server_name
        return options | self._proxy()

    def _tls(self, certificate: ClientCertificate | None) -> ssl.SSLContext:
        return tls_context(self._endpoint, certificate, subject=self._subject)

    def _proxy(self) -> dict[str, Any]:
        if not self._endpoint.proxy_url:
            return {}
        proxy = URL(self._endpoint.proxy_url)
        if proxy.scheme not in {"http", "https"}:
            raise UnsupportedError(
                "api.proxy", "only http and https proxies are supported", self._subject
            )
        if proxy.user is None:
            return {"proxy": proxy}
        login = aiohttp.encode_basic_auth(proxy.user, proxy.password or "")
        return {"proxy": proxy.with_user(None), "proxy_headers": {"Proxy-Authorization": login}}

    def _retire(self, link: Link) -> None:
        task = spawn(link.retire(), name=f"retire link {self._subject}")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def close(self) -> None:
        """End all connections; retiring links finish their requests."""
        self._closed = True
        link, self._link = self._link, None
        if link is not None:
            await link.close()
        if self._retiring:
            await asyncio.wait(self._retiring)


def network_error(error: Exception, subject: str) -> UnreachableError:
    """Return our error for what aiohttp, asyncio or the socket raised; nothing of it is quoted."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | ssl.CertificateError():
            code, message = "api.tls", "the API server's certificate is not trusted"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            code, message = "api.tls", "the TLS handshake failed"
        case TimeoutError():
            code, message = "api.timeout", "no answer in time"
        case aiohttp.ClientConnectorDNSError(os_error=OffLimitsError()):
            code = "api.off_limits"
            message = "the host name leads to a link-local address, where inventories may not send"
        case aiohttp.ClientConnectorDNSError():
            code, message = "api.unreachable", "the host name cannot be resolved"
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            code, message = "api.unreachable", "the proxy does not let through"
        case aiohttp.ClientConnectorError() | ConnectionRefusedError():
            code, message = "api.unreachable", "cannot connect"
        case _:
            code, message = "api.interrupted", "the connection broke"
    return UnreachableError(code, message, subject)
