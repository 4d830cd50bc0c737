# SPDX-License-Identifier: Apache-2.0
"""Stores as a cluster holds them: selectors, a CA and ServiceAccounts of a real control plane."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.cluster.sources.vault.stores import Place, ask, of

from keyfleet.base import codec
from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvalidIntentError, NotReadyError
from keyfleet.engine.stores.references import ClusterReferences
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.kubeconfig import Trust, parse
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.vault import Vault
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import CLUSTER_SECRET_STORE, SECRET_STORE, Store, StoreRef
from keyfleet.plugin.stores import StoreSession
from keyfleet.sources.vault import PROVIDER
from keyfleet.testing.canary import canary

VALUE = canary("in-cluster")


@dataclass
class Cluster:
    """The cluster and the namespace that hold the stores."""

    plane: ControlPlane
    namespace: str
    client: Client

    def put(self, kind: str, name: str, **content: Any) -> None:
        body = {"metadata": {"name": name}, **content}
        self.plane.api.must("POST", f"/api/v1/namespaces/{self.namespace}/{kind}", body)

    def keep(self, name: str, **data: bytes) -> dict[str, str]:
        """Put a Secret; return a selector without its key."""
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        self.put("secrets", name, data=encoded)
        return {"name": name}

    @asynccontextmanager
    async def opened(
        self, place: Place, kind: str = SECRET_STORE, asker: str | None = None, **config: Any
    ) -> AsyncIterator[StoreSession]:
        """Open a store that reads the place, for a manifest in the namespace."""
        namespace = "" if kind == CLUSTER_SECRET_STORE else self.namespace
        ref = StoreRef(kind, "main", namespace, ClusterName(""))
        declared = {"server": place.server.url, "path": place.name, **config}
        asker = self.namespace if asker is None else asker
        store = Store(ref, "vault", declared, namespace=asker)
        references = ClusterReferences(store, lambda: self.client)
        session = await PROVIDER.open(store, references, place.means())
        try:
            yield session
        finally:
            await session.close()


def issuer_key(plane: ControlPlane) -> str:
    """Return the key, PEM, by which the API server's tokens are known."""
    answer = plane.api.call("GET", "/openid/v1/jwks", accept="application/jwk-set+json")
    (key,) = answer.json()["keys"]
    x, y = (base64.urlsafe_b64decode(key[name] + "==") for name in ("x", "y"))
    point = b"\x04" + x + y
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


@pytest.fixture
async def cluster(hub: ControlPlane, namespace: str) -> AsyncIterator[Cluster]:
    config = parse(codec.encode_json(hub.kubeconfig()), origin="test", trust=Trust.OPERATOR)
    client = Client("hub", config.current_access(Surroundings()), clock=SystemClock())
    yield Cluster(hub, namespace, client)
    await client.close()


@pytest.fixture
def place(openbao: Vault) -> Place:
    place = Place(openbao)
    place.put("db", password=VALUE.decode())
    return place


async def test_a_token_and_a_ca_that_the_cluster_holds(
    cluster: Cluster, place: Place, openbao: Vault
) -> None:
    token = cluster.keep("vault", token=place.credentials["token"] + b"\n")
    cluster.put("configmaps", "trust", data={"ca.crt": openbao.authority.ca_pem.decode()})
    config: dict[str, Any] = {
        "server": openbao.tls_url,
        "auth": {"tokenSecretRef": {**token, "key": "token"}},
        "caProvider": {"type": "ConfigMap", "name": "trust", "key": "ca.crt"},
    }
    async with cluster.opened(place, **config) as session:
        assert await ask(session, of("db", "password")) == VALUE
    bundle = base64.b64encode(openbao.authority.ca_pem).decode()
    config = {**config, "caProvider": None, "caBundle": bundle}
    async with cluster.opened(place, **config) as session:
        assert await ask(session, of("db", "password")) == VALUE


async def test_a_service_account_logs_in_by_a_token_for_the_store_alone(
    cluster: Cluster, place: Place
) -> None:
    """The audience is Vault's own: nobody else, an API server neither, takes that token."""
    mount = f"{place.name}-jwt"
    place.server.enable_auth(mount, "jwt")
    place.server.write(f"auth/{mount}/config", jwt_validation_pubkeys=[issuer_key(cluster.plane)])
    place.server.write(
        f"auth/{mount}/role/app",
        role_type="jwt",
        bound_audiences=["vault"],
        bound_subject=f"system:serviceaccount:{cluster.namespace}:robot",
        user_claim="sub",
        token_policies=[place.name],
    )
    cluster.put("serviceaccounts", "robot")
    part = {"serviceAccountRef": {"name": "robot"}}
    auth = {"jwt": {"path": mount, "role": "app", "kubernetesServiceAccountToken": part}}
    async with cluster.opened(place, auth=auth) as session:
        assert await ask(session, of("db", "password")) == VALUE


async def test_a_cluster_wide_store_logs_in_as_whoever_asks(cluster: Cluster, place: Place) -> None:
    token = cluster.keep("vault", token=place.credentials["token"])
    config: dict[str, Any] = {"auth": {"tokenSecretRef": {**token, "key": "token"}}}
    async with cluster.opened(place, CLUSTER_SECRET_STORE, **config) as session:
        assert await ask(session, of("db", "password")) == VALUE
    with pytest.raises(NotReadyError) as caught:
        async with cluster.opened(place, CLUSTER_SECRET_STORE, asker="", **config):
            pass
    assert caught.value.code == "store.referent_unknown"


@pytest.mark.parametrize(
    ("selector", "code", "kind"),
    [
        ({"name": "nobody", "key": "token"}, "store.reference_missing", NotReadyError),
        ({"name": "x", "key": "t", "namespace": "other"}, "store.selector", InvalidIntentError),
    ],
)
async def test_selectors_that_lead_nowhere_or_elsewhere(
    cluster: Cluster, place: Place, selector: dict[str, str], code: str, kind: type
) -> None:
    before = place.server.mark()
    with pytest.raises(kind) as caught:
        async with cluster.opened(place, auth={"tokenSecretRef": selector}):
            pass
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert place.server.requests(before) == []
