# SPDX-License-Identifier: Apache-2.0
"""How a store reaches its API server, out of its configuration and the Secrets that it names.

A store is written by a tenant, so it gets what a kubeconfig of an inventory gets: no plain HTTP, no
unverified server, no code or file of this machine, no link-local address.
Source: docs/compat/eso-kubernetes.md, "Logging in".
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlsplit

from keyfleet.base.errors import (
    DeniedError,
    InvalidInputError,
    InvalidIntentError,
    UnsupportedError,
)
from keyfleet.base.secret import SecretValue
from keyfleet.kube import kubeconfig
from keyfleet.kube.access import Access, Credential, Endpoint
from keyfleet.kube.auth.client_cert import CertificateSource, ClientCert
from keyfleet.kube.auth.header import is_token
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.kubeconfig_access import checked_ca
from keyfleet.kube.kubeconfig_proxy import environment_proxy
from keyfleet.kube.kubeconfig_server import host_of, is_off_limits, server_url
from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import invalid
from keyfleet.plugin.stores import ProviderMeans, StoreReferences
from keyfleet.sources.remotecluster.config import Auth, Cert, Config

T = TypeVar("T")

TOKEN_S = 3600
"""Life of a ServiceAccount's token, as upstream asks for it."""

_OWN = re.compile(r"kubernetes\.default(\.svc(\.[a-z0-9.-]+)?)?")
"""Names of the API server that only resolve in its own cluster."""


class Login:
    """Logs in for one store."""

    def __init__(self, store: Store, references: StoreReferences, means: ProviderMeans) -> None:
        self._store = store
        self._references = references
        self._means = means
        self._subject = f"{store.ref.kind} {store.ref}"

    async def access(self, config: Config) -> Access:
        """Return how to reach and log in to the store's server.

        Raises:
            InvalidIntentError: `store.invalid`, or as `StoreReferences`.
            TemporaryError: As `StoreReferences`.
        """
        if config.auth_ref is not None:
            return await self._kubeconfig(config.auth_ref)
        endpoint = await self._endpoint(config)
        return Access(endpoint, await self._credential(config.auth or Auth()))

    async def _kubeconfig(self, selector: dict[str, object]) -> Access:
        found = await self._references.secret(selector, path="authRef")
        environment = Surroundings(self._means.environ, self._means.clock)
        return self._usable("authRef", lambda: self._opened(found, environment))

    def _opened(self, found: SecretValue, environment: Surroundings) -> Access:
        config = kubeconfig.parse(
            found.reveal(), origin=self._subject, trust=kubeconfig.Trust.INVENTORY
        )
        return config.current_access(environment)

    async def _endpoint(self, config: Config) -> Endpoint:
        parts = {"caBundle": config.server.ca_bundle, "caProvider": config.server.ca_provider}
        written = {name: part for name, part in parts.items() if part is not None}
        authority = await self._references.authority(written, path="server")
        ca_pem = b""
        if authority:
            ca_pem = self._usable("server", lambda: checked_ca(authority.encode(), self._subject))
        if _OWN.fullmatch(_host(config.server.url)):
            own = self._own_server()
            if own is not None:
                # Where the operator verifies nothing, the store still does.
                return replace(own, insecure=False, ca_pem=own.ca_pem or ca_pem)
        return self._usable("server.url", lambda: self._foreign(config.server.url, ca_pem))

    def _own_server(self) -> Endpoint | None:
        own = self._references.own_server()
        if own is None and self._store.ref.cluster:
            hint = "the store's own API server has no such name here; write its address"
            raise invalid(self._store, "server.url", hint)
        return own

    def _foreign(self, url: str, ca_pem: bytes) -> Endpoint:
        server = server_url(url, has_tls=True, subject=self._subject)
        if not server.startswith("https:") or is_off_limits(host_of(server)):
            hint = "use https, and no link-local address"
            raise invalid(self._store, "server.url", hint)
        proxy = environment_proxy(server, self._means.environ, subject=self._subject)
        return Endpoint(server, ca_pem, proxy_url=proxy, is_foreign=True)

    async def _credential(self, auth: Auth) -> Credential:
        if auth.cert is not None:
            return await self._certificate(auth.cert)
        if auth.token is not None:
            path = "auth.token.bearerToken"
            return self._token(await self._references.secret(auth.token.bearer_token, path=path))
        token = await self._references.token(
            auth.service_account or {}, audiences=(), seconds=TOKEN_S, path="auth.serviceAccount"
        )
        return self._token(token)

    def _token(self, found: SecretValue) -> StaticToken:
        # What a header cannot carry would be quoted by the library that refuses it.
        token = found.reveal().strip()
        if not is_token(token):
            hint = "the token holds characters that no token has"
            raise invalid(self._store, "auth", hint)
        return StaticToken(SecretValue(token))

    async def _certificate(self, cert: Cert) -> ClientCert:
        path = "auth.cert.clientCert"
        chain = await self._references.secret(cert.client_cert, path=path)
        key = await self._references.secret(cert.client_key, path="auth.cert.clientKey")
        source = CertificateSource(chain.reveal(), key.reveal(), self._subject)
        return self._usable("auth.cert", lambda: ClientCert(source, self._means.clock))

    def _usable(self, path: str, make: Callable[[], T]) -> T:
        """Return what `make` does; what it cannot use is a fault of the store's declaration."""
        try:
            return make()
        except InvalidIntentError:
            raise
        except InvalidInputError as error:
            problem = invalid(self._store, path, error.message)
        except (DeniedError, UnsupportedError) as error:
            # What kubeconfigs of others may not do; the hint names what to write instead.
            problem = invalid(self._store, path, error.hint)
        raise problem


def _host(url: str) -> str:
    """Return the host of an address, with or without a scheme; empty when it has none."""
    try:
        return urlsplit(url if "://" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
