# SPDX-License-Identifier: Apache-2.0
"""The checked-in files that are made from the native types."""

from typing import Any

from keyfleet.base.codec import encode_yaml
from keyfleet.manifests import incluster
from keyfleet.manifests.admission import admission_policies
from keyfleet.manifests.crds import crds
from keyfleet.manifests.reference import resources_page
from keyfleet.manifests.rightspage import rights_page

IMAGE = "keyfleet:latest"
"""Stands in the checked-in Deployment; `install --controller IMAGE --print` writes another."""
NAMESPACES = ("shop",)
"""Stand in the checked-in RoleBindings."""

_HEAD = "# Made by `python -m keyfleet.manifests`; do not edit.\n"


def generated_files() -> dict[str, str]:
    """Return path below the repository -> content."""
    pages = {
        "docs/reference/resources.md": resources_page(),
        "docs/reference/rights.md": rights_page(),
        "deploy/incluster/controller.yaml": _yaml(*incluster.controller(IMAGE)),
        "deploy/incluster/member.yaml": _yaml(*incluster.member()),
        "deploy/incluster/member-of-namespaces.yaml": _yaml(*incluster.member(NAMESPACES)),
    }
    for crd in crds():
        pages[f"deploy/crds/{crd['metadata']['name']}.yaml"] = _yaml(crd)
    objects = admission_policies()
    for policy, binding in zip(objects[::2], objects[1::2], strict=True):
        pages[f"deploy/admission/{policy['metadata']['name']}.yaml"] = _yaml(policy, binding)
    return pages


def _yaml(*documents: dict[str, Any]) -> str:
    return _HEAD + "---\n".join(encode_yaml(document) for document in documents)
