# SPDX-License-Identifier: Apache-2.0
"""What can be asked of a KV engine, and how the answers are told apart.

"Absent" deletes Secrets under some policies, so it is believed only from the server itself, and
only once it was seen that an engine of the right version is mounted there: a store with the wrong
`version` looks like one whose secrets are all gone.
Source: docs/compat/vault.md 3.2, 3.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from keyfleet.base.errors import (
    KeyfleetError,
    NotFoundError,
    PermanentError,
    SecretNotFoundError,
)
from keyfleet.sources.vault.client import Reply
from keyfleet.sources.vault.refusals import absent, foreign_answer, other_version
from keyfleet.sources.vault.spec import VaultSpec

AS_LIST = (("list", "true"),)
"""Proxies that know no method LIST let this through; it means the same."""
SYSTEM_METADATA = ("created_time", "current_version", "delete_version_after")


class Ask(Protocol):
    """Send a request with the session's token."""

    async def __call__(
        self, name: str, method: str, path: str, *, query: tuple[tuple[str, str], ...] = ()
    ) -> Reply:
        """Return the answer; raises as `Client.send`."""
        ...


@dataclass(frozen=True, slots=True)
class Content:
    """Members of one remote secret, or of its metadata."""

    members: Mapping[str, Any] = field(repr=False)
    size: int = 0
    """Bytes of the answer that brought it."""


class Reader:
    """Reads of one store."""

    def __init__(self, spec: VaultSpec, ask: Ask, *, subject: str) -> None:
        self._spec = spec
        self._ask = ask
        self._subject = subject
        self._trusted: set[str] = set()
        """Mounts whose engine was seen to be what the store says."""

    async def read(self, path: str, version: str = "") -> Content:
        """Return the members of a secret.

        Raises:
            SecretNotFoundError: The server says that it is absent, or that the version is deleted.
            PermanentError: `store.kv_version`: this is another engine.
        """
        query = (("version", version),) if version and self._spec.is_v2 else ()
        try:
            reply = await self._ask("ReadSecretData", "GET", path, query=query)
        except SecretNotFoundError:
            await self._doubt(path)
            raise
        return Content(self._members(reply, f"{self._subject} {path}"), reply.size)

    def _members(self, reply: Reply, subject: str) -> Mapping[str, Any]:
        data = reply.data
        if self._spec.is_v2:
            if not isinstance(data, dict) or "data" not in data:
                raise other_version(subject=subject)
            if data["data"] is None and isinstance(data.get("metadata"), dict):
                # A version that was deleted is still told of.
                raise absent(subject)
            data = data["data"]
        if not isinstance(data, dict):
            raise PermanentError("store.refused", "the answer holds no secret", subject)
        return data

    async def _doubt(self, path: str) -> None:
        """Return where "absent" may be believed.

        Raises:
            PermanentError: `store.kv_version`.
        """
        if any(f"{path}/".startswith(mount) for mount in self._trusted):
            return
        try:
            reply = await self._ask("", "GET", f"sys/internal/ui/mounts/{path}")
        except PermanentError:
            # Not every server shows this; upstream believes without asking.
            return
        found = reply.data if isinstance(reply.data, dict) else {}
        options = found.get("options")
        is_kv = found.get("type") == "kv"
        is_v2 = is_kv and isinstance(options, dict) and options.get("version") == "2"
        # Version 1 reads any engine, so anything but KV version 2 is what the store says.
        if is_v2 != self._spec.is_v2:
            raise other_version(subject=f"{self._subject} {path}")
        if isinstance(mount := found.get("path"), str) and mount:
            self._trusted.add(mount)

    async def metadata(self, path: str) -> Content:
        """Return a secret's own metadata under that of the engine, all as text.

        Raises:
            NotFoundError: `store.metadata_missing`. No absence of a value: nothing is deleted.
        """
        problem: KeyfleetError
        try:
            reply = await self._ask("ReadSecretData", "GET", path)
        except SecretNotFoundError:
            problem = NotFoundError(
                "store.metadata_missing",
                "the secret has no metadata",
                f"{self._subject} {path}",
                "create it, or correct the key",
            )
        else:
            return Content(_metadata(reply.data if isinstance(reply.data, dict) else {}))
        raise problem

    async def names(self, folder: str) -> list[str]:
        """Return what lies directly in a folder; folders end with a slash.

        Raises:
            SecretNotFoundError: There is nothing.
        """
        try:
            reply = await self._ask("ListSecrets", "GET", folder, query=AS_LIST)
        except SecretNotFoundError:
            await self._doubt(folder)
            raise
        keys = reply.data.get("keys") if isinstance(reply.data, dict) else None
        if not isinstance(keys, list):
            # Whoever lists nothing answers 404: this is something else's answer.
            subject = f"{self._subject} {folder}"
            raise foreign_answer(subject)
        return [key for key in keys if isinstance(key, str)]


def _metadata(data: Mapping[str, Any]) -> dict[str, str]:
    found = {name: data[name] for name in SYSTEM_METADATA if data.get(name) is not None}
    own = data.get("custom_metadata")
    found |= own if isinstance(own, dict) else {}
    return {name: str(text) for name, text in found.items()}
