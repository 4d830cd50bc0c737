# SPDX-License-Identifier: Apache-2.0
"""What is told of the sealing keys of a cluster, and how often at most."""

from collections.abc import Iterable
from typing import Protocol

from keyfleet.base.clock import Clock
from keyfleet.base.errors import InvalidInputError
from keyfleet.engine.sealing.keysecrets import KeySecrets
from keyfleet.kube.objects import Metadata
from keyfleet.model.places import ClusterName

TOLD_MAX, TOLD_FOR_S = 20, 3600.0
"""Broken key Secrets that are told of within an hour: a cluster may have as many as it likes, and
new ones each second, and the log is everybody's."""

Broken = tuple[str, InvalidInputError]
"""Name of a key Secret, and why it cannot be used."""


class KeyEvents(Protocol):
    """What is told of the keys of a cluster; every call is synchronous and cheap."""

    def keys_changed(self, cluster: ClusterName, before: KeySecrets | None) -> None:
        """They are known now, or are others than before."""
        ...

    def key_broken(self, cluster: ClusterName, broken: Metadata, error: InvalidInputError) -> None:
        """A key Secret cannot be used; told once."""
        ...

    def key_made(self, cluster: ClusterName, made: Metadata, *, is_first: bool) -> None:
        """A key was made."""
        ...


class BrokenKeys:
    """Knows which broken key Secrets of a cluster were told of."""

    def __init__(self, clock: Clock) -> None:
        """Prepare; nothing was told of yet."""
        self._clock = clock
        self._told: set[tuple[str, str, str]] = set()
        self._tellings: list[float] = []

    def to_tell(self, broken: Iterable[Broken]) -> list[Broken]:
        """Return those that are to be told of now, given all that are broken."""
        named = {(name, error.code, error.subject): (name, error) for name, error in broken}
        new = [one for key, one in named.items() if key not in self._told and self._may_tell()]
        self._told = set(named)
        return new

    def _may_tell(self) -> bool:
        now = self._clock.monotonic()
        self._tellings = [at for at in self._tellings if now - at < TOLD_FOR_S]
        if len(self._tellings) >= TOLD_MAX:
            return False
        self._tellings.append(now)
        return True
