# SPDX-License-Identifier: Apache-2.0
"""CRDs as `install` applies them."""

import pytest

from keyfleet.manifests import crds

CRDS = {crd["spec"]["names"]["kind"]: crd for crd in crds()}


def test_there_is_one_for_each_kind_with_its_scope() -> None:
    assert {kind: crd["spec"]["scope"] for kind, crd in CRDS.items()} == {
        "FleetCluster": "Cluster",
        "FleetSecret": "Namespaced",
        "FleetPolicy": "Cluster",
    }


@pytest.mark.parametrize("kind", CRDS)
def test_keeps_unknown_fields_of_the_root_and_prunes_those_of_the_status(kind: str) -> None:
    schema = CRDS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["x-kubernetes-preserve-unknown-fields"]
    assert "x-kubernetes-preserve-unknown-fields" not in schema["properties"]["status"]


@pytest.mark.parametrize("kind", CRDS)
def test_has_a_status_of_its_own(kind: str) -> None:
    assert CRDS[kind]["spec"]["versions"][0]["subresources"] == {"status": {}}


def test_names_are_not_ambiguous() -> None:
    names = [crd["spec"]["names"] for crd in CRDS.values()]
    short = [name for found in names for name in (*found["shortNames"], found["singular"])]
    assert len(short) == len(set(short))


def test_shows_what_people_ask_first() -> None:
    version = CRDS["FleetSecret"]["spec"]["versions"][0]
    columns = [
        column["name"]
        for column in version["additionalPrinterColumns"]
        if not column.get("priority")
    ]
    assert columns == ["Ready", "In Sync", "Revision", "Reason", "Age"]
