# SPDX-License-Identifier: Apache-2.0
"""All private keys of one cluster, and which of them opened what.

A sealed value does not say its key, so each could be tried; a try costs as much as success. Those
that cannot fit are left out, and what opened a value before is tried first.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from threading import Lock

from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing.envelope import Envelope
from keyfleet.base.sealing.keys import SealingKey
from keyfleet.base.secret import SecretValue

REMEMBERED = 65_536
"""Values whose key is remembered, at 32 bytes each and overhead."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A value, and the key that opened it."""

    value: SecretValue
    fingerprint: str


class Memory:
    """Which key opened which value, for as many as are remembered; safe between threads."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        """Start with nothing; forget the oldest beyond `limit`."""
        self._limit = limit
        self._found: OrderedDict[bytes, str] = OrderedDict()
        self._lock = Lock()

    def recall(self, envelope: Envelope) -> str | None:
        """Return the fingerprint of the key that opened a value."""
        with self._lock:
            return self._found.get(envelope.id)

    def remember(self, envelope: Envelope, fingerprint: str) -> None:
        """A key opened a value."""
        with self._lock:
            self._found[envelope.id] = fingerprint
            self._found.move_to_end(envelope.id)
            if len(self._found) > self._limit:
                self._found.popitem(last=False)


class Keyset:
    """The private keys of one cluster; immutable but for what it remembers."""

    def __init__(self, keys: Iterable[SealingKey] = (), memory: Memory | None = None) -> None:
        """Make it.

        Args:
            keys: Those to try, the likeliest first: mostly the newest.
            memory: What is known of values opened before; None: nothing.
        """
        self._keys = {key.fingerprint: key for key in keys}
        self._memory = memory or Memory()

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The keys, by the order in which they are tried."""
        return tuple(self._keys)

    def with_keys(self, keys: Iterable[SealingKey]) -> "Keyset":
        """Return a set of other keys that remembers the same."""
        return Keyset(keys, self._memory)

    def open(self, text: str, label: bytes) -> Opened:
        """Return the value of a sealed text; CPU-bound, releases the interpreter lock.

        Raises:
            InvalidInputError: As `Envelope.parse`; `sealing.base64` names the position.
            DeniedError: `sealing.no_key`: no key opens it under that label.
        """
        envelope = Envelope.parse(text)
        for key in self._likeliest_first(envelope):
            value = key.open(envelope, label)
            if value is not None:
                self._memory.remember(envelope, key.fingerprint)
                return Opened(value, key.fingerprint)
        raise DeniedError("sealing.no_key", "no key could decrypt secret")

    def _likeliest_first(self, envelope: Envelope) -> Iterable[SealingKey]:
        known = self._keys.get(self._memory.recall(envelope) or "")
        fitting = [key for key in self._keys.values() if key is not known]
        exact = [key for key in fitting if _size(key) == len(envelope.wrapped)]
        padded = [key for key in fitting if _size(key) > len(envelope.wrapped)]
        return chain(filter(None, [known]), exact, padded)


def _size(key: SealingKey) -> int:
    return (key.key.key_size + 7) // 8
