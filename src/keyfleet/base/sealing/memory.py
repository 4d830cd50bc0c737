# SPDX-License-Identifier: Apache-2.0
"""Which key opened which sealed value, and which ones did not; no value is kept, nor a label."""

from collections import OrderedDict
from collections.abc import Set
from threading import Lock
from typing import TypeVar

from keyfleet.base.sealing.envelope import Envelope

REMEMBERED = 65_536
"""Values whose key is remembered, at 32 bytes each and overhead."""
KEYS_LATELY = 256
"""More than a cluster has keys after 20 years."""
HOPELESS = 8192
"""Values whose keys in vain are remembered."""

K = TypeVar("K")
V = TypeVar("V")


class Memory:
    """For as many values as are remembered; safe between threads."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        """Start with nothing; forget the oldest beyond `limit`."""
        self._limit = limit
        self._found: OrderedDict[bytes, str] = OrderedDict()
        self._lately: OrderedDict[str, None] = OrderedDict()
        self._in_vain: OrderedDict[bytes, Set[str]] = OrderedDict()
        self._lock = Lock()

    def likeliest(self, envelope: Envelope) -> list[str]:
        """Return fingerprints: of what opened this value, then of what opened others, by time."""
        with self._lock:
            known = self._found.get(envelope.id)
            return [*filter(None, [known]), *reversed(self._lately)]

    def remember(self, envelope: Envelope, fingerprint: str) -> None:
        """A key opened a value."""
        with self._lock:
            _put_last(self._found, envelope.id, fingerprint, self._limit)
            _put_last(self._lately, fingerprint, None, KEYS_LATELY)

    def tried_in_vain(self, envelope: Envelope, label: bytes) -> Set[str]:
        """Return the fingerprints of keys that do not open a value under a label."""
        with self._lock:
            return self._in_vain.get(envelope.id_under(label), frozenset())

    def despair(self, envelope: Envelope, label: bytes, fingerprints: Set[str]) -> None:
        """None of these keys opened a value under a label."""
        with self._lock:
            _put_last(self._in_vain, envelope.id_under(label), fingerprints, HOPELESS)


def _put_last(found: "OrderedDict[K, V]", key: K, value: V, limit: int) -> None:
    found[key] = value
    found.move_to_end(key)
    if len(found) > limit:
        found.popitem(last=False)
