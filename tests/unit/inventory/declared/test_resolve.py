# SPDX-License-Identifier: Apache-2.0
"""A FleetCluster as a snapshot: which login, how far trusted, and what is wrong with it."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from keyfleet.base.errors import InvalidInputError, KeyfleetError, NotFoundError
from keyfleet.base.secret import SecretValue
from keyfleet.inventory.declared.resolve import Login, snapshot_of
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.kubeconfig import Trust, parse
from keyfleet.kube.objects import Metadata, SecretObject
from keyfleet.plugin import Kinship
from keyfleet.testing.canary import canary, find_canary

KUBECONFIG = f"""
apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "https://127.0.0.1:1"}}}}]
users: [{{name: u, user: {{token: {canary("token").decode()}}}}}]
contexts: [{{name: east, context: {{cluster: c, user: u}}}}]
current-context: east
"""
REFERENCE = {"namespace": "clusters", "name": "east", "key": "kubeconfig"}


@dataclass
class Hub:
    """Holds kubeconfig Secrets; the reading face of `kube.client.Client`."""

    secrets: dict[tuple[str, str], SecretObject] = field(default_factory=dict)

    async def find_secret(self, namespace: str, name: str) -> SecretObject | None:
        return self.secrets.get((namespace, name))


def login(hub: Hub | None = None) -> Login:
    own = parse(KUBECONFIG.encode(), origin="test", trust=Trust.OPERATOR)
    return Login(own, Surroundings(), cast("Client", hub or Hub()))


def holding(text: str) -> Hub:
    data = {"kubeconfig": SecretValue(text.encode())}
    return Hub({("clusters", "east"): SecretObject(Metadata(), "Opaque", data)})


def declared(
    status: dict[str, Any] | None = None, annotations: dict[str, str] | None = None, **spec: Any
) -> dict[str, Any]:
    metadata = {"name": "e", "labels": {"env": "prod"}, "generation": 4}
    if annotations:
        metadata["annotations"] = annotations
    return {"metadata": metadata, "spec": spec, "status": status}


def test_what_is_said_is_what_is_seen() -> None:
    snapshot = snapshot_of(
        declared(context="east", paused=True, onRemoved="Delete", limits={"inFlight": 4}), login()
    )
    assert (snapshot.name, snapshot.labels) == ("e", {"env": "prod"})
    assert (snapshot.paused, snapshot.on_removed, snapshot.in_flight) == (True, "Delete", 4)
    assert snapshot.aliases == {"east"}
    assert (snapshot.is_declared, snapshot.is_bare, snapshot.problem) == (True, False, "")
    assert snapshot.kinship is Kinship.OPERATOR


def test_the_defaults_delete_and_limit_nothing() -> None:
    snapshot = snapshot_of(declared(context="east"), login())
    assert (snapshot.paused, snapshot.on_removed, snapshot.in_flight) == (False, "Retain", 0)
    assert snapshot.accepted_names == frozenset()


def test_the_pinned_identity_comes_from_the_status() -> None:
    identity = {"uid": "u1", "caSHA256": "aa", "pinnedAt": "2026-01-01T00:00:00Z"}
    snapshot = snapshot_of(declared({"identity": identity}, context="east"), login())
    assert (snapshot.pinned_uid, snapshot.pinned_ca_sha256) == ("u1", "aa")
    assert snapshot_of(declared({"identity": 3}, context="east"), login()).pinned_uid == ""


def test_annotations_say_what_was_enrolled_and_which_names_were_accepted() -> None:
    annotations = {
        "keyfleet.io/origin": "kubeconfig",
        "keyfleet.io/accepted-names": "old,,older",
    }
    snapshot = snapshot_of(declared(annotations=annotations, context="east"), login())
    assert snapshot.is_bare
    assert snapshot.accepted_names == {"old", "older"}


async def test_a_context_is_opened_from_the_operators_own_kubeconfig() -> None:
    access = await snapshot_of(declared(context="east"), login()).open()
    assert access.endpoint.server == "https://127.0.0.1:1"


async def test_an_unknown_context_is_known_to_be_without_trying() -> None:
    snapshot = snapshot_of(declared(context="west"), login())
    assert "west" in snapshot.problem
    with pytest.raises(KeyfleetError):
        await snapshot.open()


async def test_a_kubeconfig_on_the_hub_is_read_when_it_is_needed() -> None:
    snapshot = snapshot_of(declared(kubeconfigRef=REFERENCE), login(holding(KUBECONFIG)))
    access = await snapshot.open()
    assert access.endpoint.server == "https://127.0.0.1:1"
    assert not find_canary(repr(snapshot))


def test_another_version_of_that_kubeconfig_is_another_login() -> None:
    document = declared(kubeconfigRef=REFERENCE)
    found = [snapshot_of(document, login(), secret_version=one).generation for one in "778"]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    "hub", [Hub(), Hub({("clusters", "east"): SecretObject(Metadata(), "Opaque", {})})]
)
async def test_an_absent_kubeconfig_says_where_it_is_missed(hub: Hub) -> None:
    with pytest.raises(NotFoundError) as caught:
        await snapshot_of(declared(kubeconfigRef=REFERENCE), login(hub)).open()
    assert caught.value.code == "inventory.kubeconfig_missing"
    assert caught.value.subject == "Secret clusters/east, key kubeconfig"


@pytest.mark.parametrize(
    "user",
    [
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh}}",
        "{tokenFile: /etc/passwd}",
        "{token: t, as: admin}",
    ],
)
async def test_a_kubeconfig_from_the_hub_may_run_read_and_impersonate_nothing(user: str) -> None:
    text = KUBECONFIG.replace(f"{{token: {canary('token').decode()}}}", user)
    assert user in text
    with pytest.raises(KeyfleetError):
        await snapshot_of(declared(kubeconfigRef=REFERENCE), login(holding(text))).open()


async def test_a_damaged_kubeconfig_is_refused_without_a_word_of_it() -> None:
    hub = holding(f"{KUBECONFIG}\n  {canary('broken').decode()}: [")
    with pytest.raises(KeyfleetError) as caught:
        await snapshot_of(declared(kubeconfigRef=REFERENCE), login(hub)).open()
    assert not find_canary(f"{caught.value!r} {caught.value.diagnostics()}")


async def test_a_document_that_cannot_be_read_is_a_cluster_with_a_problem() -> None:
    snapshot = snapshot_of(declared(contxt="east"), login())
    assert (snapshot.name, snapshot.generation) == ("e", "invalid 4")
    assert snapshot.problem.startswith("spec.contxt: ")
    with pytest.raises(InvalidInputError):
        await snapshot.open()


async def test_a_pods_own_cluster_is_not_opened_outside_a_pod() -> None:
    snapshot = snapshot_of(declared(inCluster=True), login())
    assert (snapshot.generation, snapshot.problem) == ("incluster", "")
    with pytest.raises(KeyfleetError):
        await snapshot.open()


async def test_nobody_connects_to_a_cluster_that_takes_its_own() -> None:
    snapshot = snapshot_of(declared(agent=True), login())
    assert (snapshot.is_agent, snapshot.hub_namespace, snapshot.problem) == (True, "fleet-e", "")
    assert (await snapshot.open()).endpoint.server == "https://agent.invalid"
    said = snapshot_of(declared(agent=True, sealing={"hubNamespace": "edge"}), login())
    assert said.hub_namespace == "edge"
    assert snapshot_of(declared(context="east"), login()).hub_namespace == ""
    assert snapshot_of(declared(agent=True, context="east"), login()).problem
