# SPDX-License-Identifier: Apache-2.0
"""One real control plane: etcd and kube-apiserver on loopback, with keys and users of its own."""

import asyncio
import http.client
import shutil
import signal
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Literal, Self

from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import api as plane_api
from keyfleet.localplane import assets as plane_assets
from keyfleet.localplane import kubeconfigs, pki, servers
from keyfleet.localplane.connections import Connections
from keyfleet.localplane.processes import Guardian
from keyfleet.localplane.stoppable import Stoppable

ADMIN = "admin"
RESTRICTED = "restricted"

DEFAULT_USERS: Mapping[str, Sequence[str]] = {ADMIN: ("system:masters",), RESTRICTED: ()}

_ETCD = "etcd"
_API = "kube-apiserver"
_START_TIMEOUT_S = 90.0
_POLL_S = 0.03
_LOG_LINES = 15


class ControlPlane(Stoppable):
    """A cluster's API without nodes and without controllers.

    Blocking methods do the work, so that a plane belongs to no event loop and one session fixture
    serves tests of any loop; `start`, `stop` and `async with` are the asynchronous face.

        async with await ControlPlane.start("hub") as hub:
            hub.write_kubeconfig(path)
    """

    def __init__(
        self,
        name: str,
        directory: Path | None = None,
        *,
        users: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Prepare keys and files; nothing runs yet.

        Args:
            name: The context's name in kubeconfigs.
            directory: Where data and logs go, kept afterwards; default: a temporary one.
            users: User -> groups, each with a static bearer token, beside `admin`
                (system:masters) and `restricted` (no groups, no rights).
        """
        self.name = name
        self._temporary = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix=f"keyfleet-{name}-"))
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = self.directory.resolve()
        self._authority = pki.Authority(name)
        self._users = {**DEFAULT_USERS, **(users or {})}
        self.tokens = servers.new_tokens(self._users)
        """User -> static bearer token."""
        self._port = servers.Port()
        self._connections = Connections(self.url, self.ca_pem)
        self._guardian: Guardian | None = None
        self._binaries = Path()
        self._closing = threading.Event()

    # The asynchronous face.

    @classmethod
    async def start(
        cls,
        name: str,
        directory: Path | None = None,
        assets: Path | None = None,
        *,
        users: Mapping[str, Sequence[str]] | None = None,
    ) -> Self:
        """Start a plane and return it once it answers; cancelling ends what was begun.

        Args:
            name: The context's name in kubeconfigs.
            directory: Where data and logs go, kept afterwards; default: a temporary one.
            assets: Folder with kube-apiserver and etcd; default: found or prepared.
            users: More users with static tokens, as user -> groups.
        Raises:
            KeyfleetError: `localplane.assets`, or `localplane.start` with the log's last lines.
        """
        plane = cls(name, directory, users=users)
        try:
            await asyncio.to_thread(plane.open, assets)
        except BaseException:
            plane.close()
            raise
        return plane

    async def stop(self) -> None:
        """End the servers and remove a temporary directory; harmless when repeated."""
        await asyncio.to_thread(self.close)

    # The blocking work.

    def open(self, assets: Path | None = None) -> Self:
        """Start both servers and return once the plane answers; closed again when it cannot."""
        try:
            self._binaries = assets or plane_assets.ensure()
            servers.write_files(
                self.directory, self._authority, users=self._users, tokens=self.tokens
            )
            self._guardian = Guardian(self.directory, remove=self._temporary)
            self._run(_ETCD, servers.etcd_command(self._binaries / _ETCD))
            self._run(_API, servers.apiserver_command(self._binaries / _API, self._port.number))
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End the servers and remove a temporary directory; harmless when repeated."""
        self._closing.set()
        if self._guardian is not None:
            self._guardian.close()
        self._connections.close()
        self._port.release()
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    # What the plane is.

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://{servers.LOOPBACK}:{self._port.number}"

    @property
    def ca_pem(self) -> bytes:
        """The authority that signs the server's and the clients' certificates."""
        return self._authority.ca_pem

    @property
    def authority(self) -> pki.Authority:
        """The plane's authority, for servers that stand in for it."""
        return self._authority

    @property
    def api(self) -> plane_api.Api:
        """Blocking calls as the administrator."""
        return plane_api.Api(self.url, self.ca_pem, self.tokens[ADMIN], self._connections)

    # Logins.

    def kubeconfig(
        self,
        user: str = ADMIN,
        groups: Sequence[str] | None = None,
        *,
        auth: Literal["token", "certificate"] | None = None,
        url: str | None = None,
        context: str | None = None,
    ) -> dict[str, Any]:
        """Return a kubeconfig with everything inline.

        Args:
            user: A user with a static token, or any name for a certificate.
            groups: Groups of a certificate; default: those of the known user, else none.
            auth: Default: a token where the user has one and no groups are asked for. Tokens pass
                through a proxy that ends TLS, certificates cannot.
            url: Another address, such as a proxy's.
            context: Name of context and cluster; default: the plane's.
        """
        if auth is None:
            auth = "token" if user in self.tokens and groups is None else "certificate"
        if auth == "token":
            login = kubeconfigs.token_user(self.tokens[user])
        else:
            wanted = self._users.get(user, ()) if groups is None else groups
            login = kubeconfigs.certificate_user(self._authority.client(user, wanted))
        name = context or self.name
        return kubeconfigs.single(name, url or self.url, self.ca_pem, user=user, login=login)

    def write_kubeconfig(self, path: Path, user: str = ADMIN) -> Path:
        """Write that user's kubeconfig, readable by its owner only; return the path."""
        return kubeconfigs.write(path, self.kubeconfig(user))

    def service_account_token(self, namespace: str, name: str, *, seconds: int = 3600) -> str:
        """Return a token of a service account, which is created where it is absent."""
        return plane_api.service_account_token(self.api, namespace, name, seconds=seconds)

    def create_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Create a namespace."""
        metadata = {"name": name, "labels": dict(labels or {})}
        self.api.must("POST", "/api/v1/namespaces", {"metadata": metadata})

    def finalize_namespace(self, name: str) -> None:
        """Delete a namespace with everything in it, as the namespace controller would."""
        plane_api.finalize_namespace(self.api, name)

    # Misfortunes.

    def kill_api(self) -> None:
        """Kill the API server; connections break and new ones are refused, the data stay."""
        self._servers.end(_API)

    def restart_api(self) -> None:
        """Kill the API server if it runs; start it on the same port and data, wait until ready."""
        self.kill_api()
        self._run(_API, servers.apiserver_command(self._binaries / _API, self._port.number))
        self._wait_until_ready()

    def pause_api(self) -> None:
        """Stop the API server's process: connections stay open and nothing answers."""
        self._servers.signal(_API, signal.SIGSTOP)

    def resume_api(self) -> None:
        """Let a paused API server go on."""
        self._servers.signal(_API, signal.SIGCONT)

    # Inside.

    @property
    def _servers(self) -> Guardian:
        if self._guardian is None:
            raise KeyfleetError(
                "localplane.closed", "the local control plane does not run", self.name
            )
        return self._guardian

    def _run(self, name: str, command: list[str]) -> None:
        self._servers.start(name, command, log=self.log(name))

    def log(self, server: str) -> Path:
        """Return the log file of `etcd` or `kube-apiserver`."""
        return self.directory / f"{server}.log"

    def _wait_until_ready(self) -> None:
        deadline = monotonic() + _START_TIMEOUT_S
        while not self._is_ready():
            for server in (_ETCD, _API):
                code = self._servers.exit_code(server)
                if code is not None:
                    raise self._failure(server, f"{server} ended with code {code}")
            if monotonic() > deadline:
                raise self._failure(_API, f"{_API} was not ready in time")
            if self._closing.wait(_POLL_S):
                raise self._failure(_API, "the start was interrupted")

    def _is_ready(self) -> bool:
        # kube-system comes a moment after /readyz, and its UID is a cluster's identity.
        with suppress(OSError, http.client.HTTPException):
            paths = ("/readyz", "/api/v1/namespaces/kube-system")
            return all(self.api.call("GET", path, timeout_s=5).status == 200 for path in paths)
        return False

    def _failure(self, server: str, reason: str) -> KeyfleetError:
        return KeyfleetError(
            "localplane.start",
            "a local control plane did not start",
            f"{self.name}: {reason}",
            hint="last lines of its log:\n" + _tail(self.log(server)),
        )


def _tail(log: Path) -> str:
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
    return "(no log)"
