# SPDX-License-Identifier: Apache-2.0
"""Is this the cluster we think it is? Asked per session, before any value leaves."""

import hashlib
from dataclasses import dataclass

from keyfleet.base.errors import DeniedError, NotFoundError
from keyfleet.kube.access import Endpoint
from keyfleet.kube.client import Client
from keyfleet.kube.resources import NAMESPACES
from keyfleet.model.places import ClusterUid
from keyfleet.model.plan import Finding, State
from keyfleet.plugin import ClusterSnapshot, Kinship


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a cluster itself."""

    uid: ClusterUid
    """UID of `kube-system`; `ca-…` made of CA and address where that may not be read."""
    ca_sha256: str = ""
    """Of the CA bundle; empty without one."""
    is_weak: bool = False
    """The UID could not be read."""


async def read_identity(client: Client, endpoint: Endpoint) -> Identity:
    """Return who answers at this endpoint.

    Raises:
        TemporaryError: Nobody answers.
    """
    try:
        found = await client.find_metadata(NAMESPACES, "kube-system")
    except (DeniedError, NotFoundError):
        found = None
    if found is None:
        digest = hashlib.sha256(f"{endpoint.ca_sha256} {endpoint.server}".encode()).hexdigest()
        return Identity(ClusterUid(f"ca-{digest[:32]}"), endpoint.ca_sha256, is_weak=True)
    return Identity(ClusterUid(found.uid), endpoint.ca_sha256)


def identity_objection(snapshot: ClusterSnapshot, identity: Identity) -> Finding | None:
    """Return why nothing may be sent to who answers; None when it is the cluster we know.

    A CA bundle that changed while the UID stayed is a rotation: whoever answers under the bundle
    the operator gave and knows the UID is the cluster.
    """
    if not snapshot.pinned_uid:
        if snapshot.kinship is Kinship.OPERATOR:
            return None
        return Finding(
            State.HELD,
            "IdentityUntrusted",
            f"cluster {snapshot.name} was discovered and nobody has trusted it yet",
            hint=f"`keyfleet clusters trust {snapshot.name}`",
            rule="identity",
        )
    if snapshot.pinned_uid == identity.uid:
        return None
    return Finding(
        State.HELD,
        "IdentityChanged",
        f"another cluster answers for {snapshot.name} than the one it was",
        hint=f"check its kubeconfig; `keyfleet clusters trust {snapshot.name}` accepts the new one",
        rule="identity",
    )
