# SPDX-License-Identifier: Apache-2.0
"""The foreign CRDs agree with what the dialect parses; a real API server takes them elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest

from keyfleet.dialects.eso import DIALECT
from keyfleet.dialects.eso.kinds import ClusterExternalSecretSpec, ExternalSecretSpec
from keyfleet.dialects.eso.spelling import DEFAULTS
from keyfleet.manifests.eso import FOREIGN_KINDS, eso_crds
from keyfleet.model.v1alpha1 import structure
from keyfleet.model.v1alpha1.parsing import parse_part

CRDS = {crd["spec"]["names"]["kind"]: crd for crd in eso_crds()}


def schema(kind: str, version: str = "v1") -> dict[str, Any]:
    versions = {one["name"]: one for one in CRDS[kind]["spec"]["versions"]}
    found: dict[str, Any] = versions[version]["schema"]["openAPIV3Schema"]
    return found


def defaults(node: Any) -> Iterator[tuple[str, Any]]:
    for name, below in node.get("properties", {}).items():
        if "default" in below and below["type"] != "object":
            yield name, below["default"]
        yield from defaults(below)
    if "items" in node:
        yield from defaults(node["items"])


def test_every_kind_that_is_looked_at_has_one_with_all_its_versions() -> None:
    for kind in DIALECT.kinds:
        crd = CRDS[kind.resource.kind]
        assert crd["metadata"]["name"] == kind.resource.label
        versions = [one["name"] for one in crd["spec"]["versions"]]
        assert versions == [kind.resource.version, *kind.versions]
        assert ("status" in schema(kind.resource.kind, versions[0])["properties"]) is (
            kind.has_status
        )
    assert {kind.label for kind in FOREIGN_KINDS} == {
        crd["metadata"]["name"] for crd in CRDS.values()
    }


def test_they_are_marked_as_ours() -> None:
    labels = {crd["metadata"]["labels"]["app.kubernetes.io/managed-by"] for crd in CRDS.values()}
    assert labels == {"keyfleet"}


@pytest.mark.parametrize(
    ("kind", "struct"),
    [
        ("ExternalSecret", ExternalSecretSpec),
        ("ClusterExternalSecret", ClusterExternalSecretSpec),
    ],
)
def test_the_fields_are_those_that_are_parsed(kind: str, struct: Any) -> None:
    known = set(schema(kind)["properties"]["spec"]["properties"])
    assert set(structure.fields(structure.structure(struct))) == known - {"externalSecretSpec"}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_defaults_are_what_is_meant_where_nothing_is_written(version: str) -> None:
    spec = schema("ExternalSecret", version)["properties"]["spec"]
    assert {name: DEFAULTS[name] for name, _ in defaults(spec)} == dict(defaults(spec))
    bare = parse_part(ExternalSecretSpec, {}, path="spec", is_foreign=True)
    target = spec["properties"]["target"]["default"] | {"template": {}}
    full = {"target": target, "refreshInterval": "1h0m0s"}
    parsed = parse_part(ExternalSecretSpec, full, path="spec", is_foreign=True)
    assert parsed.target.creation_policy is bare.target.creation_policy
    assert parsed.target.deletion_policy is bare.target.deletion_policy
    assert parsed.refresh_interval == bare.refresh_interval


def test_fields_to_narrow_lists_by_can_be_left_out() -> None:
    plain = {crd["spec"]["names"]["kind"]: crd for crd in eso_crds(are_selectable=False)}
    assert "selectableFields" in CRDS["ExternalSecret"]["spec"]["versions"][0]
    assert "selectableFields" not in plain["ExternalSecret"]["spec"]["versions"][0]
