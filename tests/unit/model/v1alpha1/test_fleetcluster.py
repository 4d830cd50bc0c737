# SPDX-License-Identifier: Apache-2.0
"""The shape of FleetCluster that scripts rely on."""

from keyfleet.model.v1alpha1 import (
    ClusterIdentity,
    FleetClusterSpec,
    FleetClusterStatus,
    parse_spec,
    to_document,
)


def test_reads_a_kubeconfig_reference_with_the_key_of_cluster_api() -> None:
    document = {"spec": {"kubeconfigRef": {"namespace": "fleet", "name": "east-kubeconfig"}}}
    reference = parse_spec(FleetClusterSpec, document).kubeconfig_ref
    assert reference is not None
    assert reference.key == "value"


def test_keeps_the_secrets_of_a_removed_cluster_by_default() -> None:
    assert parse_spec(FleetClusterSpec, {"spec": {"context": "east"}}).on_removed == "Retain"


def test_writes_the_status_under_its_public_names() -> None:
    identity = ClusterIdentity(uid="u", ca_sha256="c", pinned_at="t")
    status = FleetClusterStatus(roles=("hub",), reachable=False, identity=identity)
    assert to_document(status) == {
        "roles": ["hub"],
        "reachable": False,
        "identity": {"uid": "u", "caSHA256": "c", "pinnedAt": "t"},
    }
