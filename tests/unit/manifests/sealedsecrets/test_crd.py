# SPDX-License-Identifier: Apache-2.0
"""The CRD is upstream's in all that a manifest, a controller or a person relies on.

Source: compat/sealed-secrets.md 2, 2.1, 2.3.
"""

from typing import Any

from keyfleet.manifests.sealedsecrets import KINDS, sealedsecrets_crds

(CRD,) = sealedsecrets_crds()
(VERSION,) = CRD["spec"]["versions"]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]


def properties(*path: str) -> dict[str, Any]:
    found = SCHEMA
    for name in path:
        found = found["properties"][name]
    properties: dict[str, Any] = found["properties"]
    return properties


def test_names() -> None:
    assert CRD["metadata"]["name"] == KINDS[0].label == "sealedsecrets.bitnami.com"
    assert CRD["spec"]["scope"] == "Namespaced"
    assert CRD["spec"]["names"] == {
        "kind": "SealedSecret",
        "listKind": "SealedSecretList",
        "plural": "sealedsecrets",
        "singular": "sealedsecret",
    }
    assert VERSION["name"] == "v1alpha1"
    assert (VERSION["served"], VERSION["storage"]) == (True, True)
    assert VERSION["subresources"] == {"status": {}}


def test_columns() -> None:
    columns = [(one["name"], one["jsonPath"]) for one in VERSION["additionalPrinterColumns"]]
    assert columns == [
        ("Status", ".status.conditions[0].message"),
        ("Synced", ".status.conditions[0].status"),
        ("Age", ".metadata.creationTimestamp"),
    ]


def test_what_is_required_and_what_is_kept() -> None:
    spec = SCHEMA["properties"]["spec"]
    assert SCHEMA["required"] == ["spec"]
    assert spec["required"] == ["encryptedData"]
    assert set(spec["properties"]) == {"encryptedData", "data", "template"}
    template = properties("spec", "template")
    assert set(template) == {"metadata", "type", "immutable", "data"}
    keeps = "x-kubernetes-preserve-unknown-fields"
    assert spec["properties"]["encryptedData"][keeps] is True
    assert template["metadata"][keeps] is True
    assert keeps not in spec
    assert keeps not in spec["properties"]["template"]
    assert (template["metadata"]["nullable"], template["data"]["nullable"]) == (True, True)


def test_the_status_has_room_for_all_that_is_said() -> None:
    assert set(properties("status")) == {"observedGeneration", "conditions"}
    condition = properties("status")["conditions"]["items"]
    assert condition["required"] == ["type", "status"]
    assert set(condition["properties"]) == {
        *("type", "status", "reason", "message", "lastUpdateTime", "lastTransitionTime"),
    }
