# SPDX-License-Identifier: Apache-2.0
"""What a store may name, and where that is looked up."""

import base64
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster

from keyfleet.base.errors import (
    DeniedError,
    InvalidIntentError,
    KeyfleetError,
    NotFoundError,
    NotReadyError,
    UnreachableError,
)
from keyfleet.base.secret import SecretValue
from keyfleet.engine.stores.references import REFERENT_UNKNOWN, ClusterReferences
from keyfleet.kube.resources import CONFIGMAPS, SERVICE_ACCOUNTS
from keyfleet.localplane.pki import Authority
from keyfleet.model.intent import SecretRef
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import Store, StoreRef
from keyfleet.testing.canary import canary

EAST = ClusterName("east")
NARROW = Store(StoreRef("SecretStore", "vault", "payments", EAST), "counting", {}, "payments")
WIDE_REF = StoreRef("ClusterSecretStore", "vault", cluster=EAST)
WIDE = Store(WIDE_REF, "counting", {})
ASKED = Store(WIDE_REF, "counting", {}, "shop")
PEM = Authority("test").ca_pem.decode()
VALUE = SecretValue(canary("password"))


class Bench:
    """One store and its cluster."""

    def __init__(self, store: Store = NARROW) -> None:
        self.cluster = FakeCluster("east")
        self.cluster.put_secret("login", "payments", password=VALUE)
        self.references = ClusterReferences(store, lambda: self.cluster)

    async def secret(self, **selector: Any) -> SecretValue:
        return await self.references.secret(
            {"name": "login", "key": "password", **selector}, path="auth.secretRef"
        )


async def test_a_secret_store_looks_in_its_own_namespace() -> None:
    bench = Bench()
    assert await bench.secret() == VALUE
    assert await bench.secret(namespace="payments") == VALUE
    assert list(bench.references.looked) == [SecretRef("payments", "login", EAST)]


async def test_a_secret_store_reaches_no_other_namespace() -> None:
    bench = Bench()
    with pytest.raises(InvalidIntentError) as caught:
        await bench.secret(namespace="kube-system")
    assert (caught.value.code, caught.value.path) == ("store.selector", "auth.secretRef.namespace")
    assert bench.cluster.asked == []


async def test_a_cluster_store_reaches_what_it_names() -> None:
    bench = Bench(WIDE)
    assert await bench.secret(namespace="payments") == VALUE


async def test_a_cluster_store_without_namespace_looks_where_the_asking_manifest_is() -> None:
    bench = Bench(ASKED)
    bench.cluster.put_secret("login", "shop", password=SecretValue(canary("shop")))
    assert await bench.secret() == SecretValue(canary("shop"))


async def test_nobody_asking_is_said_as_such() -> None:
    with pytest.raises(NotReadyError) as caught:
        await Bench(WIDE).secret()
    assert caught.value.code == REFERENT_UNKNOWN


@pytest.mark.parametrize("selector", [{"name": "absent"}, {"key": "absent"}])
async def test_absent_and_forbidden_look_the_same(selector: dict[str, str]) -> None:
    bench, forbidden = Bench(), Bench()
    with pytest.raises(NotReadyError) as absent:
        await bench.secret(**selector)
    forbidden.cluster.errors["get Secret"] = [DeniedError("api.forbidden", "forbidden")]
    with pytest.raises(NotReadyError) as denied:
        await forbidden.secret(**selector)
    assert (absent.value.code, absent.value.message) == (denied.value.code, denied.value.message)


async def test_no_answer_is_no_absence() -> None:
    bench = Bench()
    bench.cluster.errors["get Secret"] = [UnreachableError("api.timeout", "no answer")]
    with pytest.raises(UnreachableError):
        await bench.secret()
    assert bench.references.looked == {}


async def test_what_was_absent_is_remembered_so_that_its_coming_is_noticed() -> None:
    bench = Bench()
    with pytest.raises(NotReadyError):
        await bench.secret(name="later")
    assert bench.references.looked == {SecretRef("payments", "later", EAST): ""}


@pytest.mark.parametrize(
    "selector", [{"name": ""}, {"key": ""}, {"name": 7}, {"namespace": ["payments"]}]
)
async def test_a_selector_that_is_none_says_where(selector: dict[str, Any]) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        await Bench().secret(**selector)
    assert caught.value.path == f"auth.secretRef.{next(iter(selector))}"


