# SPDX-License-Identifier: Apache-2.0
"""The foreign CRDs on a real API server: accepted as they are, with upstream's defaults."""

from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic
from typing import Any

import pytest

from keyfleet.kube.resources import CRDS, EXTERNALSECRETS
from keyfleet.localplane import ControlPlane
from keyfleet.manifests.eso import FOREIGN_KINDS, eso_crds

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
ROOT = "/apis/external-secrets.io"
PLACE = "namespaces/default"
ENTRY = {"secretKey": "password", "remoteRef": {"key": "db"}}
REMOTE = {"key": "prod/database/credentials", "property": "username"}


def until(check: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not check():
        assert monotonic() < deadline, "the condition did not come true in 30 s"
        Event().wait(0.02)


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    plane = ControlPlane("esocrds")
    try:
        plane.open()
        for crd in eso_crds():
            plane.api.must("POST", f"{CRDS.path()}?fieldValidation=Strict", crd)
        for kind in FOREIGN_KINDS:
            until(lambda kind=kind: _is_served(plane, kind.label))  # type: ignore[misc]
        yield plane
    finally:
        plane.close()


def _is_served(plane: ControlPlane, name: str) -> bool:
    status = plane.api.must("GET", CRDS.path(name=name)).get("status", {})
    found = {one["type"]: one["status"] for one in status.get("conditions") or []}
    assert found.get("NonStructuralSchema") is None, status
    return found.get("Established") == "True"


def created(plane: ControlPlane, path: str, kind: str, spec: Any, name: str) -> dict[str, Any]:
    group = "generators.external-secrets.io" if "generators" in path else "external-secrets.io"
    version = path.split("/")[3]
    body = {
        "apiVersion": f"{group}/{version}",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }
    found: dict[str, Any] = plane.api.must("POST", path, body)
    return found


def external_secret(plane: ControlPlane, version: str, spec: Any, name: str) -> dict[str, Any]:
    path = f"{ROOT}/{version}/{PLACE}/externalsecrets"
    return created(plane, path, "ExternalSecret", spec, name)


def test_every_kind_is_served_under_its_short_name(plane: ControlPlane) -> None:
    for version in ("v1", "v1beta1"):
        served = plane.api.must("GET", f"{ROOT}/{version}")["resources"]
        names = {one["name"]: one for one in served if "/" not in one["name"]}
        assert {name: one["shortNames"] for name, one in names.items()} == {
            "clusterexternalsecrets": ["ces"],
            "clustersecretstores": ["css"],
            "externalsecrets": ["es"],
            "secretstores": ["ss"],
        }
        assert all(one["categories"] == ["external-secrets"] for one in names.values())


def test_a_manifest_of_v1beta1_gets_its_defaults_and_is_read_as_v1(plane: ControlPlane) -> None:
    spec = {
        "secretStoreRef": {"name": "aws", "kind": "SecretStore"},
        "data": [{"secretKey": "username", "remoteRef": REMOTE}],
        "dataFrom": [{"find": {"path": "a"}}, {"extract": {"key": "b"}}],
        "target": {"template": {"templateFrom": [{"literal": "a: b"}]}},
    }
    found = external_secret(plane, "v1beta1", spec, "old")["spec"]
    strategies = {"conversionStrategy": "Default", "decodingStrategy": "None"}
    assert found["data"][0]["remoteRef"] == {**REMOTE, **strategies, "metadataPolicy": "None"}
    assert found["dataFrom"][0]["find"] == {"path": "a", **strategies}
    assert found["refreshInterval"] == "1h0m0s"
    target = found["target"]
    assert (target["creationPolicy"], target["deletionPolicy"]) == ("Owner", "Retain")
    template = target["template"]
    assert (template["engineVersion"], template["mergePolicy"]) == ("v2", "Replace")
    assert template["templateFrom"] == [{"literal": "a: b", "target": "Data"}]
    newer = plane.api.must("GET", f"{ROOT}/v1/{PLACE}/externalsecrets/old")
    assert newer["spec"] == found


def test_a_manifest_of_v1_gets_no_more_than_upstream_gives(plane: ControlPlane) -> None:
    found = external_secret(plane, "v1", {"data": [ENTRY]}, "new")["spec"]
    assert found == {
        "data": [ENTRY],
        "refreshInterval": "1h0m0s",
        "target": {"creationPolicy": "Owner", "deletionPolicy": "Retain"},
    }


def test_what_is_not_known_here_is_kept(plane: ControlPlane) -> None:
    spec = {"data": [{**ENTRY, "later": {"a": [1]}}], "newer": True}
    found = external_secret(plane, "v1", spec, "later")["spec"]
    assert (found["data"][0]["later"], found["newer"]) == ({"a": [1]}, True)


@pytest.mark.parametrize(
    ("version", "spec"),
    [
        ("v1", {"data": [{"secretKey": "a"}]}),
        ("v1", {"data": [{**ENTRY, "secretKey": "a/b"}]}),
        ("v1", {"target": {"creationPolicy": "Sometimes"}}),
        ("v1beta1", {"target": {"creationPolicy": "CreateOrMerge"}}),
        ("v1", {"dataFrom": [{"rewrite": [{}]}]}),
        ("v1", {"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "X", "name": "a"}}}]}),
        ("v1", {"secretStoreRef": {"name": "A b"}}),
        ("v1", {"syncWindows": {"kind": "allow", "windows": []}}),
        ("v1", {"refreshPolicy": "Never"}),
    ],
)
def test_what_upstream_refuses_is_refused(plane: ControlPlane, version: str, spec: Any) -> None:
    body = {
        "apiVersion": f"external-secrets.io/{version}",
        "kind": "ExternalSecret",
        "metadata": {"name": "bad"},
        "spec": spec,
    }
    status = plane.api.call("POST", f"{ROOT}/{version}/{PLACE}/externalsecrets", body).status
    assert status == 422


def test_stores_say_how_often_they_are_validated_in_both_ways(plane: ControlPlane) -> None:
    for name, interval in (("number", 300), ("text", "5m")):
        spec: dict[str, Any] = {"provider": {"fake": {"data": []}}, "refreshInterval": interval}
        found = created(plane, f"{ROOT}/v1/{PLACE}/secretstores", "SecretStore", spec, name)
        assert found["spec"] == spec


def test_a_store_names_one_provider(plane: ControlPlane) -> None:
    providers: tuple[dict[str, Any], ...] = ({}, {"a": {}, "b": {}})
    for provider in providers:
        body = {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ClusterSecretStore",
            "metadata": {"name": "bad"},
            "spec": {"provider": provider},
        }
        status = plane.api.call("POST", f"{ROOT}/v1/clustersecretstores", body).status
        assert status == 422


def test_generators_get_their_defaults(plane: ControlPlane) -> None:
    root = f"/apis/generators.external-secrets.io/v1alpha1/{PLACE}"
    password = created(plane, f"{root}/passwords", "Password", {}, "pw")["spec"]
    assert password == {"allowRepeat": False, "encoding": "raw", "length": 24, "noUpper": False}
    key = created(plane, f"{root}/sshkeys", "SSHKey", {}, "key")["spec"]
    assert key == {"keyType": "rsa"}
    wide = "/apis/generators.external-secrets.io/v1alpha1/clustergenerators"
    spec = {"kind": "Password", "generator": {"passwordSpec": {"length": 9}}}
    found = created(plane, wide, "ClusterGenerator", spec, "pw")["spec"]
    assert found["generator"]["passwordSpec"]["encoding"] == "raw"


def test_lists_are_narrowed_by_the_store(plane: ControlPlane) -> None:
    external_secret(plane, "v1", {"secretStoreRef": {"name": "one"}, "data": [ENTRY]}, "of-one")
    query = "fieldSelector=spec.secretStoreRef.name%3Done"
    found = plane.api.must("GET", f"{EXTERNALSECRETS.path()}?{query}")["items"]
    assert [each["metadata"]["name"] for each in found] == ["of-one"]


def test_a_status_is_written_apart(plane: ControlPlane) -> None:
    external_secret(plane, "v1", {"data": [ENTRY]}, "told")
    path = f"{ROOT}/v1/{PLACE}/externalsecrets/told"
    status = {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "SecretSynced",
                "message": "secret synced",
                "lastTransitionTime": "2026-11-21T10:00:00Z",
            }
        ],
        "refreshTime": "2026-11-21T10:00:00Z",
        "syncedResourceVersion": "1-abc",
        "binding": {"name": "told"},
    }
    live = plane.api.must("GET", path)
    written = plane.api.must("PUT", f"{path}/status", live | {"status": status})
    assert written["status"] == status
    assert written["metadata"]["generation"] == live["metadata"]["generation"]
