# SPDX-License-Identifier: Apache-2.0
"""The CEL expression covers what the types declare."""

import pytest

from keyfleet.manifests.unknown_fields import unknown_fields
from keyfleet.model.v1alpha1 import FleetPolicySpec, FleetSecretSpec


@pytest.mark.parametrize(
    "path",
    [
        "'spec.placement.clusters.selector.matchExpressions[].' + k",
        "'spec.data[].' + k",
        "'spec.source.secretRef.' + k",
        "'spec.template.metadata.' + k",
    ],
)
def test_looks_into_every_object_and_list(path: str) -> None:
    assert path in unknown_fields(FleetSecretSpec)


def test_does_not_judge_the_keys_of_maps() -> None:
    assert "matchLabels." not in unknown_fields(FleetSecretSpec)


def test_names_items_of_lists_in_lists_apart() -> None:
    """A variable that shadows the outer one would look into the wrong item."""
    text = unknown_fields(FleetPolicySpec)
    assert "has(i0.targets)" in text
    assert "i1.filter(k, !(k in ['key', 'operator', 'values']))" in text
