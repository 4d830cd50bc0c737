# SPDX-License-Identifier: Apache-2.0
"""What a hub needs, in order."""

from keyfleet.manifests import everything, namespace


def test_policies_come_before_the_kinds_they_guard() -> None:
    kinds = [found["kind"] for found in everything()]
    assert kinds[0] == "Namespace"
    assert kinds.index("CustomResourceDefinition") > max(
        index for index, kind in enumerate(kinds) if kind.startswith("ValidatingAdmission")
    )


def test_the_namespace_tells_the_annotation_domain() -> None:
    metadata = everything(domain="sync.example.com")[0]["metadata"]
    assert metadata["annotations"] == {"keyfleet.io/annotation-domain": "sync.example.com"}
    assert namespace()["metadata"]["name"] == "keyfleet-system"
