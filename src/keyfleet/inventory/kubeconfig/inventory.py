# SPDX-License-Identifier: Apache-2.0
"""One cluster per context; the set does not change while a command runs."""

from collections.abc import AsyncIterator, Callable
from functools import partial

from keyfleet.inventory.kubeconfig.names import cluster_name
from keyfleet.kube.access import Access
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.kubeconfig import Kubeconfig
from keyfleet.model.places import ClusterName
from keyfleet.plugin import ClusterSnapshot


class KubeconfigInventory:
    """The contexts of a kubeconfig."""

    def __init__(self, kubeconfig: Kubeconfig, surroundings: Surroundings) -> None:
        self._snapshots = snapshots_of(kubeconfig, surroundings)

    async def clusters(self) -> AsyncIterator[tuple[ClusterSnapshot, ...]]:
        """Yield the contexts once."""
        yield self._snapshots


def snapshots_of(kubeconfig: Kubeconfig, surroundings: Surroundings) -> tuple[ClusterSnapshot, ...]:
    """Return a snapshot per context, nothing opened yet."""
    return tuple(
        ClusterSnapshot(
            name=ClusterName(cluster_name(context)),
            open=partial(_open, partial(kubeconfig.access, context, surroundings)),
            aliases=frozenset({context}),
            generation=context,
            is_bare=True,
        )
        for context in kubeconfig.contexts
    )


async def _open(access: Callable[[], Access]) -> Access:
    return access()
