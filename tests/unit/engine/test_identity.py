# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.engine.fakecluster import FakeCluster

from keyfleet.base.errors import DeniedError, NotFoundError, UnreachableError
from keyfleet.engine.identity import Identity, identity_objection, read_identity
from keyfleet.kube.access import Access, Endpoint
from keyfleet.model.places import ClusterName, ClusterUid
from keyfleet.model.plan import State
from keyfleet.plugin import ClusterSnapshot, Kinship

ENDPOINT = Endpoint("https://east:6443", b"a bundle")
WHO = Identity(ClusterUid("uid-east"), ENDPOINT.ca_sha256)


async def no_access() -> Access:
    raise AssertionError


def snapshot_of(pinned: str = "", kinship: Kinship = Kinship.OPERATOR) -> ClusterSnapshot:
    return ClusterSnapshot(ClusterName("east"), no_access, pinned_uid=pinned, kinship=kinship)


async def test_a_cluster_is_the_uid_of_its_kube_system() -> None:
    assert await read_identity(FakeCluster(uid="uid-east"), ENDPOINT) == WHO


async def test_where_that_may_not_be_read_ca_and_address_stand_for_it() -> None:
    cluster = FakeCluster()
    cluster.errors["get Namespace"] = [DeniedError("api.forbidden", "forbidden")] * 3
    weak = await read_identity(cluster, ENDPOINT)
    assert weak.is_weak
    assert weak.uid.startswith("ca-")
    assert weak == await read_identity(cluster, ENDPOINT)
    elsewhere = await read_identity(cluster, Endpoint("https://west:6443", b"a bundle"))
    assert weak.uid != elsewhere.uid


async def test_a_portal_that_answers_for_a_cluster_is_no_cluster() -> None:
    cluster = FakeCluster()
    cluster.errors["get Namespace"] = [NotFoundError("api.not_served", "no")]
    with pytest.raises(UnreachableError) as caught:
        await read_identity(cluster, ENDPOINT)
    assert caught.value.code == "api.unexpected_answer"


@pytest.mark.parametrize("uid", ["", "ca-0123", "x" * 65, "a\nb", "<script>"])
async def test_a_uid_that_no_api_server_gives_is_no_identity(uid: str) -> None:
    with pytest.raises(UnreachableError) as caught:
        await read_identity(FakeCluster(uid=uid), ENDPOINT)
    assert caught.value.code == "api.unexpected_answer"


async def test_no_answer_is_no_identity() -> None:
    cluster = FakeCluster()
    cluster.errors["get Namespace"] = [UnreachableError("api.timeout", "no answer")]
    with pytest.raises(UnreachableError):
        await read_identity(cluster, ENDPOINT)


def test_an_operators_cluster_is_trusted_at_first_use() -> None:
    assert identity_objection(snapshot_of(), WHO) is None


def test_a_discovered_cluster_waits_for_a_person() -> None:
    found = identity_objection(snapshot_of(kinship=Kinship.DISCOVERED), WHO)
    assert found is not None
    assert (found.state, found.reason) == (State.HELD, "IdentityUntrusted")
    assert "keyfleet clusters trust east" in found.hint


@pytest.mark.parametrize("kinship", list(Kinship))
def test_whoever_is_pinned_may_be_served(kinship: Kinship) -> None:
    assert identity_objection(snapshot_of("uid-east", kinship), WHO) is None


def test_another_cluster_under_the_same_name_gets_nothing() -> None:
    found = identity_objection(snapshot_of("uid-other"), WHO)
    assert found is not None
    assert (found.state, found.reason) == (State.HELD, "IdentityChanged")


def test_a_rotated_ca_of_the_same_cluster_is_accepted() -> None:
    rotated = Identity(ClusterUid("uid-east"), "another bundle")
    assert identity_objection(snapshot_of("uid-east"), rotated) is None


async def test_a_cluster_pinned_by_ca_and_address_stays_itself_when_its_uid_can_be_read() -> None:
    cluster = FakeCluster(uid="uid-east")
    cluster.errors["get Namespace"] = [DeniedError("api.forbidden", "forbidden")]
    weak = await read_identity(cluster, ENDPOINT)
    strong = await read_identity(cluster, ENDPOINT)
    assert (weak.is_weak, strong.is_weak) == (True, False)
    assert identity_objection(snapshot_of(weak.uid), strong) is None
    assert strong.former_uids == {weak.uid}
    assert weak.former_uids == frozenset()


async def test_another_address_does_not_inherit_a_pin_by_ca_and_address() -> None:
    cluster = FakeCluster(uid="uid-east")
    cluster.errors["get Namespace"] = [DeniedError("api.forbidden", "forbidden")]
    weak = await read_identity(cluster, ENDPOINT)
    elsewhere = await read_identity(cluster, Endpoint("https://west:6443", b"a bundle"))
    found = identity_objection(snapshot_of(weak.uid), elsewhere)
    assert found is not None
    assert found.reason == "IdentityChanged"


async def test_who_no_longer_says_who_it_is_gets_nothing() -> None:
    cluster = FakeCluster(uid="uid-east")
    cluster.errors["get Namespace"] = [DeniedError("api.forbidden", "forbidden")]
    found = identity_objection(snapshot_of("uid-east"), await read_identity(cluster, ENDPOINT))
    assert found is not None
    assert (found.state, found.reason) == (State.HELD, "IdentityUnreadable")
    assert "kube-system" in found.hint
