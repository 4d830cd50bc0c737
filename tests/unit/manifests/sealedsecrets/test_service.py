# SPDX-License-Identifier: Apache-2.0
"""The Service of the sealing API leads to the controller, and its Role to nothing else."""

from typing import Any

from keyfleet.manifests import incluster
from keyfleet.manifests.sealedsecrets.service import SEALED_SECRETS, SERVICE
from keyfleet.observe.listen import parse_listen

Manifest = dict[str, Any]


def by_kind(*dialects: str) -> dict[tuple[str, str], Manifest]:
    found = incluster.controller("keyfleet:test", dialects=dialects)
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def container(documents: dict[tuple[str, str], Manifest]) -> Manifest:
    pod = documents["Deployment", "keyfleet"]["spec"]["template"]["spec"]
    found: Manifest = pod["containers"][0]
    return found


def test_the_service_meets_the_port_that_is_listened_on() -> None:
    documents = by_kind(SEALED_SECRETS)
    spec = documents["Service", SERVICE]["spec"]
    template = documents["Deployment", "keyfleet"]["spec"]["template"]
    assert spec["selector"].items() <= template["metadata"]["labels"].items()
    (port,) = spec["ports"]
    ports = {one["name"]: one["containerPort"] for one in container(documents)["ports"]}
    prefix = "--sealed-secrets-listen="
    (listen,) = (word for word in container(documents)["args"] if word.startswith(prefix))
    address = parse_listen(listen.removeprefix(prefix).replace("$(POD_IP)", "10.1.2.3"))
    assert ports[port["targetPort"]] == address.port
    assert address.port != ports["metrics"]


def test_whoever_is_logged_in_may_go_through_this_service_alone() -> None:
    documents = by_kind(SEALED_SECRETS)
    role = documents["Role", "keyfleet-sealed-secrets-user"]
    named = {name for rule in role["rules"] for name in rule["resourceNames"]}
    assert named == {SERVICE, f"http:{SERVICE}:", f"http:{SERVICE}:http"}
    verbs = {verb for rule in role["rules"] for verb in rule["verbs"]}
    assert verbs == {"get", "create"}
    binding = documents["RoleBinding", "keyfleet-sealed-secrets-user"]
    assert [one["name"] for one in binding["subjects"]] == ["system:authenticated"]
    assert {role["metadata"]["namespace"], binding["metadata"]["namespace"]} == {"keyfleet-system"}


def test_without_the_dialect_nothing_is_served() -> None:
    documents = by_kind("eso")
    assert not [kind for kind, _ in documents if kind == "Service"]
    assert not [word for word in container(documents)["args"] if "sealed" in word]
    assert [port["name"] for port in container(documents)["ports"]] == ["metrics"]
