# SPDX-License-Identifier: Apache-2.0
"""What other tests rely on; the same is true of an API server (docs/adr/0001)."""

from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import OTHER_VALUE, VALUE

from keyfleet.base.errors import ConflictError, DeniedError, NotFoundError, PermanentError
from keyfleet.kube.resources import NAMESPACES, SECRETS

BODY = {"metadata": {"name": "db", "namespace": "payments"}, "type": "Opaque", "data": {"k": VALUE}}


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


async def patch(cluster: FakeCluster, *operations: dict[str, Any]) -> None:
    await cluster.json_patch(SECRETS, "db", operations, namespace="payments")


async def test_what_was_created_is_found_with_a_version_and_an_identity(
    cluster: FakeCluster,
) -> None:
    written = await cluster.create(SECRETS, BODY, namespace="payments")
    found = await cluster.find_secret("payments", "db")
    assert found is not None
    assert (written, {"k": VALUE}) == (found.metadata, found.data)
    assert written.uid
    assert written.resource_version


async def test_creates_once_and_only_in_a_living_namespace(cluster: FakeCluster) -> None:
    await cluster.create(SECRETS, BODY, namespace="payments")
    with pytest.raises(ConflictError):
        await cluster.create(SECRETS, BODY, namespace="payments")
    with pytest.raises(NotFoundError):
        await cluster.create(SECRETS, BODY, namespace="absent")
    cluster.put(NAMESPACES, "going", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    with pytest.raises(DeniedError):
        await cluster.create(SECRETS, BODY, namespace="going")


async def test_a_patch_moves_the_version_and_a_stale_one_is_refused(cluster: FakeCluster) -> None:
    before = cluster.put_secret(k=VALUE)["metadata"]["resourceVersion"]
    precondition = {"op": "replace", "path": "/metadata/resourceVersion", "value": before}
    change = {"op": "add", "path": "/data", "value": {"k": OTHER_VALUE}}
    await patch(cluster, change, precondition)
    after = cluster.secret()
    assert after is not None
    assert after["data"] == {"k": OTHER_VALUE}
    with pytest.raises(ConflictError):
        await patch(cluster, change, precondition)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/metadata/labels/a", "value": "b"},
        {"op": "remove", "path": "/metadata/annotations"},
        {"op": "remove", "path": "/data/absent"},
    ],
)
async def test_a_patch_of_what_is_not_there_is_refused(
    cluster: FakeCluster, operation: dict[str, Any]
) -> None:
    cluster.put_secret(k=VALUE)
    with pytest.raises(PermanentError):
        await patch(cluster, operation)


async def test_deletes_only_the_object_that_was_meant(cluster: FakeCluster) -> None:
    metadata = cluster.put_secret(k=VALUE)["metadata"]
    for stale in ({"uid": "other"}, {"resource_version": "1"}):
        with pytest.raises(ConflictError):
            await cluster.delete(SECRETS, "db", namespace="payments", **stale)
    assert await cluster.delete(SECRETS, "db", namespace="payments", uid=metadata["uid"])
    assert not await cluster.delete(SECRETS, "db", namespace="payments")


async def test_lists_by_label(cluster: FakeCluster) -> None:
    cluster.put_secret("a", metadata={"labels": {"x": "1"}})
    cluster.put_secret("b")
    found = await cluster.list_metadata(SECRETS, labels="x=1")
    assert [metadata.name for metadata in found] == ["a"]
    assert [
        [secret.metadata.name for secret in page]
        async for page in cluster.secret_pages(labels="x=1")
    ] == [["a"]]
