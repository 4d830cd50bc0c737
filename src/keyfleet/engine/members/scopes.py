# SPDX-License-Identifier: Apache-2.0
"""One watch of a whole cluster or, for a login that may see some namespaces only, one in each.

To its user both look the same. RBAC knows no labels: to list Secrets by label in all namespaces
takes the right to read every Secret, so a login with less has to be asked namespace by namespace.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from keyfleet.base.errors import DeniedError, KeyfleetError
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata

EVERYWHERE = ("",)

ObjectKey = tuple[str, str]


class ScopedWatch:
    """The watches of some namespaces, as one; a single watch of everything costs nothing more.

    A namespace that may not be listed is left out, as long as there is another: what is wanted
    there fails by itself and says so, and the others go on.
    """

    def __init__(self, scopes: Sequence[str], watch: Callable[[str], Informer[Metadata]]) -> None:
        """Prepare.

        Args:
            scopes: Namespaces, or `EVERYWHERE`.
            watch: Makes the watch of one.
        """
        self._watches = [watch(scope) for scope in scopes]

    @property
    def items(self) -> Mapping[ObjectKey, Metadata]:
        """The items by (namespace, name)."""
        if len(self._watches) == 1:
            return self._watches[0].items
        return _Joined([watch.items for watch in self._watches])

    @property
    def synced(self) -> bool:
        """Whether everything that may be listed was."""
        is_any = any(watch.synced for watch in self._watches)
        return is_any and all(watch.synced or _is_denied(watch) for watch in self._watches)

    @property
    def error(self) -> KeyfleetError | None:
        """Why it is not live, where that holds for all of it."""
        errors = [watch.error for watch in self._watches if not watch.synced]
        if len(errors) < len(self._watches):
            errors = [error for error in errors if not isinstance(error, DeniedError)]
        return next((error for error in errors if error is not None), None)

    @property
    def heard_at(self) -> float:
        """When the quietest watch was last heard, on the monotonic clock."""
        heard = [watch.heard_at for watch in self._watches if not _is_denied(watch)]
        return min(heard, default=float("-inf"))

    async def is_rewound(self) -> bool:
        """Tell whether the cluster's store went back to an earlier state than was seen of it.

        Raises:
            TemporaryError: The cluster does not answer.
        """
        heard = [watch for watch in self._watches if watch.synced and not _is_denied(watch)]
        return bool(heard) and await heard[0].is_rewound()

    def nudge(self) -> None:
        """Let every watch try again now."""
        for watch in self._watches:
            watch.nudge()

    async def run(self) -> None:
        """Keep all of it until cancelled."""
        async with asyncio.TaskGroup() as group:
            for watch in self._watches:
                group.create_task(watch.run())


class _Joined(Mapping[ObjectKey, Metadata]):
    """Several mappings that never hold the same key, without a copy."""

    def __init__(self, parts: Sequence[Mapping[ObjectKey, Metadata]]) -> None:
        self._parts = parts

    def __getitem__(self, key: ObjectKey) -> Metadata:
        for part in self._parts:
            if key in part:
                return part[key]
        raise KeyError(key)

    def __iter__(self) -> Iterator[ObjectKey]:
        return chain.from_iterable(self._parts)

    def __len__(self) -> int:
        return sum(map(len, self._parts))


def _is_denied(watch: Informer[Metadata]) -> bool:
    return not watch.synced and isinstance(watch.error, DeniedError)
