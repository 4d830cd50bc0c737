# SPDX-License-Identifier: Apache-2.0
"""Keyed fingerprints and MACs: the only traces of a value that may be stored or shown.

A plain hash of a short secret can be searched for, so every digest is an HMAC under the
installation's key and bound to the place it speaks of. Several keys may be valid: the first signs,
all verify.
"""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SHOWN = 8
"""Hex digits of a fingerprint that people see."""
STORED = 16
"""Hex digits of a fingerprint that are stored."""
KEY_BYTES = 32
"""Length of an installation key."""


def lengths_prefixed(parts: Iterable[bytes]) -> bytes:
    """Join parts so that no two different lists give the same bytes.

    >>> lengths_prefixed([b"ab", b"c"]) == lengths_prefixed([b"a", b"bc"])
    False
    """
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The installation's keys by id, in order; the first signs."""

    keys: Mapping[str, bytes] = field(repr=False)
    """Key id to key bytes."""
    ephemeral: bool = False
    """A key of this run only: fingerprints are comparable within the run, markers stay unsigned."""

    @property
    def signing_id(self) -> str:
        """Id of the key that signs."""
        return next(iter(self.keys))

    def knows(self, digest: str) -> bool:
        """Tell whether a stored digest was made under a key of this ring."""
        return split_digest(digest)[0] in self.keys

    def digest(self, parts: Iterable[bytes], *, key_id: str | None = None) -> str:
        """Return `v1:<key id>:<16 hex>` over the parts."""
        chosen = key_id or self.signing_id
        return f"v1:{chosen}:{_mac(self.keys[chosen], parts)[:STORED]}"

    def sign(self, parts: Iterable[bytes]) -> str:
        """Return `v1:<key id>:<64 hex>` over the parts; empty when the ring is ephemeral."""
        if self.ephemeral:
            return ""
        return f"v1:{self.signing_id}:{_mac(self.keys[self.signing_id], parts)}"

    def verify(self, parts: Iterable[bytes], mac: str) -> bool:
        """Tell whether `mac` was made by `sign` over the same parts under a key of this ring."""
        key_id, given = split_digest(mac)
        key = self.keys.get(key_id)
        if key is None or self.ephemeral:
            return False
        return hmac.compare_digest(_mac(key, parts).encode(), given.encode())


def _mac(key: bytes, parts: Iterable[bytes]) -> str:
    # In one call: an HMAC object takes three times as long.
    return hmac.digest(key, lengths_prefixed(parts), "sha256").hex()


def split_digest(digest: str) -> tuple[str, str]:
    """Return key id and hex of `v1:<key id>:<hex>`; empty strings for anything else."""
    version, _, rest = digest.partition(":")
    key_id, _, value = rest.partition(":")
    return (key_id, value) if version == "v1" and value else ("", "")


def shown(digest: str) -> str:
    """Return the eight digits people see.

    >>> shown("v1:a:0123456789abcdef")
    '01234567'
    """
    return split_digest(digest)[1][:SHOWN]


def ephemeral_keyring() -> Keyring:
    """Return a ring with one key that lives as long as this process."""
    return Keyring({"run": secrets.token_bytes(KEY_BYTES)}, ephemeral=True)
