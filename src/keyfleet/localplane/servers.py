# SPDX-License-Identifier: Apache-2.0
"""How etcd and kube-apiserver are called: command lines, key files and the port.

Everything is relative to the plane's directory, which is the servers' working directory and only
its owner can enter. etcd listens on a Unix socket there: no port to collide with, and no way for
another user of the machine to read the cluster's Secrets around the API server.
"""

import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from keyfleet.localplane import pki

LOOPBACK = "127.0.0.1"

_HOSTS = ("localhost", LOOPBACK, "::1", "kubernetes", "kubernetes.default.svc")


class Port:
    """A TCP port on loopback that stays ours while the API server is down.

    The socket is bound and never listens, so that connecting is refused; kube-apiserver shares the
    port (SO_REUSEPORT), everybody else and the kernel's choice of free ports pass it by.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind((LOOPBACK, 0))
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        """Give the port back."""
        self._socket.close()


def etcd_command(binary: Path) -> list[str]:
    """Return etcd's command line; data in `etcd/`, socket `etcd.sock`, nothing is fsynced."""
    return [
        str(binary),
        "--name=local",
        "--data-dir=etcd",
        "--unsafe-no-fsync",
        "--log-level=warn",
        "--listen-client-urls=unix://etcd.sock:0",
        "--advertise-client-urls=unix://etcd.sock:0",
        "--listen-peer-urls=unix://peer.sock:0",
        "--initial-advertise-peer-urls=unix://peer.sock:0",
        "--initial-cluster=local=unix://peer.sock:0",
        # Thousands of test writes must not stop at a quota, and old revisions must go.
        "--quota-backend-bytes=4294967296",
    ]


def apiserver_command(binary: Path, port: int) -> list[str]:
    """Return kube-apiserver's command line: defaults, but for what a lone API server needs."""
    return [
        str(binary),
        "--etcd-servers=unix://etcd.sock:0",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={port}",
        "--permit-port-sharing",
        "--tls-cert-file=server.crt",
        "--tls-private-key-file=server.key",
        "--client-ca-file=ca.crt",
        "--token-auth-file=tokens.csv",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--service-account-key-file=service-account.key",
        "--service-account-signing-key-file=service-account.key",
        "--service-cluster-ip-range=10.0.0.0/24",
        # Without a controller-manager no default service account ever appears, and this plugin
        # would refuse every Pod for it.
        "--disable-admission-plugins=ServiceAccount",
        "--allow-privileged=true",
        "--endpoint-reconciler-type=none",
        "--profiling=false",
    ]


def new_tokens(users: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return one random bearer token per user."""
    return {user: secrets.token_urlsafe(32) for user in users}


def write_files(
    directory: Path,
    authority: pki.Authority,
    *,
    users: Mapping[str, Sequence[str]],
    tokens: Mapping[str, str],
) -> None:
    """Write the keys, certificates and static tokens that kube-apiserver reads, for us alone."""
    server = authority.server(_HOSTS)
    rows = [f'{tokens[user]},{user},{user},"{",".join(groups)}"' for user, groups in users.items()]
    contents = {
        "ca.crt": authority.ca_pem,
        "server.crt": server.certificate_pem,
        "server.key": server.key_pem,
        "service-account.key": pki.key_pem(pki.new_key()),
        "tokens.csv": "\n".join(rows).encode(),
    }
    for name, content in contents.items():
        write_private(directory / name, content)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with open(os.open(path, flags, 0o600), "wb") as file:  # noqa: PTH123 - opens a descriptor
        file.write(content)
