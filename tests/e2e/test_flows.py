# SPDX-License-Identifier: Apache-2.0
"""Flow guards as people meet them: files from a laptop, and a hub whose policies bind everybody."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.e2e.harness import Objects, Program, Running, eventually

API = "/apis/keyfleet.io/v1alpha1"
ENVIRONMENTS = {"hub": "production", "east": "production", "west": "staging"}


def policy(name: str = "environments", **spec: Any) -> dict[str, Any]:
    """Return a FleetPolicy that keeps production in production."""
    rule = {
        "name": "production-stays",
        "from": {"matchLabels": {"env": "production"}},
        "to": {"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["production"]}]},
        "action": "Deny",
    }
    return {
        "apiVersion": "keyfleet.io/v1alpha1",
        "kind": "FleetPolicy",
        "metadata": {"name": name},
        "spec": {"flows": [rule], **spec},
    }


def cluster(name: str, context: str, env: str) -> dict[str, Any]:
    """Return a labelled FleetCluster."""
    return {
        "apiVersion": "keyfleet.io/v1alpha1",
        "kind": "FleetCluster",
        "metadata": {"name": name, "labels": {"env": env}},
        "spec": {"context": context},
    }


def file_of(program: Program, *documents: dict[str, Any]) -> str:
    """Write the documents to a file; return its path."""
    path = program.folder / "manifests.yaml"
    path.write_bytes(b"\n---\n".join(map(msgspec.json.encode, documents)))
    return str(path)


@pytest.fixture
def laptop(keyfleet: Program) -> Program:
    """The program with east as hub, where nothing was ever installed."""
    keyfleet.environ["KEYFLEET_CONTEXT"] = "east"
    return keyfleet


def test_a_deny_in_a_file_is_obeyed_and_told_with_rule_and_edit(
    laptop: Program, objects: Objects
) -> None:
    objects.secret("east", "src", {"password": "one"})
    clusters = [cluster("home", "east", "production"), cluster("stage", "west", "staging")]
    file = file_of(laptop, *clusters, policy(), objects.manifest("db", "src", "stage"))
    planned = laptop("plan", "-f", file, "-o", "json")
    assert planned.code == 1
    (step,) = planned.json()["steps"]
    assert (step["state"], step["reason"], step["action"]) == ("Refused", "FlowDenied", "none")
    assert step["rule"] == "environments/production-stays"
    assert "FleetPolicy environments" in step["hint"]
    assert laptop("diff", "-f", file).code == 1
    applied = laptop("apply", "-f", file)
    assert applied.code == 4
    assert "FlowDenied" in applied.out
    assert objects.read("west", "db") is None


def test_a_source_of_a_file_without_labels_is_not_delivered(
    laptop: Program, objects: Objects
) -> None:
    objects.secret("east", "src", {"password": "one"})
    secret = objects.manifest("db", "src", "west")
    refused = laptop("apply", "-f", file_of(laptop, policy(), secret), "-o", "json")
    assert refused.code == 4
    assert [one["reason"] for one in refused.json()["targets"]] == ["UnclassifiedSource"]
    opened = policy(defaultFlow="Allow")
    assert laptop("apply", "-f", file_of(laptop, opened, secret)).code == 0


def test_a_policy_of_a_file_is_checked(laptop: Program) -> None:
    bad = policy()
    bad["spec"]["flows"][0]["to"] = {"matchExpressions": [{"key": "env", "operator": "In"}]}
    found = laptop("validate", "-f", file_of(laptop, bad))
    assert found.code == 2
    assert "spec.flows[0].to.matchExpressions[0]" in found.err


@pytest.fixture
def environments(controller: Running, objects: Objects) -> Iterator[None]:
    """A labelled fleet with a policy on the hub, for one test."""
    assert controller.process.poll() is None
    hub = objects.fleet.planes["hub"].api
    name = f"environments-{objects.namespace}"
    for context, env in ENVIRONMENTS.items():
        relabel(objects, context, {"env": env})
    hub.must("POST", f"{API}/fleetpolicies", policy(name))
    yield
    hub.call("DELETE", f"{API}/fleetpolicies/{name}")
    for context in ENVIRONMENTS:
        relabel(objects, context, {})


def relabel(objects: Objects, context: str, labels: dict[str, str]) -> None:
    """Replace the labels of a FleetCluster."""

    def is_replaced() -> bool:
        path = f"{API}/fleetclusters/{context}"
        hub = objects.fleet.planes["hub"].api
        found = hub.must("GET", path)
        return hub.call("PUT", path, _with(found, labels)).status == 200

    eventually(is_replaced, what=f"{context} was not relabelled")


def _with(document: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    return {**document, "metadata": {**document["metadata"], "labels": labels}}


@pytest.mark.usefixtures("environments")
def test_the_flows_of_the_hub_bind_a_laptop(keyfleet: Program, objects: Objects) -> None:
    objects.secret("hub", "src", {"password": "one"})
    manifest = objects.manifest("db", "src", "east", "west")
    file = file_of(keyfleet, manifest)
    assert keyfleet("plan", "-f", file).code == 1
    found = keyfleet("apply", "-f", file, "-o", "json")
    assert found.code == 4
    results = {one["cluster"]: one["result"] for one in found.json()["targets"]}
    assert results == {"east": "created", "west": "Refused"}
    assert objects.read("west", "db") is None
    permissive = policy("mine", defaultFlow="Allow")
    permissive["spec"]["flows"] = [
        {
            "name": "go",
            "from": {"matchLabels": {"env": "production"}},
            "to": {"matchLabels": {"env": "staging"}},
            "action": "Allow",
        }
    ]
    opened = file_of(keyfleet, permissive, manifest)
    assert keyfleet("apply", "-f", opened).code == 4, "a file opened what the hub forbids"
    assert objects.read("west", "db") is None
    relabelled = file_of(keyfleet, cluster("mine", "west", "production"), manifest)
    refused = keyfleet("apply", "-f", relabelled)
    assert (refused.code, "FleetCluster mine" in refused.err) == (2, True)
    assert objects.read("west", "db") is None


@pytest.mark.usefixtures("environments")
def test_a_refused_flow_is_told_by_every_command(keyfleet: Program, objects: Objects) -> None:
    objects.secret("hub", "src", {"password": "one"})
    objects.declare("db", "src", "east", "west")
    name = f"{objects.namespace}/db"
    eventually(lambda: "FlowDenied" in keyfleet("status", name, "-o", "wide").out)
    eventually(lambda: objects.read("east", "db") == {"password": "one"})
    assert keyfleet("status", name, "--check").code == 1
    planned = keyfleet("plan", name)
    assert planned.code == 1
    assert "Refused, FlowDenied" in planned.out
    why = keyfleet("why", name, "-c", "west").out
    assert f"Rule: environments-{objects.namespace}/production-stays" in why
    assert "Hint: take west out of the placement" in why
    synced = keyfleet("sync", name)
    assert synced.code == 4
