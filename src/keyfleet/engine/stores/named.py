# SPDX-License-Identifier: Apache-2.0
"""The objects that stores name, such as their credentials: watched while they are used."""

from collections.abc import Iterable
from typing import Protocol

from keyfleet.kube.resources import CONFIGMAPS, SECRETS
from keyfleet.model.intent import SecretRef


class Watches(Protocol):
    """Watching the objects that stores name, in their clusters."""

    def watch(self, ref: SecretRef) -> None:
        """Watch a Secret or a ConfigMap."""
        ...

    def unwatch(self, ref: SecretRef) -> None:
        """No store names it any more."""
        ...

    def version(self, ref: SecretRef) -> str | None:
        """Return its resourceVersion as the watch shows it; empty: absent; None: not known."""
        ...


class NoWatches:
    """For one look: nothing is watched."""

    def watch(self, ref: SecretRef) -> None:
        """Do nothing."""

    def unwatch(self, ref: SecretRef) -> None:
        """Do nothing."""

    def version(self, ref: SecretRef) -> str | None:
        """Return that it is not known."""
        del ref
        return None


class Named:
    """Watches what is named now, and nothing else."""

    def __init__(self, watches: Watches) -> None:
        """Watch nothing yet."""
        self._watches = watches
        self._watched: set[SecretRef] = set()

    def __contains__(self, ref: SecretRef) -> bool:
        return ref in self._watched

    def version(self, ref: SecretRef) -> str | None:
        """Return its resourceVersion as the watch shows it; empty: absent; None: not known."""
        return self._watches.version(ref)

    def follow(self, refs: Iterable[SecretRef]) -> None:
        """Watch these from now on; what is neither a Secret nor a ConfigMap cannot be."""
        named = {ref for ref in refs if ref.kind in (SECRETS.kind, CONFIGMAPS.kind)}
        for ref in named - self._watched:
            self._watches.watch(ref)
        gone, self._watched = self._watched - named, named
        for ref in gone:
            self._watches.unwatch(ref)

    def again(self) -> None:
        """A cluster is connected anew: watch there what is named."""
        for ref in self._watched:
            self._watches.watch(ref)
