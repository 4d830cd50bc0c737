# SPDX-License-Identifier: Apache-2.0
"""Which names a cluster answers to, before anybody has contacted it; pure.

A cluster's own name beats the same word as another one's alias. Entries that are pinned to one
identity are one cluster: each answers to all their names from the start, so that an exclusion by
any of them holds before they are recognised.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from keyfleet.model.places import ClusterName
from keyfleet.plugin import ClusterSnapshot


def with_settled_names(snapshots: Iterable[ClusterSnapshot]) -> dict[ClusterName, ClusterSnapshot]:
    """Return the snapshots by name, with the aliases that they really answer to."""
    known = list(snapshots)
    names = frozenset(str(snapshot.name) for snapshot in known)
    twins: dict[str, frozenset[str]] = {}
    for snapshot in known:
        uid = snapshot.pinned_uid
        if uid:
            own = frozenset({str(snapshot.name), *(snapshot.aliases - names)})
            twins[uid] = twins.get(uid, frozenset()) | own
    return {
        snapshot.name: replace(snapshot, aliases=_aliases(snapshot, names, twins))
        for snapshot in known
    }


def _aliases(
    snapshot: ClusterSnapshot, names: frozenset[str], twins: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    own = frozenset({str(snapshot.name)})
    others = twins.get(snapshot.pinned_uid, frozenset()) - own
    return (snapshot.aliases - (names - own)) | others
