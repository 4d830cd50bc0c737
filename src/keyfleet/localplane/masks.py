# SPDX-License-Identifier: Apache-2.0
"""The identity that a proxy shows, so that one plane can stand for many clusters.

A cluster is recognised by the UID of its namespace `kube-system` and by its CA. A mask has both of
its own. The objects behind all masks of a plane are the same ones: tests and simulations give each
its own namespaces.
"""

import uuid
from dataclasses import dataclass, field

from keyfleet.localplane.exchange import Edit, Seen
from keyfleet.localplane.pki import Authority


@dataclass(frozen=True, slots=True)
class Mask:
    """Who a proxy says that its plane is."""

    uid: str
    """Of the namespace `kube-system`."""
    authority: Authority = field(repr=False)
    """Signs the proxy's certificate."""

    def edit(self, real_uid: str) -> Edit:
        """Return the change of answers about namespaces; both UIDs are of one length."""
        real, shown = real_uid.encode(), self.uid.encode()
        return Edit(block=lambda block: block.replace(real, shown))


def mask(name: str) -> Mask:
    """Return the mask of a name: the same UID whenever it is asked for, a new CA each time.

    >>> mask("east").uid == mask("east").uid != mask("west").uid
    True
    """
    return Mask(str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.mask.keyfleet.io")), Authority(name))


def shows_identity(seen: Seen) -> bool:
    """Return whether the answer may hold the UID of `kube-system`."""
    return seen.resource == "namespaces"
