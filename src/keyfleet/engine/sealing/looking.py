# SPDX-License-Identifier: Apache-2.0
"""Sealing keys for one look at the fleet, read with the rights of whoever looks."""

import asyncio
from collections.abc import Callable

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.sealing import Keyset, SealingCertificate
from keyfleet.base.tasks import spawn
from keyfleet.engine.sealing.clusterkeys import not_known
from keyfleet.engine.sealing.keylisting import list_key_secrets
from keyfleet.engine.sealing.keysecrets import (
    DEFAULT_NAMESPACE,
    DEFAULT_PREFIX,
    KeySecret,
    Priority,
    by_age,
)
from keyfleet.kube.client import Client
from keyfleet.model.intent import Intent
from keyfleet.model.places import ClusterFacts, ClusterName
from keyfleet.model.sealed import SealedRead

Resolved = Callable[[ClusterName], tuple[ClusterFacts, Client] | None]


class KeyLook:
    """Lists each cluster's keys at most once."""

    def __init__(
        self,
        namespace: str = DEFAULT_NAMESPACE,
        prefix: str = DEFAULT_PREFIX,
        priority: Priority = Priority.CERT_NOT_BEFORE,
    ) -> None:
        """Prepare.

        Args:
            namespace: Where clusters keep their keys.
            prefix: The name of the legacy one.
            priority: What makes one newer than another.
        """
        self._priority = priority
        self.namespace = namespace
        self._prefix = prefix
        self._lists: dict[Client, asyncio.Task[list[KeySecret]]] = {}
        self._found: dict[ClusterName, Keyset | KeyfleetError] = {}

    async def find(self, intent: Intent, resolved: Resolved) -> None:
        """Read the keys that an intent's sealed values need; `keys` tells what came of it.

        Args:
            intent: Whose values.
            resolved: The cluster of each name.
        """
        names = {read.ref.cluster for read in intent.all_reads if isinstance(read.ref, SealedRead)}
        for name in names - set(self._found):
            found = resolved(name)
            if found is not None:
                self._found[name] = await self._keyset(found[1])

    def keys(self, name: ClusterName) -> Keyset:
        """Return the keys of a cluster.

        Raises:
            NotReadyError: They could not be listed.
        """
        found = self._found.get(name)
        if isinstance(found, Keyset):
            return found
        raise not_known(name, found, self.namespace)

    async def certificate(self, client: Client) -> SealingCertificate | None:
        """Return what to seal with in a cluster; None: it has no key.

        Raises:
            KeyfleetError: The keys cannot be listed.
        """
        keys = await self._list(client)
        return keys[0].certificate if keys else None

    async def _keyset(self, client: Client) -> Keyset | KeyfleetError:
        try:
            return Keyset(one.key for one in await self._list(client))
        except KeyfleetError as error:
            return error.with_traceback(None)

    async def _list(self, client: Client) -> list[KeySecret]:
        # Two intents of one cluster ask at the same time; whoever is cancelled leaves the other be.
        if client not in self._lists:
            self._lists[client] = spawn(self._listed(client), name="list keys")
        return await asyncio.shield(self._lists[client])

    async def _listed(self, client: Client) -> list[KeySecret]:
        found = await list_key_secrets(client, self.namespace, self._prefix)
        return by_age(found.found, self._priority)
