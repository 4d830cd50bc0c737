# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.kube.resources import FLEETCLUSTERS, FLEETSECRETS, NAMESPACES, SECRETS, Resource


@pytest.mark.parametrize(
    ("resource", "place", "path"),
    [
        (SECRETS, {}, "/api/v1/secrets"),
        (SECRETS, {"namespace": "a"}, "/api/v1/namespaces/a/secrets"),
        (NAMESPACES, {"name": "a"}, "/api/v1/namespaces/a"),
        (
            FLEETSECRETS,
            {"namespace": "a", "name": "b", "subresource": "status"},
            "/apis/keyfleet.io/v1alpha1/namespaces/a/fleetsecrets/b/status",
        ),
        (FLEETCLUSTERS, {"namespace": "a"}, "/apis/keyfleet.io/v1alpha1/fleetclusters"),
    ],
)
def test_paths_follow_the_api_conventions(
    resource: Resource, place: dict[str, str], path: str
) -> None:
    assert path == resource.path(**place)


def test_a_name_cannot_leave_its_path_segment() -> None:
    assert (
        SECRETS.path(namespace="a/../b", name="../x").count("/")
        == len(["", "api", "v1", "namespaces", "a", "secrets", "b"]) - 1
    )


def test_a_kind_is_called_as_kubectl_calls_it() -> None:
    assert (SECRETS.label, FLEETSECRETS.label) == ("secrets", "fleetsecrets.keyfleet.io")
