# SPDX-License-Identifier: Apache-2.0
"""Every right that Keyfleet asks for, each with its reason: the one list that roles are made from.

A right that is not here is not granted; a right that no request of the engine's tests needs fails
tests/cluster/engine/test_rights.py. `doctor` asks the API server for exactly these.
"""

from collections.abc import Mapping

from keyfleet.manifests.rights import externalsecrets, native, sealedsecrets
from keyfleet.manifests.rights.native import KEY_SECRET, LEASE
from keyfleet.manifests.rights.need import Need
from keyfleet.manifests.rights.right import KUBE_SYSTEM, Part, Reach, Right
from keyfleet.manifests.rights.sealedsecrets import SEALING_KEY_LABEL

__all__ = [
    "KEY_SECRET",
    "KUBE_SYSTEM",
    "LEASE",
    "SEALING_KEY_LABEL",
    "Part",
    "Reach",
    "Right",
    "rights",
]

_NEEDS: Mapping[Part, tuple[Need, ...]] = {
    Part.HUB: native.HUB,
    Part.MEMBER: native.MEMBER,
    Part.HUB_ESO: externalsecrets.HUB,
    Part.MEMBER_ESO: externalsecrets.MEMBER,
    Part.HUB_SEALED: sealedsecrets.HUB,
    Part.MEMBER_SEALED: sealedsecrets.MEMBER,
}


def rights(part: Part) -> tuple[Right, ...]:
    """Return what the controller needs on the hub, or in a member, or there for a dialect."""
    return tuple(right for need in _NEEDS[part] for right in need.rights(part))
