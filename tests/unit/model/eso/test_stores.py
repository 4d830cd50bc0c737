# SPDX-License-Identifier: Apache-2.0
"""Stores and generators as declared in manifests of both versions."""

from datetime import timedelta
from typing import Any

import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.eso.stores import (
    INNER_SPECS,
    REVALIDATED_EVERY,
    controller_of,
    is_for,
    store_of,
    validated_every,
)
from keyfleet.model.stores import StoreRef

NAMESPACED = StoreRef("SecretStore", "aws", "shop")
WIDE = StoreRef("ClusterSecretStore", "aws")
FAKE = {"fake": {"data": [{"key": "a", "value": "b"}]}}


def manifest(spec: Any, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"uid": "u-1", "generation": 3, **metadata}, "spec": spec}


def refused(spec: Any, ref: StoreRef = NAMESPACED) -> str:
    with pytest.raises(InvalidIntentError) as caught:
        store_of(manifest(spec), ref, "team")
    return caught.value.path


def test_a_store_is_what_stands_under_the_key_of_its_provider() -> None:
    spec = {"provider": FAKE, "retrySettings": {"maxRetries": 5, "retryInterval": "1m30s"}}
    store = store_of(manifest(spec), NAMESPACED, "team")
    assert (store.provider, store.config) == ("fake", FAKE["fake"])
    assert (store.max_retries, store.retry_interval_s) == (5, 90.0)
    assert (store.uid, store.generation) == ("u-1", 3)


def test_only_stores_of_the_whole_cluster_look_where_the_asker_is() -> None:
    spec = manifest({"provider": FAKE})
    assert store_of(spec, NAMESPACED, "team").namespace == "shop"
    assert store_of(spec, WIDE, "team").namespace == "team"
    assert store_of(spec, WIDE, "").namespace == ""


def test_unknown_fields_are_ignored() -> None:
    store = store_of(manifest({"provider": FAKE, "later": 1}), NAMESPACED, "")
    assert store.provider == "fake"


@pytest.mark.parametrize("provider", [{}, {"a": {}, "b": {}}, {"a": None}])
def test_exactly_one_provider_is_named(provider: dict[str, Any]) -> None:
    assert refused({"provider": provider}) == "spec.provider"


def test_a_null_beside_the_provider_counts_as_absent() -> None:
    assert store_of(manifest({"provider": {**FAKE, "aws": None}}), WIDE, "").provider == "fake"


def test_a_provider_is_an_object() -> None:
    assert refused({"provider": {"aws": "eu"}}) == "spec.provider.aws"


def test_a_retry_interval_is_a_go_duration() -> None:
    spec = {"provider": FAKE, "retrySettings": {"retryInterval": "1d"}}
    assert refused(spec) == "spec.retrySettings.retryInterval"


def test_a_store_needs_a_spec() -> None:
    assert refused(None) == "spec"


def test_a_generator_is_called_after_its_kind() -> None:
    ref = StoreRef("Password", "pw", "shop")
    store = store_of(manifest({"length": 12}), ref, "team")
    assert (store.provider, store.config, store.namespace) == ("Password", {"length": 12}, "shop")


def test_a_generator_without_fields_may_leave_out_its_spec() -> None:
    assert store_of({"metadata": {}}, StoreRef("UUID", "id", "shop"), "").config == {}


def test_a_cluster_generator_is_what_it_holds_where_it_is_asked() -> None:
    ref = StoreRef("ClusterGenerator", "pw")
    spec = {"kind": "Password", "generator": {"passwordSpec": {"length": 12}}}
    store = store_of(manifest(spec), ref, "team")
    assert (store.provider, store.config, store.namespace) == ("Password", {"length": 12}, "team")


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "Password", "generator": {"uuidSpec": {}}},
        {"kind": "Password", "generator": {"passwordSpec": {}, "uuidSpec": {}}},
        {"kind": "Password", "generator": {}},
        {"kind": "Nothing", "generator": {"passwordSpec": {}}},
    ],
)
def test_a_cluster_generator_holds_the_kind_it_names(spec: dict[str, Any]) -> None:
    assert refused(spec, StoreRef("ClusterGenerator", "pw")) == "spec.generator"


def test_every_kind_of_generator_has_a_field_of_its_own() -> None:
    assert len(set(INNER_SPECS.values())) == len(INNER_SPECS) == 17


def test_a_controller_serves_its_class_and_what_names_none() -> None:
    mine, foreign = ({"controller": name, "provider": FAKE} for name in ("default", "other"))
    assert is_for("default", manifest(mine), NAMESPACED)
    assert is_for("default", manifest({"provider": FAKE}), NAMESPACED)
    assert not is_for("default", manifest(foreign), NAMESPACED)


def test_whose_a_broken_store_is_can_still_be_told() -> None:
    assert controller_of(manifest({"controller": "other"}), NAMESPACED) == "other"
    assert controller_of({}, NAMESPACED) == ""


def test_generators_have_a_class_too() -> None:
    ref = StoreRef("ClusterGenerator", "x")
    spec = {"kind": "Fake", "generator": {"fakeSpec": {"controller": "other"}}}
    assert controller_of(manifest(spec), ref) == "other"


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (None, REVALIDATED_EVERY),
        (0, REVALIDATED_EVERY),
        ("", REVALIDATED_EVERY),
        ("0", REVALIDATED_EVERY),
        (90, timedelta(seconds=90)),
        ("1m30s", timedelta(seconds=90)),
        # To validate is to log in: no store may have that done without a pause.
        ("1ns", timedelta(seconds=10)),
        (1, timedelta(seconds=10)),
        (10**18, timedelta(seconds=10**9)),
    ],
)
def test_how_often_a_store_is_validated(said: int | str | None, means: timedelta) -> None:
    assert validated_every(manifest({"provider": FAKE, "refreshInterval": said})) == means


@pytest.mark.parametrize("said", [-1, "-5s", "often", True, 1.5])
def test_no_interval_to_validate_a_store(said: Any) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        validated_every(manifest({"provider": FAKE, "refreshInterval": said}))
    assert caught.value.path == "spec.refreshInterval"
