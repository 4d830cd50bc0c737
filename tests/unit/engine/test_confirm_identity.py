# SPDX-License-Identifier: Apache-2.0
"""A source that is said to be absent counts as gone only when the known cluster said it."""

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import EAST

from keyfleet.base.errors import DeniedError, UnreachableError
from keyfleet.engine.deletion.confirm import identity_doubt
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid
from keyfleet.model.plan import State

AWAY = UnreachableError("api.timeout", "no answer")
FORBIDDEN = DeniedError("api.forbidden", "forbidden")


def cluster(uid: str = EAST.uid) -> FakeCluster:
    return FakeCluster("east", uid)


async def test_the_cluster_itself_is_believed() -> None:
    assert await identity_doubt(EAST, cluster()) is None


async def test_another_cluster_behind_the_same_address_is_not_believed() -> None:
    found = await identity_doubt(EAST, cluster("uid-of-another"))
    assert found is not None
    assert (found.state, found.reason) == (State.HELD, "SourceClusterChanged")


async def test_a_cluster_that_no_longer_says_who_it_is_is_not_believed() -> None:
    east = cluster()
    east.errors["get Namespace"] = [FORBIDDEN]
    assert await identity_doubt(EAST, east) is not None


async def test_without_an_answer_nothing_is_known() -> None:
    east = cluster()
    east.errors["get Namespace"] = [AWAY]
    with pytest.raises(UnreachableError):
        await identity_doubt(EAST, east)


async def test_who_never_could_say_who_it_is_is_taken_at_its_word() -> None:
    """There the login was recognised by CA and address, which are part of the session."""
    weak = ClusterFacts(ClusterName("east"), ClusterUid("ca-0123"))
    assert await identity_doubt(weak, cluster()) is None
