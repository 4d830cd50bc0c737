# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import TransformError
from keyfleet.engine.sealing.keysecrets import KEY_LABEL
from keyfleet.transform.metadata import check_metadata


def test_accepts_ordinary_metadata() -> None:
    check_metadata(
        {"team": "pay", "example.com/tier": "", "app.kubernetes.io/managed-by": "keyfleet"},
        {"example.com/Note": "any text\nat all", "mykeyfleet.io/x": "another domain"},
    )


@pytest.mark.parametrize(
    "key", ["keyfleet.io/hub", "keyfleet.io/owner", "a.b.keyfleet.io/x", "Keyfleet.IO/owner"]
)
@pytest.mark.parametrize("kind", ["labels", "annotations"])
def test_refuses_names_of_keyfleets_own_domain(key: str, kind: str) -> None:
    with pytest.raises(TransformError) as caught:
        check_metadata({key: "x"} if kind == "labels" else {}, {key: "x"})
    assert ("transform.metadata_reserved", key) == (caught.value.code, caught.value.key)


@pytest.mark.parametrize(
    "key", ["kubernetes.io/service-account.name", "Kubernetes.io/service-account.UID"]
)
def test_refuses_to_bind_a_target_to_a_service_account(key: str) -> None:
    """CVE-2026-42876: what a token controller reads is never written on a tenant's word."""
    with pytest.raises(TransformError) as caught:
        check_metadata({}, {key: "default"})
    assert ("transform.metadata_reserved", key) == (caught.value.code, caught.value.key)


def test_refuses_to_make_a_sealing_key() -> None:
    """Who knew the key would read all that is sealed from then on."""
    with pytest.raises(TransformError) as caught:
        check_metadata({KEY_LABEL: "active"}, {})
    assert (caught.value.code, caught.value.key) == ("transform.metadata_reserved", KEY_LABEL)


def test_refuses_to_name_another_manager() -> None:
    with pytest.raises(TransformError) as caught:
        check_metadata({"app.kubernetes.io/managed-by": "Helm"}, {})
    assert caught.value.code == "transform.metadata_reserved"


@pytest.mark.parametrize(
    "labels", [{"a": "b c"}, {"-a": "b"}, {"a/b/c": "d"}, {"": ""}, {"a": "x" * 64}]
)
def test_refuses_labels_that_an_api_server_refuses(labels: dict[str, str]) -> None:
    with pytest.raises(TransformError) as caught:
        check_metadata(labels, {})
    assert caught.value.code == "transform.metadata_invalid"


@pytest.mark.parametrize(
    "annotations", [{"a b": "c"}, {"": ""}, {"a": "x" * 262_144}, {"a": "\udcff"}]
)
def test_refuses_annotations_that_an_api_server_refuses(annotations: dict[str, str]) -> None:
    with pytest.raises(TransformError) as caught:
        check_metadata({}, annotations)
    assert caught.value.code == "transform.metadata_invalid"
