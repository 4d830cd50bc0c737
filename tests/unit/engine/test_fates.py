# SPDX-License-Identifier: Apache-2.0
"""What `why` says of a target that nothing wants."""

from typing import Any, cast

import msgspec
import pytest

from keyfleet import builtin
from keyfleet.base.keyring import Keyring
from keyfleet.engine.fates import Fates
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.model.ownership import Claim, Holding, Installation, Marker
from keyfleet.model.places import ClusterFacts, ClusterName

MARKER = Marker(
    hub="hub-uid",
    kind="FleetSecret",
    intent_namespace="pay",
    intent_name="db",
    intent_uid="u",
    cluster="east-uid",
    cluster_name="east",
    namespace="pay",
    name="db",
    crd="crd-uid",
)
EAST = ClusterFacts(ClusterName("east"))


class HubWithNothing:
    """A hub that serves FleetSecrets and holds none."""

    async def find_metadata(
        self, resource: Any, name: str, *, namespace: str = ""
    ) -> Metadata | None:
        uids = {"kube-system": "hub-uid", "fleetsecrets.keyfleet.io": "crd-uid", "pay": "n"}
        return Metadata(name=name, uid=uids[name]) if name in uids else None


async def tell(holding: Holding, cluster: ClusterFacts = EAST) -> str:
    ring = Keyring({"1": b"k" * 32})
    hub = cast("Client", HubWithNothing())
    uids = {"FleetSecret": "crd-uid"}
    dialects = builtin.dialects("keyfleet.io")
    return await Fates(hub, Installation("hub-uid", ring), dialects, uids).tell(holding, cluster)


async def test_says_nothing_of_what_is_not_ours() -> None:
    assert await tell(Holding(Claim.COPY, MARKER)) == ""
    assert await tell(Holding()) == ""


@pytest.mark.parametrize(
    ("claim", "change", "words"),
    [
        (Claim.OURS, {"released": True}, "on purpose"),
        (Claim.UNSIGNED, {}, "keyfleet apply"),
        (Claim.OURS, {"intent_uid": ""}, "keyfleet apply"),
        (Claim.OURS, {}, "deletes it"),
        (Claim.OURS, {"deletion_policy": "Retain"}, "lets go of it"),
        (Claim.OURS, {"crd": "older"}, "KindReplaced"),
        (Claim.OURS, {"kind": "Other"}, "KindUnknown"),
        (Claim.OURS, {"cluster_name": "ost"}, "ClusterRenamed"),
    ],
)
async def test_says_what_the_controller_would_do(
    claim: Claim, change: dict[str, Any], words: str
) -> None:
    assert words in await tell(Holding(claim, msgspec.structs.replace(MARKER, **change)))
