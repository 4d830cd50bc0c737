# SPDX-License-Identifier: Apache-2.0
"""What no manifest may ask for."""

import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.v1alpha1 import FleetClusterSpec
from keyfleet.model.v1alpha1.fleetcluster import ClusterSealing, KubeconfigReference
from keyfleet.model.v1alpha1.limits import SPECIAL_TYPES, check_cluster, check_type
from keyfleet.testing.sealing import key_pair

PEM = key_pair("one").certificate.decode()
REFERENCE = KubeconfigReference(namespace="a", name="b")


@pytest.mark.parametrize("secret_type", sorted(SPECIAL_TYPES))
def test_refuses_types_that_make_authority(secret_type: str) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        check_type(secret_type, path="spec.template.type")
    assert (caught.value.code, caught.value.path) == ("intent.special_type", "spec.template.type")


@pytest.mark.parametrize("secret_type", ["", "Opaque", "kubernetes.io/tls", "example.com/own"])
def test_takes_ordinary_types(secret_type: str) -> None:
    check_type(secret_type, path="spec.template.type")


@pytest.mark.parametrize(
    "spec",
    [
        FleetClusterSpec(context="a"),
        FleetClusterSpec(kubeconfig_ref=REFERENCE),
        FleetClusterSpec(in_cluster=True),
    ],
)
def test_takes_one_way_to_a_cluster(spec: FleetClusterSpec) -> None:
    check_cluster(spec)


@pytest.mark.parametrize(
    "spec",
    [
        FleetClusterSpec(),
        FleetClusterSpec(context="a", in_cluster=True),
        FleetClusterSpec(context="a", kubeconfig_ref=REFERENCE),
    ],
)
def test_refuses_no_way_and_two_ways(spec: FleetClusterSpec) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        check_cluster(spec)
    assert caught.value.path == "spec"


def test_a_certificate_that_is_none_is_refused_where_it_is_declared() -> None:
    check_cluster(FleetClusterSpec(context="a", sealing=ClusterSealing(certificate=PEM)))
    with pytest.raises(InvalidIntentError) as caught:
        check_cluster(FleetClusterSpec(context="a", sealing=ClusterSealing(certificate="none")))
    assert caught.value.path == "spec.sealing.certificate"
