# SPDX-License-Identifier: Apache-2.0
"""What a hub's label finds in a cluster, by kind."""

import pytest
from tests.unit.engine.fakecluster import FakeCluster

from keyfleet.base.errors import DeniedError, UnreachableError
from keyfleet.engine.markedlist import list_marked
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SEALEDSECRETS, SECRETS, Resource
from keyfleet.model.places import SEALED_SECRET, SECRET


class Cluster(FakeCluster):
    """Has one object of each kind, as far as that kind is served."""

    def __init__(self, *, is_served: bool = True, error: Exception | None = None) -> None:
        super().__init__()
        self._is_served = is_served
        self._error = error

    async def serves(self, resource: Resource) -> bool:
        assert resource is SEALEDSECRETS
        return self._is_served

    async def list_metadata(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> list[Metadata]:
        del namespace, fields
        assert labels == "mine"
        if resource is SEALEDSECRETS and self._error is not None:
            raise self._error
        return [Metadata(resource.kind, "shop")]


async def kinds(cluster: Cluster) -> list[str]:
    found = await list_marked(cluster, "mine")
    assert [each.metadata.name for each in found] == [each.kind for each in found]
    return [each.kind for each in found]


async def test_both_kinds_are_found_where_both_are_served() -> None:
    assert await kinds(Cluster()) == [SECRET, SEALED_SECRET]
    assert await kinds(Cluster(is_served=False)) == [SECRETS.kind]


async def test_who_may_not_list_sealedsecrets_sees_secrets() -> None:
    assert await kinds(Cluster(error=DeniedError("api.forbidden", "no"))) == [SECRET]


async def test_a_cluster_that_does_not_answer_is_told() -> None:
    with pytest.raises(UnreachableError):
        await kinds(Cluster(error=UnreachableError("api.unreachable", "away")))
