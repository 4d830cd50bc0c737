# SPDX-License-Identifier: Apache-2.0
"""Refuse declarations that cannot work, before anything is sent.

What is refused although upstream can do it says so with `store.unsupported`.
"""

import re
from urllib.parse import SplitResult, urlsplit

from keyfleet.base.errors import InvalidIntentError
from keyfleet.kube.kubeconfig_server import is_off_limits
from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import invalid
from keyfleet.sources.vault.spec import (
    AppRole,
    Auth,
    Certificate,
    Jwt,
    KubernetesAuth,
    Password,
    VaultSpec,
)

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TEXT = re.compile(r"[\x20-\x7e]*")
_OURS = frozenset(
    ("x-vault-token", "host", "connection", "content-length", "transfer-encoding", "content-type")
)
"""Headers that a store may not set: they would say who asks, or break the request."""


def check_spec(spec: VaultSpec, store: Store) -> None:
    """Refuse what cannot work.

    Raises:
        InvalidIntentError: `store.invalid`, `store.unsupported`.
    """
    _check_server(spec, store)
    _check_texts(spec, store)
    if spec.tls and bool(spec.tls.cert_secret_ref) != bool(spec.tls.key_secret_ref):
        raise invalid(store, "tls", "certificate and key belong together")
    if spec.auth is not None:
        _check_auth(spec, spec.auth, store)


def _check_server(spec: VaultSpec, store: Store) -> None:
    parts = _address(spec.server)
    if parts is None or "@" in parts.netloc or parts.query or parts.fragment:
        raise invalid(store, "server", "write it as https://host:port")
    if is_off_limits(parts.hostname or ""):
        raise invalid(store, "server", "link-local addresses are off limits")


def _address(server: str) -> SplitResult | None:
    try:
        parts = urlsplit(server)
        is_whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if is_whole else None


def _check_texts(spec: VaultSpec, store: Store) -> None:
    for name, text in spec.headers.items():
        if not _HEADER.fullmatch(name) or not _TEXT.fullmatch(text):
            raise invalid(store, "headers", "not a header")
        if name.lower() in _OURS:
            raise invalid(store, f"headers.{name}", "a header that a store may not set")
    for path, text in (("namespace", spec.namespace), ("auth.namespace", spec.login_namespace)):
        if not _TEXT.fullmatch(text):
            raise invalid(store, path, "not a namespace")


def _check_auth(spec: VaultSpec, auth: Auth, store: Store) -> None:
    if auth.method in {"iam", "gcp"}:
        raise InvalidIntentError(
            "store.unsupported",
            "this way to log in is not supported",
            str(store.ref),
            "use kubernetes, jwt, appRole, cert, userPass, ldap or tokenSecretRef",
            path=f"auth.{auth.method}",
        )
    match auth.chosen:
        case KubernetesAuth(secret_ref=None, service_account_ref=None):
            raise _as_controller(store)
        case Certificate() if not spec.server.startswith("https:"):
            raise invalid(store, "server", "a client certificate needs https")
    if missing := _missing(auth):
        raise invalid(store, f"auth.{auth.method}".rstrip("."), missing)


def _missing(auth: Auth) -> str:
    """Return what a way to log in lacks; empty for nothing."""
    match auth.chosen:
        case None:
            return "no way to log in is named"
        case AppRole(role_id="", role_ref=None):
            return "roleId or roleRef is needed"
        case Password(secret_ref=None):
            return "secretRef is needed"
        case Jwt(secret_ref=None, kubernetes_service_account_token=None):
            return "secretRef or kubernetesServiceAccountToken is needed"
        case Certificate(client_cert=None) | Certificate(secret_ref=None):
            return "clientCert and secretRef are needed"
    return ""


def _as_controller(store: Store) -> InvalidIntentError:
    # Upstream then uses its own pod's token. Here one controller serves many clusters and tenants:
    # whoever may write a store would log in as the controller.
    return InvalidIntentError(
        "store.unsupported",
        "stores may not log in as the controller itself",
        str(store.ref),
        "name a ServiceAccount of your own in serviceAccountRef",
        path="auth.kubernetes",
    )
