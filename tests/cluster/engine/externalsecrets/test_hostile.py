# SPDX-License-Identifier: Apache-2.0
"""A hostile tenant of a member writes stores, generators and manifests to get what is another's.

Every selector of every provider is turned to the other namespace, once to something that is there
and once to nothing: both are answered in the same words, and nobody looks.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from tests.cluster.engine.externalsecrets.shop import Shop
from tests.cluster.engine.sides import always

from keyfleet.kube.resources import (
    CLUSTERSECRETSTORES,
    CONFIGMAPS,
    GENERATORS,
    SECRETS,
    SECRETSTORES,
)
from keyfleet.testing.canary import canary

ONE, MINE = canary("one"), canary("mine")
VICTIMS, NOBODYS = "victims-own", "nobodys-own"
"""What the victim has, and what nobody has."""
OWN = {"name": "own", "key": "k"}
SERVER = "https://127.0.0.1:1"
"""Where nothing answers: no test gets so far."""
DYNAMIC = next(kind for kind in GENERATORS if kind.kind == "VaultDynamicSecret")

Ref = Mapping[str, Any]
Selectors = Mapping[str, Callable[[Ref], Mapping[str, Any]]]


def vault(auth: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"server": SERVER, "path": "secret", "auth": auth or {"tokenSecretRef": OWN}, **more}


def remote(**more: Any) -> dict[str, Any]:
    auth = {"token": {"bearerToken": OWN}}
    return {"kubernetes": {"server": {"url": SERVER}, "auth": auth, **more}}


def aws(**refs: Ref) -> dict[str, Any]:
    keys = {"accessKeyIDSecretRef": OWN, "secretAccessKeySecretRef": OWN, **refs}
    return {
        "aws": {"service": "SecretsManager", "region": "eu-west-1", "auth": {"secretRef": keys}}
    }


def under(provider: str, made: Callable[[Ref], Mapping[str, Any]], ref: Ref) -> Mapping[str, Any]:
    return {provider: made(ref)}


OF_VAULT: Selectors = {
    "token": lambda ref: vault({"tokenSecretRef": ref}),
    "role-id": lambda ref: vault({"appRole": {"roleRef": ref, "secretRef": OWN}}),
    "secret-id": lambda ref: vault({"appRole": {"roleId": "r", "secretRef": ref}}),
    "account": lambda ref: vault({"kubernetes": {"role": "r", "serviceAccountRef": ref}}),
    "account-token": lambda ref: vault({"kubernetes": {"role": "r", "secretRef": ref}}),
    "ldap": lambda ref: vault({"ldap": {"username": "u", "secretRef": ref}}),
    "user": lambda ref: vault({"userPass": {"username": "u", "secretRef": ref}}),
    "jwt": lambda ref: vault({"jwt": {"role": "r", "secretRef": ref}}),
    "jwt-account": lambda ref: vault(
        {"jwt": {"role": "r", "kubernetesServiceAccountToken": {"serviceAccountRef": ref}}}
    ),
    "cert": lambda ref: vault({"cert": {"clientCert": ref, "secretRef": OWN}}),
    "cert-key": lambda ref: vault({"cert": {"clientCert": OWN, "secretRef": ref}}),
    "tls": lambda ref: vault(tls={"certSecretRef": ref, "keySecretRef": OWN}),
    "tls-key": lambda ref: vault(tls={"certSecretRef": OWN, "keySecretRef": ref}),
    "ca": lambda ref: vault(caProvider={"type": "Secret", **ref}),
    "ca-map": lambda ref: vault(caProvider={"type": "ConfigMap", **ref}),
}
STORES: Selectors = {
    **{f"vault-{name}": partial(under, "vault", made) for name, made in OF_VAULT.items()},
    "kube-token": lambda ref: remote(auth={"token": {"bearerToken": ref}}),
    "kube-cert": lambda ref: remote(auth={"cert": {"clientCert": ref, "clientKey": OWN}}),
    "kube-key": lambda ref: remote(auth={"cert": {"clientCert": OWN, "clientKey": ref}}),
    "kube-account": lambda ref: remote(auth={"serviceAccount": ref}),
    "kube-config": lambda ref: {"kubernetes": {"authRef": ref}},
    "kube-ca": lambda ref: remote(server={"url": SERVER, "caProvider": {"type": "Secret", **ref}}),
    "kube-ca-map": lambda ref: remote(
        server={"url": SERVER, "caProvider": {"type": "ConfigMap", **ref}}
    ),
    "aws-id": lambda ref: aws(accessKeyIDSecretRef=ref),
    "aws-key": lambda ref: aws(secretAccessKeySecretRef=ref),
    "aws-token": lambda ref: aws(sessionTokenSecretRef=ref),
    "aws-account": lambda ref: {
        "aws": {
            "service": "SecretsManager",
            "region": "eu-west-1",
            "auth": {"jwt": {"serviceAccountRef": ref}},
        }
    },
}


async def beside_a_victim(shop: Shop) -> str:
    """Give the tenant a victim, with one of each kind that selectors may name."""
    victim = await shop.fleet.add_namespace("victim", shop.east)
    await shop.fleet.write_secret(shop.east, VICTIMS, {"k": ONE}, namespace=victim)
    await shop.fleet.write_secret(shop.east, "own", {"k": MINE})
    await shop.put(shop.east, CONFIGMAPS, VICTIMS, namespace=victim, data={"k": "v"})
    return victim


def looked(shop: Shop, victim: str) -> list[str]:
    """Return what was asked about what the victim has, or has not."""
    return [
        seen.path
        for seen in shop.east.proxy.requests
        if seen.namespace == victim and seen.name in (VICTIMS, NOBODYS)
    ]


async def test_no_selector_of_a_store_reaches_another_namespace(shop: Shop) -> None:
    victim = await beside_a_victim(shop)
    for name in (VICTIMS, NOBODYS):
        ref = {"name": name, "key": "k", "namespace": victim}
        for field, made in STORES.items():
            spec = {"provider": made(ref)}
            await shop.put(shop.east, SECRETSTORES, f"{field}-{name}", spec=spec)
    await shop.run(shop.east)
    for field in STORES:
        for name in (VICTIMS, NOBODYS):
            await shop.says(
                shop.east,
                "False",
                "InvalidProviderConfig",
                "a selector of the store is not allowed as it is written",
                name=f"{field}-{name}",
                kind=SECRETSTORES,
            )
        found = [
            (await shop.ready(shop.east, f"{field}-{name}", SECRETSTORES))[2].replace(name, "")
            for name in (VICTIMS, NOBODYS)
        ]
        assert found[0] == found[1], "present and absent are told apart"
    assert looked(shop, victim) == []
    assert "own" in {seen.name for seen in shop.east.proxy.requests}, "nothing was looked at"


async def test_no_selector_of_a_generator_reaches_another_namespace(shop: Shop) -> None:
    victim = await beside_a_victim(shop)
    ref = {"name": VICTIMS, "key": "k", "namespace": victim}
    for field, made in OF_VAULT.items():
        spec = {"path": "x", "provider": made(ref)}
        await shop.put(shop.east, DYNAMIC, field, spec=spec)
        generator = {"kind": DYNAMIC.kind, "name": field}
        source = {"sourceRef": {"generatorRef": {"apiVersion": DYNAMIC.api_version, **generator}}}
        await shop.want(shop.east, name=field, store=None, dataFrom=[source])
    await shop.run(shop.east)
    for field in OF_VAULT:
        await shop.says(shop.east, "False", "SecretSyncedError", "not allowed", name=field)
    assert looked(shop, victim) == []


async def test_nothing_of_the_hub_is_read_by_a_manifest_of_a_member(shop: Shop) -> None:
    """Stores of the same name on the hub are other stores."""
    wide = await shop.wide_store(shop.fleet.hub, {"db": ONE})
    await shop.store(shop.fleet.hub, {"db": ONE})
    await shop.want(
        shop.east, {"password": "db"}, "wide", store=wide, store_kind="ClusterSecretStore"
    )
    await shop.want(shop.east, {"password": "db"}, "narrow")
    await shop.run(shop.east, shop.fleet.hub)
    for name in ("wide", "narrow"):
        await shop.says(shop.east, "False", "SecretSyncedError", "does not exist", name=name)
    assert shop.calls.count == 0


@pytest.mark.parametrize("place", ["namespace", "labels"])
async def test_a_wide_store_that_leaves_a_namespace_out_gives_it_nothing(
    shop: Shop, place: str
) -> None:
    victim = await shop.fleet.add_namespace("victim", shop.east, labels={"tier": "gold"})
    conditions = {
        "namespace": [{"namespaces": [victim]}],
        "labels": [{"namespaceSelector": {"matchLabels": {"tier": "gold"}}}],
    }[place]
    wide = await shop.wide_store(shop.east, {"db": ONE}, conditions=conditions)
    await shop.want(shop.east, {"password": "db"}, store=wide, store_kind="ClusterSecretStore")
    await shop.run(shop.east)
    await shop.says(shop.east, "False", "SecretSyncedError", "is not allowed from namespace")
    await shop.edit(shop.east, {"conditions": []}, wide, kind=CLUSTERSECRETSTORES)
    await shop.delivered({"password": ONE}, shop.east)


async def test_a_store_of_a_member_does_not_log_in_as_the_controller(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither as its role at AWS nor with the token of its pod."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", canary("own").decode())
    stores = {
        "aws": {"aws": {"service": "SecretsManager", "region": "eu-west-1"}},
        "vault": {"vault": vault({"kubernetes": {"role": "r"}})},
    }
    for name, provider in stores.items():
        await shop.put(shop.east, SECRETSTORES, name, spec={"provider": provider})
    await shop.run(shop.east)
    for name in stores:
        await shop.says(shop.east, "False", "InvalidProviderConfig", name=name, kind=SECRETSTORES)


async def test_what_makes_authority_is_neither_made_nor_taken(shop: Shop) -> None:
    """A manifest writes any Secret of its namespace, but no account's token or Helm's record."""
    await shop.store(shop.east, {"db": ONE})
    account = {"kubernetes.io/service-account.name": "default"}
    record = {"release": "r"}
    await shop.put(shop.east, SECRETS, "release", type="helm.sh/release.v1", stringData=record)
    await shop.want(shop.east, {"password": "db"}, "release")
    merging = {"creationPolicy": "Merge", "template": {"metadata": {"annotations": account}}}
    await shop.want(shop.east, {"password": "db"}, "merged", target={"name": "release", **merging})
    made = {"template": {"type": "kubernetes.io/service-account-token"}}
    await shop.want(shop.east, {"password": "db"}, "token", target=made)
    await shop.run(shop.east)
    for name in ("release", "merged", "token"):
        await shop.says(shop.east, "False", "SecretSyncedError", name=name)

    async def is_as_before() -> bool:
        return await shop.fleet.data(shop.east, "release") == {"release": b"r"}

    await always(is_as_before)
