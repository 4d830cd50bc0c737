# SPDX-License-Identifier: Apache-2.0
"""How to reach one API server: the endpoint and the credential, resolved and checked.

`kube.kubeconfig` makes an `Access` from files or a Secret, `kube.transport` uses it. The credential
is a small protocol, so that a token file, an exec plugin or a cloud login look the same.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate chain and its private key, in PEM, in memory."""

    certificate_pem: bytes
    key_pem: bytes = field(repr=False)


class Credential(Protocol):
    """Log in to one API server."""

    async def headers(self) -> Mapping[str, str]:
        """Return the headers that authenticate a request now, refreshed when due."""
        ...

    async def certificate(self) -> ClientCertificate | None:
        """Return the client certificate to present now; a changed one closes all connections."""
        ...

    async def rejected(self) -> bool:
        """Learn that a request got 401; tell whether trying once more can help.

        The caller repeats one request at most once, whatever the answer to the repetition.
        """
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API server is and how its certificate is verified."""

    server: str
    """URL; a path prefix is kept."""
    ca_pem: bytes = b""
    """Trusted CAs; empty means the system's."""
    tls_server_name: str = ""
    """Name for SNI and verification; empty means the host of `server`."""
    insecure: bool = False
    """Verify nothing."""
    proxy_url: str = field(default="", repr=False)
    """http or https proxy, perhaps with a password; empty means none.

    The environment's proxy is resolved by whoever makes the Endpoint, so the transport reads no
    environment of its own.
    """
    is_foreign: bool = False
    """From an inventory: its name may not lead to a link-local or metadata address."""
    disable_compression: bool = False
    """Do not ask for gzip."""

    @property
    def ca_sha256(self) -> str:
        """Hex SHA-256 of the CA bundle, empty without one; part of a cluster's pinned identity."""
        return hashlib.sha256(self.ca_pem.strip()).hexdigest() if self.ca_pem else ""


@dataclass(frozen=True, slots=True)
class Access:
    """Everything needed to open a connection to one cluster."""

    endpoint: Endpoint
    credential: Credential
    namespace: str = "default"
    """Namespace of the context."""
    impersonation: tuple[tuple[str, str], ...] = ()
    """Impersonate-* headers, one pair per value: send repeated names as repeated headers."""
    generation: str = ""
    """Hash over what this was made from, comparable within this process; a change means: reconnect.

    It covers what is *written* in the kubeconfig and the content of the CA. Token and client
    certificate files may rotate under the same generation: the credential follows them.
    """
    warnings: tuple[str, ...] = ()
    """What the operator should know, such as a switched-off verification."""
