# SPDX-License-Identifier: Apache-2.0
"""All private keys of one cluster, and which of them opened what.

A sealed value does not say its key, so each could be tried; a try costs as much as success. Those
that cannot fit are left out; first comes what opened this value before, then what opened others
lately: the values of one manifest, and those that were sealed in one month, mostly share a key.
What did not open a value is not tried again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.sealing.envelope import Envelope
from keyfleet.base.sealing.keys import SealingKey
from keyfleet.base.sealing.memory import Memory
from keyfleet.base.secret import SecretValue

NO_KEY = "no key could decrypt secret"
"""Upstream's words, which scripts look for."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A value, and the key that opened it."""

    value: SecretValue
    fingerprint: str


class Keyset:
    """The private keys of one cluster; immutable but for what it remembers."""

    def __init__(self, keys: Iterable[SealingKey] = (), memory: Memory | None = None) -> None:
        """Make it.

        Args:
            keys: Those to try, the likeliest first: mostly the newest.
            memory: What is known of values opened before; None: nothing.
        """
        self._keys = {key.fingerprint: key for key in keys}
        self._names = frozenset(self._keys)
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
            InvalidInputError: `sealing.base64` names the position; `sealing.too_large`.
            DeniedError: `sealing.no_key`: no key opens it under that label, for whatever reason.
        """
        envelope = _taken_apart(text)
        in_vain = self._memory.tried_in_vain(envelope, label)
        for key in self._likeliest_first(envelope):
            value = None if key.fingerprint in in_vain else key.open(envelope, label)
            if value is not None:
                self._memory.remember(envelope, key.fingerprint)
                return Opened(value, key.fingerprint)
        tried = self._names if in_vain <= self._names else self._names | in_vain
        self._memory.despair(envelope, label, tried)
        raise DeniedError("sealing.no_key", NO_KEY)

    def _likeliest_first(self, envelope: Envelope) -> list[SealingKey]:
        names = dict.fromkeys([*self._memory.likeliest(envelope), *self._keys])
        keys = [self._keys[name] for name in names if name in self._keys]
        # A block is shorter than its modulus once in 256 values at most, and by a byte.
        fitting = [key for key in keys if envelope.fits(key.size)]
        return sorted(fitting, key=lambda key: key.size - len(envelope.wrapped))


def _taken_apart(text: str) -> Envelope:
    """Return a value's parts; one too short is as little opened as one of an unknown key."""
    try:
        return Envelope.parse(text)
    except InvalidInputError as error:
        problem = error
    if problem.code == "sealing.short":
        raise DeniedError("sealing.no_key", NO_KEY)
    raise problem
