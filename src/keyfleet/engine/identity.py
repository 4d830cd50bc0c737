# SPDX-License-Identifier: Apache-2.0
"""Is this the cluster we think it is? Asked per session, before any value leaves."""

import hashlib
import re
from dataclasses import dataclass, field

from keyfleet.base.errors import DeniedError, NotFoundError
from keyfleet.kube.access import Endpoint
from keyfleet.kube.client import Client
from keyfleet.kube.resources import NAMESPACES
from keyfleet.kube.responses import unexpected_answer
from keyfleet.model.places import ClusterUid
from keyfleet.model.plan import Finding, State
from keyfleet.plugin import ClusterSnapshot, Kinship

_UID = re.compile(r"(?!ca-)[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a cluster itself."""

    uid: ClusterUid
    """UID of `kube-system`; `ca-…` made of CA and address where that may not be read."""
    ca_sha256: str = ""
    """Of the CA bundle; empty without one."""
    is_weak: bool = False
    """The UID could not be read."""
    stand_in: ClusterUid = field(default=ClusterUid(""), compare=False)
    """`ca-…`, made of CA and address: what the cluster is called where its UID may not be read."""

    @property
    def former_uids(self) -> frozenset[str]:
        """What targets may call the cluster that were delivered when its UID could not be read."""
        return frozenset() if self.is_weak or not self.stand_in else frozenset({self.stand_in})

    def is_pinned_by(self, uid: str) -> bool:
        """Tell whether a pinned UID means who answers.

        One that was pinned by CA and address is the same where these still are: nothing more was
        ever known of it, and from now on its UID is.
        """
        return bool(uid) and uid in (self.uid, self.stand_in)


async def read_identity(client: Client, endpoint: Endpoint) -> Identity:
    """Return who answers at this endpoint.

    Raises:
        TemporaryError: Nobody answers.
    """
    try:
        found = await client.find_metadata(NAMESPACES, "kube-system")
    except DeniedError:
        found = None
    except NotFoundError:
        # Every API server knows namespaces: a portal or a balancer answers, and nobody is behind.
        raise unexpected_answer(client.cluster) from None
    digest = hashlib.sha256(f"{endpoint.ca_sha256} {endpoint.server}".encode()).hexdigest()
    stand_in = ClusterUid(f"ca-{digest[:32]}")
    if found is None:
        return Identity(stand_in, endpoint.ca_sha256, is_weak=True, stand_in=stand_in)
    if not _UID.fullmatch(found.uid):
        # It is stored and shown, and must not look like one that we made.
        raise unexpected_answer(client.cluster)
    return Identity(ClusterUid(found.uid), endpoint.ca_sha256, stand_in=stand_in)


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
    if identity.is_pinned_by(snapshot.pinned_uid):
        return None
    if identity.is_weak:
        return Finding(
            State.HELD,
            "IdentityUnreadable",
            f"who answers for {snapshot.name} does not say who it is, and was known by its UID",
            hint="grant Keyfleet `get` on namespace kube-system there, as it had before",
            rule="identity",
        )
    return Finding(
        State.HELD,
        "IdentityChanged",
        f"another cluster answers for {snapshot.name} than the one it was",
        hint=f"check its kubeconfig; `keyfleet clusters trust {snapshot.name}` accepts the new one",
        rule="identity",
    )
