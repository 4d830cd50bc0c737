# SPDX-License-Identifier: Apache-2.0
"""A bare FleetCluster for each context that has none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from keyfleet.base.errors import ConflictError, DeniedError
from keyfleet.inventory.declared.enrol import bare_clusters, enrol
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import Resource

CONTEXTS = {"east": "east", "gke_x": "gke-x-123456"}


def declared(name: str, **spec: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": spec}


def names(documents: list[dict[str, Any]]) -> list[str]:
    return [document["metadata"]["name"] for document in documents]


@dataclass
class Hub:
    """Takes FleetClusters; the creating face of `kube.client.Client`."""

    error: Exception | None = None
    made: list[str] = field(default_factory=list)

    async def create(self, resource: Resource, body: Mapping[str, Any]) -> Metadata:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        self.made.append(f"{resource.kind}/{body['metadata']['name']}")
        return Metadata()


def test_a_context_without_a_cluster_gets_one_that_says_where_it_came_from() -> None:
    assert bare_clusters({"gke_x": "gke-x-123456"}, []) == [
        {
            "apiVersion": "keyfleet.io/v1alpha1",
            "kind": "FleetCluster",
            "metadata": {
                "name": "gke-x-123456",
                "annotations": {"keyfleet.io/origin": "kubeconfig"},
            },
            "spec": {"context": "gke_x"},
        }
    ]


def test_a_context_that_somebody_declared_needs_none() -> None:
    assert names(bare_clusters(CONTEXTS, [declared("mine", context="east")])) == ["gke-x-123456"]


def test_a_name_that_is_taken_is_left_alone() -> None:
    taken = [declared("east", context="elsewhere"), {"metadata": {"name": "gke-x-123456"}}]
    assert bare_clusters(CONTEXTS, taken) == []


async def test_one_that_somebody_else_just_made_is_left_as_it_is() -> None:
    hub = Hub(ConflictError("api.already_exists", "exists"))
    await enrol(cast("Client", hub), bare_clusters(CONTEXTS, []))
    assert hub.made == ["FleetCluster/gke-x-123456"]


async def test_a_refusal_is_passed_on() -> None:
    hub = Hub(DeniedError("api.forbidden", "forbidden"))
    with pytest.raises(DeniedError):
        await enrol(cast("Client", hub), bare_clusters(CONTEXTS, []))
