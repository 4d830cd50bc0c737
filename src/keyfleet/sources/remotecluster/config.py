# SPDX-License-Identifier: Apache-2.0
"""`spec.provider.kubernetes` as it is written, and what can be told wrong by looking at it.

Source: docs/compat/eso-kubernetes.md, "Fields".
"""

import re
from typing import Any

import msgspec

from keyfleet.model.stores import CLUSTER_SECRET_STORE, Store
from keyfleet.plugin.storeerrors import config_of, invalid

OWN_SERVER = "kubernetes.default"
"""What `server.url` is when it is not written: the API server of the store's own cluster."""

Selector = dict[str, Any]

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Cert(msgspec.Struct, frozen=True, rename="camel"):
    """A client certificate."""

    client_cert: Selector
    client_key: Selector


class Token(msgspec.Struct, frozen=True, rename="camel"):
    """A token that does not change."""

    bearer_token: Selector


class Auth(msgspec.Struct, frozen=True, rename="camel"):
    """Exactly one way to log in."""

    cert: Cert | None = None
    service_account: Selector | None = None
    token: Token | None = None


class Server(msgspec.Struct, frozen=True, rename="camel"):
    """Where the API server is and whom it is trusted by."""

    url: str = OWN_SERVER
    ca_bundle: str | None = None
    ca_provider: Selector | None = None


class Config(msgspec.Struct, frozen=True, rename="camel"):
    """The whole configuration."""

    auth: Auth | None = None
    auth_ref: Selector | None = None
    remote_namespace: str = "default"
    server: Server = Server()


def checked(store: Store) -> Config:
    """Return the configuration of a store.

    Raises:
        InvalidIntentError: `store.invalid`.
    """
    config = config_of(Config, store)
    ways = _ways(config)
    if not ways:
        raise invalid(store, "auth", "no auth provider given: set auth or authRef")
    if len(ways) > 1:
        hint = f"only one way to log in is possible, not {' and '.join(ways)}"
        raise invalid(store, ways[1], hint)
    if not _NAMESPACE.fullmatch(config.remote_namespace):
        raise invalid(store, "remoteNamespace", "write the name of a namespace")
    if config.auth_ref is None and not config.server.url:
        raise invalid(store, "server.url", "no server URL provided")
    for path, selector in _own_selectors(config):
        _check_selector(store, selector, path)
    return config


def _ways(config: Config) -> list[str]:
    auth = config.auth or Auth()
    found = {
        "authRef": config.auth_ref,
        "auth.token": auth.token,
        "auth.serviceAccount": auth.service_account,
        "auth.cert": auth.cert,
    }
    return [path for path, way in found.items() if way is not None]


def _own_selectors(config: Config) -> list[tuple[str, Selector]]:
    """Return the selectors that upstream looks up for the store itself, never for a manifest."""
    auth = config.auth or Auth()
    found = []
    if auth.token is not None:
        found.append(("auth.token.bearerToken", auth.token.bearer_token))
    if auth.cert is not None:
        found.append(("auth.cert.clientCert", auth.cert.client_cert))
    return found


def _check_selector(store: Store, selector: Selector, path: str) -> None:
    for field in ("name", "key"):
        if not selector.get(field):
            raise invalid(store, f"{path}.{field}", "it must not be empty")
    if store.ref.kind == CLUSTER_SECRET_STORE and not selector.get("namespace"):
        raise invalid(store, f"{path}.namespace", "cluster scope requires namespace")
