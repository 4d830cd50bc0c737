# SPDX-License-Identifier: Apache-2.0
"""Other tools' manifests in one cluster: whether what a target was made for is still there."""

from collections.abc import Iterable

from keyfleet.base.errors import KeyfleetError
from keyfleet.cli.foreign import served_version
from keyfleet.engine.declarations.claims import Declared
from keyfleet.kube.client import Client
from keyfleet.model.places import IntentKey

Names = frozenset[tuple[str, str]]


class Manifests:
    """Answers from lists of metadata, each asked for at most once."""

    def __init__(self, client: Client, declared: Iterable[Declared]) -> None:
        """Prepare.

        Args:
            client: Of the cluster.
            declared: The kinds whose manifests count in the cluster where they are, and whose
                targets are in that cluster, too.
        """
        self._client = client
        self._kinds = {each[1].resource.kind: each for each in declared}
        self._found: dict[str, Names | None] = {}

    def concern(self, key: IntentKey) -> bool:
        """Tell whether it is here that a manifest would be."""
        return key.kind in self._kinds

    async def declare(self, key: IntentKey) -> bool | None:
        """Tell whether a manifest is here; None: they may not be listed."""
        if key.kind not in self._found:
            self._found[key.kind] = await self._listed(self._kinds[key.kind])
        found = self._found[key.kind]
        return None if found is None else (key.namespace, key.name) in found

    async def _listed(self, declared: Declared) -> Names | None:
        try:
            resource = await served_version(self._client, declared)
            found = await self._client.list_metadata(resource) if resource is not None else ()
        except KeyfleetError:
            return None
        return frozenset((each.namespace, each.name) for each in found)
