# SPDX-License-Identifier: Apache-2.0
"""The provider: from a declaration to a session, by one login.

`openBao` has a subset of `vault`'s fields under the same names, so one provider answers for both.
"""

import hashlib
from collections.abc import Collection

from keyfleet.base.errors import InvalidIntentError, PermanentError
from keyfleet.kube.access import Endpoint
from keyfleet.kube.kubeconfig_proxy import environment_proxy
from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import config_of, invalid
from keyfleet.plugin.stores import ProviderMeans, StoreReferences
from keyfleet.sources.vault.checks import check_spec
from keyfleet.sources.vault.client import Client
from keyfleet.sources.vault.identity import identify
from keyfleet.sources.vault.login import Login
from keyfleet.sources.vault.logins import client_certificate
from keyfleet.sources.vault.session import VaultSession
from keyfleet.sources.vault.spec import VaultSpec

OPENBAO_METHODS = frozenset(("", "tokenSecretRef", "appRole", "userPass"))
"""What upstream's schema of `openBao` has; the servers can do more, under the key `vault`."""

_FIELDS = {"api.tls_ca": "caBundle", "login.certificate_invalid": "tls"}


class VaultProvider:
    """HashiCorp Vault and OpenBao, under one of their two names."""

    capabilities = "ReadWrite"
    """What upstream writes; Keyfleet itself reads only."""

    def __init__(self, name: str = "vault", methods: Collection[str] | None = None) -> None:
        self.name = name
        self._methods = methods
        self._salt = b""

    def check(self, store: Store) -> None:
        """Refuse a declaration that cannot work; see `plugin.stores`."""
        self._spec(store)

    def _spec(self, store: Store) -> VaultSpec:
        spec = config_of(VaultSpec, store)
        check_spec(spec, store)
        if self._methods is not None and spec.method not in self._methods:
            raise InvalidIntentError(
                "store.unsupported",
                "openBao has no such way to log in",
                str(store.ref),
                "declare the store under the key vault, which speaks to OpenBao too",
                path=f"auth.{spec.method}",
            )
        return spec

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> VaultSession:
        """Log in; see `plugin.stores`."""
        spec = self._spec(store)
        login = await self.log_in(store, spec, references, means)
        return VaultSession(
            spec, login, endpoint=self.endpoint(spec, login, means), subject=str(store.ref)
        )

    async def log_in(
        self, store: Store, spec: VaultSpec, references: StoreReferences, means: ProviderMeans
    ) -> Login:
        """Return a token in use; who calls ends it.

        Raises:
            KeyfleetError: As `Provider.open`.
        """
        client = await self._client(store, spec, references, means)
        try:
            identity = await identify(spec, client, references, store)
        except BaseException:
            await client.close()
            raise
        return Login(client, identity, spec, means.clock, subject=str(store.ref))

    async def _client(
        self, store: Store, spec: VaultSpec, references: StoreReferences, means: ProviderMeans
    ) -> Client:
        subject = str(store.ref)
        authority = await references.authority(store.config, path="")
        certificate = await client_certificate(spec, references)
        try:
            endpoint = Endpoint(
                spec.base,
                ca_pem=authority.encode(),
                proxy_url=environment_proxy(spec.server, means.environ, subject=subject),
                # Whoever may write a store must not reach the metadata service of our machine.
                is_foreign=True,
            )
            client = Client(spec, endpoint, certificate, means=means, subject=subject)
            client.check()
        except PermanentError as error:
            problem = invalid(store, _FIELDS.get(error.code, "server"), error.message)
        else:
            return client
        raise problem

    def endpoint(self, spec: VaultSpec, login: Login, means: ProviderMeans) -> str:
        """Return server and namespace, and fingerprints of what may lead elsewhere.

        Stores that trust different CAs may talk to different servers, whatever their addresses
        say; so may those that send other headers. Headers may hold credentials of something in
        between: their hash is keyed, so that nobody who sees it can guess them.
        """
        parts = [spec.base, spec.namespace.strip("/"), login.trusts[:16]]
        if spec.headers:
            self._salt = self._salt or means.randomness(16)
            told = repr(sorted(spec.headers.items())).encode()
            parts.append(hashlib.blake2b(told, key=self._salt, digest_size=8).hexdigest())
        return " ".join(filter(None, parts))
