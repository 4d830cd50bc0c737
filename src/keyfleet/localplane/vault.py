# SPDX-License-Identifier: Apache-2.0
"""A real server of the Vault API, in memory, with its audit log as the witness of every request.

It is the core and the HTTP API of Vault 1.14.1, under the MPL: OpenBao cannot be had as a Go module
everywhere. Its API is what OpenBao and later versions answer, without namespaces.
`gomod/vault/main.go` lists the engines and logins it has.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyfleet.base import codec
from keyfleet.localplane import assets, pki, rig, servers
from keyfleet.localplane.connections import Answer

ROOT_TOKEN = "root"  # noqa: S105 - of a throw-away server on loopback


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the audit log tells it; values never stand there in clear text."""

    operation: str
    """`read`, `update`, `create`, `list` or `delete`."""
    path: str
    """Such as `secret/data/database` or `auth/kubernetes/login`."""
    display_name: str
    """Who asked, such as `approle` or `kubernetes-team-a-robot`."""
    ok: bool
    """Whether it was answered without an error."""


class Vault(rig.Rig):
    """Vault with the token `ROOT_TOKEN` and a key-value engine, version 2, at `secret/`.

    with Vault() as vault:
        vault.put("database", {"password": "..."})
        assert vault.reads("secret/data/database") == 0
    """

    name = "vault"

    def __init__(self) -> None:
        super().__init__()
        self.authority = pki.Authority(self.name)
        """Signs the TLS listener's certificate, and those of clients of the method `cert`."""
        self._tls_port = rig.free_port()

    @property
    def tls_url(self) -> str:
        """The same server behind TLS; trust `authority.ca_pem`."""
        return f"https://{rig.LOOPBACK}:{self._tls_port}"

    # The administrator's calls.

    def call(self, method: str, path: str, body: Any = None, token: str = ROOT_TOKEN) -> Answer:
        """Send one request below `/v1/`."""
        headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
        return rig.call(self.url, method, f"/v1/{path}", body, headers=headers)

    def must(self, method: str, path: str, body: Any = None, token: str = ROOT_TOKEN) -> Any:
        """Return the decoded answer, None when empty, of a request that has to succeed."""
        headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
        return rig.must(self.url, method, f"/v1/{path}", body, headers=headers)

    def write(self, path: str, **fields: Any) -> Any:
        """Write a role, a configuration or a secret of version 1; return the answer."""
        return self.must("POST", path, fields)

    def enable_engine(self, path: str, kind: str, **fields: Any) -> None:
        """Mount a secrets engine, such as `("old", "kv", options={"version": "1"})`."""
        self.write(f"sys/mounts/{path}", type=kind, **fields)

    def enable_auth(self, path: str, kind: str) -> None:
        """Mount a login method."""
        self.write(f"sys/auth/{path}", type=kind)

    def policy(self, name: str, rules: Mapping[str, Sequence[str]]) -> None:
        """Write a policy as path -> capabilities."""
        paths = {path: {"capabilities": list(can)} for path, can in rules.items()}
        self.write(f"sys/policies/acl/{name}", policy=codec.encode_json({"path": paths}).decode())

    def token(self, *policies: str, ttl: str = "1h") -> str:
        """Return a new token with these policies and `default`."""
        answer = self.write("auth/token/create", policies=list(policies), ttl=ttl)
        return str(answer["auth"]["client_token"])

    def put(self, path: str, data: Mapping[str, Any], mount: str = "secret") -> int:
        """Write a secret of version 2; return the number of its new version."""
        return int(self.write(f"{mount}/data/{path}", data=dict(data))["data"]["version"])

    # What the server saw.

    def requests(self, since: int = 0) -> list[Request]:
        """Return every request that was answered, but the first `since`."""
        return list(self._audit())[since:]

    def mark(self) -> int:
        """Return a mark for `since`."""
        return len(self.requests())

    def reads(self, path: str, since: int = 0) -> int:
        """Return how often a path, such as `secret/data/database`, was read."""
        wanted = ("read", path)
        return sum((one.operation, one.path) == wanted for one in self.requests(since))

    def logins(self, mount: str, since: int = 0) -> int:
        """Return how many logins `auth/<mount>/login...` saw, refused ones too."""
        prefix = f"auth/{mount}/login"
        return sum(one.path.startswith(prefix) for one in self.requests(since))

    def _audit(self) -> Iterator[Request]:
        for line in self._audit_log.read_bytes().splitlines():
            entry = codec.decode_json(line, subject="audit log")
            if entry["type"] == "response":
                yield Request(
                    entry["request"]["operation"],
                    entry["request"]["path"],
                    entry.get("auth", {}).get("display_name", ""),
                    "error" not in entry,
                )

    @property
    def _audit_log(self) -> Path:
        return self.directory / "audit.log"

    # The server.

    def prepare(self) -> None:
        """Write the certificate of the TLS listener."""
        pair = self.authority.server(("localhost", rig.LOOPBACK))
        servers.write_private(self.directory / "server.crt", pair.certificate_pem)
        servers.write_private(self.directory / "server.key", pair.key_pem)

    def command(self) -> list[str]:
        """Return the command line of a server that unseals itself."""
        addresses = [f"{rig.LOOPBACK}:{port}" for port in (self.port, self._tls_port)]
        return [str(assets.ensure_tool("vault")), *addresses, ROOT_TOKEN]

    def is_ready(self) -> bool:
        """Return whether it is unsealed."""
        return self.call("GET", "sys/health").status == 200

    def settle(self) -> None:
        """Turn the audit log on and mount the first engine, anew after a restart."""
        self._audit_log.unlink(missing_ok=True)
        options = {"file_path": str(self._audit_log)}
        self.must("PUT", "sys/audit/file", {"type": "file", "options": options})
        self.enable_engine("secret", "kv", options={"version": "2"})