async def test_a_provider_may_say_which_key_is_meant() -> None:
    bench = Bench()
    found = await bench.references.secret({"name": "login"}, path="auth", key="password")
    assert found == VALUE


@pytest.mark.parametrize("text", [PEM, base64.b64encode(PEM.encode()).decode()])
async def test_a_bundle_is_pem_or_base64_of_it(text: str) -> None:
    found = await Bench().references.authority({"caBundle": text}, path="spec")
    assert found == PEM


@pytest.mark.parametrize("text", ["no PEM", base64.b64encode(b"no PEM").decode(), 7])
async def test_a_bundle_that_is_none_is_refused_without_being_quoted(text: Any) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        await Bench().references.authority({"caBundle": text}, path="spec")
    assert caught.value.path == "spec.caBundle"
    assert "no PEM" not in str(caught.value)


async def test_no_authority_is_the_systems() -> None:
    assert not await Bench().references.authority({}, path="spec")


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
@pytest.mark.parametrize("store", [NARROW, WIDE])
async def test_an_authority_comes_from_an_object(kind: str, store: Store) -> None:
    bench = Bench(store)
    values: dict[str, Any] = {"ca.crt": SecretValue(PEM.encode())}
    bench.cluster.put_secret("ca", "payments", **values)
    bench.cluster.put(CONFIGMAPS, "ca", namespace="payments", data={"ca.crt": PEM})
    place = {"namespace": "payments"} if store is WIDE else {}
    provider = {"type": kind, "name": "ca", "key": "ca.crt", **place}
    assert await bench.references.authority({"caProvider": provider}, path="spec") == PEM
    assert [ref.kind for ref in bench.references.looked] == [kind]


@pytest.mark.parametrize(("store", "place"), [(NARROW, {"namespace": "payments"}), (WIDE, {})])
async def test_where_an_authority_is_depends_on_the_scope(
    store: Store, place: dict[str, str]
) -> None:
    provider = {"type": "Secret", "name": "ca", "key": "k", **place}
    with pytest.raises(InvalidIntentError) as caught:
        await Bench(store).references.authority({"caProvider": provider}, path="spec")
    assert caught.value.path == "spec.caProvider.namespace"


@pytest.mark.parametrize("provider", [{"type": "Other"}, {"type": "ConfigMap", "key": ""}, {}])
async def test_an_authority_that_names_nothing_is_refused(provider: dict[str, Any]) -> None:
    with pytest.raises(KeyfleetError) as caught:
        await Bench().references.authority({"caProvider": {"name": "ca", **provider}}, path="spec")
    assert caught.value.code in ("store.selector", "store.reference_missing")


async def test_annotations_of_a_service_account() -> None:
    bench = Bench()
    annotations = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r"}
    bench.cluster.put(
        SERVICE_ACCOUNTS, "reader", namespace="payments", metadata={"annotations": annotations}
    )
    found = await bench.references.service_account({"name": "reader"}, path="auth")
    assert found == annotations
    with pytest.raises(NotReadyError):
        await bench.references.service_account({"name": "absent"}, path="auth")


async def test_a_token_is_asked_for_with_all_audiences(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    async def issue(*who: Any, audiences: list[str], seconds: int) -> SecretValue:
        asked.append((*who[1:], audiences, seconds))
        return VALUE

    monkeypatch.setattr("keyfleet.engine.stores.references.service_account_token", issue)
    selector = {"name": "reader", "audiences": ["more"]}
    found = await Bench().references.token(selector, audiences=["vault"], seconds=600, path="auth")
    assert found == VALUE
    assert asked == [("payments", "reader", ["vault", "more"], 600)]


async def test_a_token_that_may_not_be_asked_for_says_what_to_grant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(*_: Any, **__: Any) -> SecretValue:
        raise NotFoundError("api.not_found", "absent")

    monkeypatch.setattr("keyfleet.engine.stores.references.service_account_token", refuse)
    with pytest.raises(NotReadyError) as caught:
        await Bench().references.token({"name": "reader"}, audiences=[], seconds=1, path="auth")
    assert "serviceaccounts/token" in caught.value.hint
    with pytest.raises(InvalidIntentError):
        await Bench().references.token(
            {"name": "reader", "audiences": [7]}, audiences=[], seconds=1, path="auth"
        )


async def test_the_own_server_is_the_clusters() -> None:
    bench = Bench()
    assert bench.references.own_server() == bench.cluster.transport.endpoint
