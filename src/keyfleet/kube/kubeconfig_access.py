# SPDX-License-Identifier: Apache-2.0
"""One context's entries, checked, become an `Access`."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import Enum

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.access import Access, Credential, Endpoint
from keyfleet.kube.auth.combined import combined
from keyfleet.kube.auth.exec_config import cluster_info
from keyfleet.kube.auth.files import read_field
from keyfleet.kube.auth.printable import printable
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.kubeconfig_entries import Cluster, ContextEntry, User
from keyfleet.kube.kubeconfig_login import Located, data, impersonation, login
from keyfleet.kube.kubeconfig_proxy import environment_proxy
from keyfleet.kube.kubeconfig_rules import (
    CLUSTER_RULES,
    EXEC_RULES,
    FOREIGN_CLUSTER,
    FOREIGN_USER,
    USER_RULES,
    denied,
    enforce,
    is_key_alone,
    refuse_foreign,
)
from keyfleet.kube.kubeconfig_server import host_of, is_off_limits, proxy_address, server_url
from keyfleet.kube.tls import tls_context

EXEC_EXTENSION = "client.authentication.k8s.io/exec"

_CERTIFICATES = re.compile(
    rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----"
)
_PROCESS_KEY = secrets.token_bytes(32)


class Trust(Enum):
    """Whose kubeconfig it is."""

    OPERATOR = "operator"
    """A file of the person or pod that runs Keyfleet: everything is honoured."""
    INVENTORY = "inventory"
    """Found in a Secret: it may not run code, read files, impersonate or skip verification."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What one context names."""

    name: str
    trust: Trust
    context: Located[ContextEntry]
    cluster: Located[Cluster]
    user: Located[User]

    @property
    def subject(self) -> str:
        """Context and kubeconfig, for error texts."""
        return f"context {printable(self.name)} in {self.context.origin}"


def access_from(parts: Parts, surroundings: Surroundings) -> Access:
    """Return how to reach and log in to the context's cluster.

    Raises:
        InvalidInputError: A rule is broken, a file is unreadable or a value unusable.
        DeniedError: A foreign kubeconfig asks for what only the operator's may.
        UnsupportedError: auth-provider, a SOCKS proxy.
    """
    _enforce(parts)
    endpoint = _endpoint(parts, surroundings)
    if parts.trust is Trust.INVENTORY:
        _refuse_places(parts, endpoint)
    is_tls = endpoint.server.startswith("https:")
    return Access(
        endpoint,
        # client-go does not even read credentials for a server that would get them in clear.
        _credential(parts, endpoint, surroundings) if is_tls else combined(),
        parts.context.entry.namespace or "default",
        impersonation(parts.user.entry, subject=parts.subject) if is_tls else (),
        _generation(parts, endpoint),
        _warnings(parts, endpoint),
    )


def _enforce(parts: Parts) -> None:
    cluster, user, subject = parts.cluster.entry, parts.user.entry, parts.subject
    if parts.trust is Trust.INVENTORY:
        refuse_foreign(FOREIGN_CLUSTER, cluster, subject=subject)
        refuse_foreign(FOREIGN_USER, user, subject=subject)
    enforce(CLUSTER_RULES, cluster, subject=subject)
    enforce(USER_RULES, user, subject=subject)
    if user.exec is not None:
        enforce(EXEC_RULES, user.exec, subject=subject)


def _endpoint(parts: Parts, surroundings: Surroundings) -> Endpoint:
    cluster, subject = parts.cluster.entry, parts.subject
    ca = _ca(parts)
    has_tls = bool(ca) or cluster.insecure_skip_tls_verify
    server = server_url(cluster.server, has_tls=has_tls, subject=subject)
    proxy = (
        proxy_address(cluster.proxy_url, field="proxy-url", subject=subject)
        if cluster.proxy_url
        else environment_proxy(server, surroundings.environ, subject=subject)
    )
    return Endpoint(
        server=server,
        ca_pem=ca,
        tls_server_name=cluster.tls_server_name,
        insecure=cluster.insecure_skip_tls_verify,
        proxy_url=proxy,
        is_foreign=parts.trust is Trust.INVENTORY,
        disable_compression=cluster.disable_compression,
    )


def _ca(parts: Parts) -> bytes:
    cluster, subject = parts.cluster.entry, parts.subject
    if cluster.certificate_authority_data:
        field = "certificate-authority-data"
        return checked_ca(data(cluster.certificate_authority_data, field, subject=subject), subject)
    if not cluster.certificate_authority:
        return b""
    field = "certificate-authority"
    path = parts.cluster.path(cluster.certificate_authority, field, subject=subject)
    return checked_ca(read_field(path, field, subject=subject), subject)


def checked_ca(content: bytes, subject: str) -> bytes:
    """Return the certificates of a CA bundle without the remarks between them.

    Raises:
        InvalidInputError: There is none, or one cannot be read.
    """
    pem = b"\n".join(_CERTIFICATES.findall(content))
    try:
        # Empty would mean the system's CAs, so it becomes something that is no certificate.
        tls_context(Endpoint("", ca_pem=pem or b"-"), None, subject=subject)
    except InvalidInputError:
        raise InvalidInputError(
            "kubeconfig.ca_invalid",
            "the certificate authority holds no usable certificate",
            subject,
            hint="it must be one or more certificates in PEM",
            path="certificate-authority",
        ) from None
    return pem + b"\n"


def _refuse_places(parts: Parts, endpoint: Endpoint) -> None:
    proxy = parts.cluster.entry.proxy_url
    places = {
        "server over plain http": not endpoint.server.startswith("https:"),
        "server at a link-local address": is_off_limits(host_of(endpoint.server)),
        "proxy-url at a link-local address": bool(proxy) and is_off_limits(host_of(proxy)),
    }
    for place, refused in places.items():
        if refused:
            raise denied(place, parts.subject)


def _credential(parts: Parts, endpoint: Endpoint, surroundings: Surroundings) -> Credential:
    cluster = parts.cluster.entry
    found = (e.extension for e in cluster.extensions if e.name == EXEC_EXTENSION)
    info = cluster_info(endpoint, proxy_url=cluster.proxy_url, config=next(found, None))
    return login(parts.user, info, surroundings, subject=parts.subject)


def _generation(parts: Parts, endpoint: Endpoint) -> str:
    # Keyed, so that nobody can test guesses of a short password against it.
    written = (
        parts.context.entry,
        parts.cluster.entry,
        parts.user.entry,
        str(parts.user.folder),
        parts.trust.value,
        endpoint.ca_sha256,
        endpoint.proxy_url,
    )
    text = codec.encode_canonical(written)
    return hmac.new(_PROCESS_KEY, text, hashlib.sha256).hexdigest()


def _warnings(parts: Parts, endpoint: Endpoint) -> tuple[str, ...]:
    found = []
    if endpoint.insecure:
        found.append("insecure-skip-tls-verify: anybody on the way can read and change secrets")
    if not endpoint.server.startswith("https:"):
        found.append("server over plain http: no credentials are sent, secrets travel in clear")
    if is_key_alone(parts.user.entry):
        found.append("a client key without a certificate is ignored")
    return tuple(f"{parts.subject}: {text}" for text in found)
