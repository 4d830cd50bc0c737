# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import OTHER_VALUE, VALUE, key_of

from keyfleet.base.errors import ConflictError, InvariantError, NotFoundError
from keyfleet.delivery.deliver import Delivered, deliver
from keyfleet.model.places import ClusterName, Place
from keyfleet.model.plan import Step, Verb, Write

PLACE = Place(ClusterName("east"), "payments", "db")
WRITE = Write("Opaque", {"k": VALUE}, {"l": "1"}, {"a": "2"}, False, False)
CREATE = Step(key_of(), PLACE, Verb.CREATE, write=WRITE)


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


def step_on(cluster: FakeCluster, verb: Verb, write: Write | None = None) -> Step:
    """Return a step that was decided on the object as it is now."""
    found = cluster.secret()
    assert found is not None
    metadata = found["metadata"]
    return Step(
        key_of(),
        PLACE,
        verb,
        write=write,
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
    )


async def test_a_create_leaves_the_object_and_tells_its_version(cluster: FakeCluster) -> None:
    delivered = await deliver(CREATE, cluster)
    found = cluster.secret()
    assert found is not None
    assert found["data"] == {"k": VALUE}
    metadata = found["metadata"]
    assert Delivered(metadata["uid"], metadata["resourceVersion"]) == delivered


async def test_a_repeated_create_is_a_conflict_and_changes_nothing(cluster: FakeCluster) -> None:
    cluster.put_secret(k=OTHER_VALUE)
    with pytest.raises(ConflictError):
        await deliver(CREATE, cluster)
    found = cluster.secret()
    assert found is not None
    assert found["data"] == {"k": OTHER_VALUE}


async def test_an_absent_namespace_is_told(cluster: FakeCluster) -> None:
    with pytest.raises(NotFoundError):
        await deliver(replace(CREATE, place=Place(PLACE.cluster, "absent", "db")), cluster)


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.RELEASE])
async def test_a_change_is_made_to_the_version_that_was_decided_on(
    cluster: FakeCluster, verb: Verb
) -> None:
    cluster.put_secret(k=OTHER_VALUE)
    delivered = await deliver(step_on(cluster, verb, WRITE), cluster)
    found = cluster.secret()
    assert found is not None
    assert (found["data"], found["metadata"]["labels"]) == ({"k": VALUE}, {"l": "1"})
    assert delivered.resource_version == found["metadata"]["resourceVersion"]


async def test_a_change_to_an_object_that_moved_is_a_conflict(cluster: FakeCluster) -> None:
    cluster.put_secret(k=OTHER_VALUE)
    step = step_on(cluster, Verb.UPDATE, WRITE)
    cluster.put_secret(k=OTHER_VALUE)
    with pytest.raises(ConflictError):
        await deliver(step, cluster)


async def test_a_change_of_nothing_is_not_sent(cluster: FakeCluster) -> None:
    cluster.put_secret(k=VALUE)
    step = step_on(cluster, Verb.UPDATE, Write("Opaque"))
    assert Delivered(step.uid, step.resource_version) == await deliver(step, cluster)
    assert cluster.asked == []


async def test_only_the_object_that_was_decided_on_is_deleted(cluster: FakeCluster) -> None:
    cluster.put_secret(k=VALUE)
    step = step_on(cluster, Verb.DELETE)
    for other in (replace(step, uid="another"), replace(step, resource_version="1")):
        with pytest.raises(ConflictError):
            await deliver(other, cluster)
    assert await deliver(step, cluster) == Delivered()
    assert cluster.secret() is None
    assert await deliver(step, cluster) == Delivered()


async def test_a_step_that_does_nothing_sends_nothing(cluster: FakeCluster) -> None:
    step = Step(key_of(), PLACE, Verb.NONE, uid="u1", resource_version="7")
    assert Delivered("u1", "7") == await deliver(step, cluster)
    assert cluster.asked == []


@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.UPDATE, Verb.RELEASE])
async def test_a_write_without_content_is_a_bug(cluster: FakeCluster, verb: Verb) -> None:
    with pytest.raises(InvariantError):
        await deliver(Step(key_of(), PLACE, verb), cluster)
