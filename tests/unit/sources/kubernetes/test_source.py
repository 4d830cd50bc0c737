# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass, field
from typing import Any

import pytest

from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    NotFoundError,
    SecretNotFoundError,
    UnreachableError,
)
from keyfleet.base.sealing import Keyset
from keyfleet.base.secret import SecretValue
from keyfleet.kube.objects import Metadata, SecretObject
from keyfleet.kube.resources import Resource
from keyfleet.model.data import SecretData
from keyfleet.model.intent import Read, SecretRef
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.sources.kubernetes import SOURCE

INTENT = IntentKey("FleetSecret", "payments", "db")
READ = Read("kubernetes", SecretRef("payments", "db", ClusterName("east")))
SECRET = SecretObject(
    Metadata(name="db", namespace="payments", resource_version="7"),
    "example.com/db",
    {"password": SecretValue(b"kf-canary-password")},
)


@dataclass
class FakeCluster:
    """The references and the client of one cluster at once."""

    answer: SecretObject | KeyfleetError | None = None
    refusal: KeyfleetError | None = None
    document: dict[str, Any] | None = None
    """A ConfigMap."""
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def cluster(self, name: ClusterName) -> "FakeCluster":
        self.asked.append((name,))
        if self.refusal is not None:
            raise self.refusal
        return self

    def keys(self, name: ClusterName) -> Keyset:
        raise AssertionError(name)

    async def find_secret(self, namespace: str, name: str) -> SecretObject | None:
        self.asked.append((namespace, name))
        if isinstance(self.answer, KeyfleetError):
            raise self.answer
        return self.answer

    async def find(
        self, resource: Resource, name: str, *, namespace: str = ""
    ) -> dict[str, Any] | None:
        self.asked.append((resource.plural, namespace, name))
        if isinstance(self.answer, KeyfleetError):
            raise self.answer
        return self.document


async def _read(cluster: FakeCluster, read: Read = READ) -> SecretData:
    session = await SOURCE.open(cluster, INTENT)
    return await session.read(read)


async def _error(cluster: FakeCluster, read: Read = READ) -> KeyfleetError:
    with pytest.raises(KeyfleetError) as caught:
        await _read(cluster, read)
    return caught.value


async def test_gives_type_values_and_version_of_the_named_secret() -> None:
    cluster = FakeCluster(SECRET)
    assert SecretData(SECRET.data, "example.com/db", "7") == await _read(cluster)
    assert cluster.asked == [("east",), ("payments", "db")]


async def test_an_absent_secret_is_absence() -> None:
    error = await _error(FakeCluster(None))
    assert isinstance(error, SecretNotFoundError)
    assert error.code == "source.not_found"


@pytest.mark.parametrize(
    "cluster",
    [
        FakeCluster(DeniedError("kube.forbidden", "forbidden", "east")),
        FakeCluster(refusal=DeniedError("authority.source", "no grant", "east")),
    ],
)
async def test_forbidden_is_no_absence_but_reads_the_same(cluster: FakeCluster) -> None:
    error, absent = await _error(cluster), await _error(FakeCluster(None))
    assert isinstance(error, DeniedError)
    assert error.code == "source.forbidden"
    assert (absent.message, absent.subject, absent.hint) == (
        error.message,
        error.subject,
        error.hint,
    )


@pytest.mark.parametrize(
    "failure",
    [
        UnreachableError("kube.unreachable", "no answer", "east"),
        NotFoundError("kube.not_served", "not served", "east"),
    ],
)
async def test_any_other_failure_is_passed_on_and_is_no_absence(failure: KeyfleetError) -> None:
    error = await _error(FakeCluster(failure))
    assert failure is error
    assert not isinstance(error, SecretNotFoundError)


TEMPLATES = Read(
    "kubernetes",
    SecretRef("payments", "t", kind="ConfigMap"),
    path="spec.template.templateFrom[0]",
)


async def test_texts_of_a_config_map_are_wrapped_like_values() -> None:
    metadata = {"name": "t", "namespace": "payments", "resourceVersion": "9"}
    document = {
        "metadata": metadata,
        "data": {"k": "{{ .a }}", "odd": 1},
        "binaryData": {"b": "AA"},
    }
    cluster = FakeCluster(document=document)
    found = await _read(cluster, TEMPLATES)
    assert found.entries() == {"k": SecretValue(b"{{ .a }}")}
    assert (found.version, found.type) == ("9", "")
    assert cluster.asked == [("",), ("configmaps", "payments", "t")]


@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": []}])
async def test_a_config_map_may_be_empty(data: dict[str, Any]) -> None:
    assert (await _read(FakeCluster(document={"metadata": {}, **data}), TEMPLATES)).entries() == {}


async def test_an_absent_config_map_is_an_absent_source() -> None:
    error = await _error(FakeCluster(), TEMPLATES)
    assert isinstance(error, SecretNotFoundError)
    assert error.subject == "ConfigMap hub/payments/t"
    assert "correct spec.template.templateFrom[0]" in error.hint


async def test_a_config_map_that_may_not_be_read_is_no_absent_one() -> None:
    error = await _error(FakeCluster(DeniedError("api.forbidden", "no")), TEMPLATES)
    assert type(error) is DeniedError
