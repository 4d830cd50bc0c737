# SPDX-License-Identifier: Apache-2.0
"""`VaultDynamicSecret` at engines of a real server: leases live on, other tokens do not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.cluster.sources.vault.stores import Place, ask
from tests.unit.sources.vault.fakevault import References

from keyfleet.base.errors import PermanentError
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.api import Api
from keyfleet.localplane.vault import Vault
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import How, Query, Store, StoreRef
from keyfleet.sources.vault import GENERATOR
from keyfleet.sources.vault.dynamic import DynamicSession
from keyfleet.testing.canary import canary

WANTED = Query(How.GENERATE)


@pytest.fixture
def place(openbao: Vault) -> Place:
    """Somebody who may do everything below their mounts, and logs in by password."""
    place = Place(openbao)
    all_verbs = ["create", "read", "update", "delete", "list"]
    paths = (f"{place.name}*", "auth/token/create")
    openbao.policy(place.name, dict.fromkeys(paths, all_verbs))
    openbao.enable_auth(place.name, "userpass")
    password = canary("dynamic")
    path = f"auth/{place.name}/users/ann"
    openbao.write(path, password=password.decode(), token_policies=[place.name])
    place.credentials["pw"] = password
    return place


@asynccontextmanager
async def opened(place: Place, **spec: Any) -> AsyncIterator[DynamicSession]:
    login = {"path": place.name, "username": "ann", "secretRef": {"name": "pw"}}
    provider = {"server": place.server.url, "auth": {"userPass": login}}
    ref = StoreRef("VaultDynamicSecret", "made", "pay", ClusterName(""))
    made = Store(ref, ref.kind, {"provider": provider, **spec}, namespace="pay")
    session = await GENERATOR.open(made, References(place.credentials), place.means())
    try:
        yield session
    finally:
        await session.close()


def last(place: Place) -> str:
    return place.server.requests()[-1].path


@pytest.fixture
def robots(place: Place, hub: ControlPlane, namespace: str) -> str:
    """An engine that asks a real API server for tokens of a ServiceAccount."""
    engine = f"{place.name}-kubernetes"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
    hub.api.must("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
    place.server.enable_engine(engine, "kubernetes")
    place.server.write(
        f"{engine}/config",
        kubernetes_host=hub.url,
        kubernetes_ca_cert=hub.ca_pem.decode(),
        service_account_jwt=hub.api.token,
        disable_local_ca_jwt=True,
    )
    place.server.write(
        f"{engine}/roles/app",
        allowed_kubernetes_namespaces=[namespace],
        service_account_name="robot",
    )
    return engine


async def test_a_leased_token_outlives_the_session(
    place: Place, robots: str, hub: ControlPlane, namespace: str
) -> None:
    """Each answer is a new one, and revoking our token would end them all."""
    spec = {
        "path": f"{robots}/creds/app",
        "method": "POST",
        "parameters": {"kubernetes_namespace": namespace},
    }
    async with opened(place, **spec, resultType="Raw") as session:
        lease = (await ask(session, WANTED))["lease_id"].decode()
    assert last(place) == f"{robots}/creds/app", "the token was not revoked"
    assert place.server.call("PUT", "sys/leases/lookup", {"lease_id": lease}).status == 200
    async with opened(place, **spec) as session:
        first, second = await ask(session, WANTED), await ask(session, WANTED)
    assert first["service_account_name"] == b"robot"
    assert first["service_account_token"] != second["service_account_token"]
    made = Api(hub.url, hub.ca_pem, first["service_account_token"].decode())
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    found = made.must("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
    assert found["status"]["userInfo"]["username"] == f"system:serviceaccount:{namespace}:robot"


async def test_what_is_not_leased_ends_the_token(place: Place) -> None:
    engine = f"{place.name}-totp"
    place.server.enable_engine(engine, "totp")
    url = "otpauth://totp/x:y?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=x"
    place.server.write(f"{engine}/keys/app", url=url)
    async with opened(place, path=f"{engine}/code/app") as session:
        assert (await ask(session, WANTED))["code"].isdigit()
    async with opened(
        place, path=f"{engine}/code/app", method="POST", parameters={"code": "000000"}
    ) as session:
        assert (await ask(session, WANTED))["valid"] in {b"true", b"false"}
    assert last(place) == "auth/token/revoke-self"
    calls = ["Login", "ReadSecretData", "RevokeSelf", "Login", "WriteSecretData", "RevokeSelf"]
    assert place.counted.names == calls


async def test_a_child_token_outlives_the_session(place: Place) -> None:
    async with opened(
        place,
        path="auth/token/create",
        method="POST",
        parameters={"ttl": "10m"},
        resultType="Auth",
    ) as session:
        child = (await ask(session, WANTED))["client_token"].decode()
    assert place.server.call("GET", "auth/token/lookup-self", token=child).status == 200


async def test_lists_and_deletes(place: Place) -> None:
    place.put("app/db", v="1")
    async with opened(place, path=f"{place.name}/metadata/app", method="LIST") as session:
        assert await ask(session, WANTED) == {"keys": b'["db"]'}
    gone = {"path": f"{place.name}/metadata/app/db", "method": "DELETE"}
    async with opened(place, **gone, allowEmptyResponse=True) as session:
        assert await ask(session, WANTED) == {}
    async with opened(place, **gone) as session:
        with pytest.raises(PermanentError) as caught:
            await ask(session, WANTED)
        assert caught.value.code == "store.empty_answer"
