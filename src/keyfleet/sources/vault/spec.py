# SPDX-License-Identifier: Apache-2.0
"""What stands under `spec.provider.vault` (and `openBao`): names and defaults exactly as upstream.

Unknown fields are ignored, as everywhere in foreign manifests. `path` of a login is its mount.
Source: docs/compat/eso.md, "HashiCorp Vault", and appendix A.
"""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

Selector = dict[str, Any]
"""A selector as written; the engine's `StoreReferences` resolves it under the store's rules."""


class AppRole(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """`auth.appRole`."""

    path: str = "approle"
    role_id: str = ""
    role_ref: Selector | None = None
    secret_ref: Selector


class KubernetesAuth(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """`auth.kubernetes`."""

    mount_path: str = "kubernetes"
    role: str
    secret_ref: Selector | None = None
    service_account_ref: Selector | None = None


class Password(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """`auth.ldap` and `auth.userPass`, which differ in their default mount."""

    path: str = ""
    username: str
    secret_ref: Selector | None = None


class ServiceAccountToken(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """`auth.jwt.kubernetesServiceAccountToken`."""

    service_account_ref: Selector
    audiences: tuple[str, ...] | None = None
    expiration_seconds: int | None = None


class Jwt(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """`auth.jwt`."""

    path: str = "jwt"
    role: str = ""
    secret_ref: Selector | None = None
    kubernetes_service_account_token: ServiceAccountToken | None = None


class Certificate(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """`auth.cert`."""

    path: str = "cert"
    vault_role: str = ""
    client_cert: Selector | None = None
    secret_ref: Selector | None = None


class Auth(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """`auth`; the first that is there, in this order, is used."""

    token_secret_ref: Selector | None = None
    app_role: AppRole | None = None
    kubernetes: KubernetesAuth | None = None
    ldap: Password | None = None
    user_pass: Password | None = None
    jwt: Jwt | None = None
    cert: Certificate | None = None
    iam: Any = None
    gcp: Any = None
    namespace: str = ""
    """Where to log in; empty: as the reads."""

    @property
    def method(self) -> str:
        """The name of the field that is used, as in the manifest; empty without any."""
        return next((one.encode_name for one in self._set()), "")

    @property
    def chosen(self) -> Any:
        """What stands in that field; None without any."""
        return next((getattr(self, one.name) for one in self._set()), None)

    def _set(self) -> Iterator[msgspec.structs.FieldInfo]:
        fields = msgspec.structs.fields(self)
        return (one for one in fields if one.name != "namespace" and getattr(self, one.name))


class Tls(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """`tls`: the client certificate of the connection."""

    cert_secret_ref: Selector | None = None
    key_secret_ref: Selector | None = None


class VaultSpec(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The provider's part of a store."""

    server: str
    path: str | None = None
    """Mount of the KV engine; None: the first part of every key, or any path under `v1`."""
    version: Literal["v1", "v2"] = "v2"
    namespace: str = ""
    auth: Auth | None = None
    """None: something between adds the token, such as an agent."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    tls: Tls | None = None
    read_your_writes: bool = False
    forward_inconsistent: bool = False

    @property
    def is_v2(self) -> bool:
        """Tell whether the engine keeps versions."""
        return self.version == "v2"

    @property
    def method(self) -> str:
        """How to log in; empty: not at all."""
        return self.auth.method if self.auth else ""

    @property
    def login_namespace(self) -> str:
        """Where the login is, and the token's own affairs."""
        return (self.auth.namespace if self.auth else "") or self.namespace

    @property
    def base(self) -> str:
        """The address without a slash at its end."""
        return self.server.rstrip("/")
