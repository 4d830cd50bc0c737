# SPDX-License-Identifier: Apache-2.0
"""What is made of values: templates with texts of the cluster, generators, and children.

Source: compat/external-secrets.md 4, 6.3, 7.
"""

from typing import Any

import pytest
from tests.cluster.engine.externalsecrets.shop import Shop
from tests.cluster.engine.sides import always, eventually, unique

from keyfleet.kube.resources import (
    CLUSTEREXTERNALSECRETS,
    CLUSTERGENERATORS,
    CONFIGMAPS,
    EXTERNALSECRETS,
    GENERATORS,
    NAMESPACES,
)
from keyfleet.testing.canary import canary

ONE, TWO = canary("one"), canary("two")
KINDS = {resource.kind: resource for resource in GENERATORS}
AT_ONCE_S = 15.0
FORCE = "external-secrets.io/force-sync"


def templated(**template: Any) -> dict[str, Any]:
    return {"template": template}


# Templates


async def test_a_template_makes_data_and_metadata(shop: Shop) -> None:
    template = templated(
        type="kubernetes.io/basic-auth",
        metadata={"labels": {"user": "{{ .user }}"}, "annotations": {"plain": "text"}},
        data={"username": "{{ .user }}", "password": "{{ .password | b64enc | b64dec }}"},
    )
    await shop.store(shop.east, {"db": ONE, "user": b"ada"})
    await shop.want(shop.east, {"password": "db", "user": "user"}, target=template)
    await shop.run()
    await shop.delivered({"username": b"ada", "password": ONE}, shop.east)
    found = await shop.secret(shop.east)
    assert found["type"] == "kubernetes.io/basic-auth"
    assert found["metadata"]["labels"]["user"] == "ada"
    assert found["metadata"]["annotations"]["plain"] == "text"


async def test_merged_templates_keep_what_the_store_gives(shop: Shop) -> None:
    template = templated(mergePolicy="Merge", data={"url": "db://{{ .password }}"})
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=template)
    await shop.run()
    await shop.delivered({"password": ONE, "url": b"db://" + ONE}, shop.east)


@pytest.mark.parametrize("kind", ["configMap", "secret"])
async def test_texts_of_the_cluster_are_followed_at_once(shop: Shop, kind: str) -> None:
    """And no store is asked for that but by one reading."""
    first, second = "first {{ .password }}", "second {{ .password }}"
    if kind == "secret":
        await shop.fleet.write_secret(shop.east, "texts", {"app.conf": first.encode()})
    else:
        await shop.config_map(shop.east, "texts", {"app.conf": first})
    reference = {"name": "texts", "items": [{"key": "app.conf"}]}
    await shop.store(shop.east, {"db": ONE})
    target = templated(templateFrom=[{kind: reference}])
    await shop.want(shop.east, {"password": "db"}, target=target)
    await shop.run()
    await shop.delivered({"app.conf": b"first " + ONE}, shop.east)
    if kind == "secret":
        await shop.fleet.set_data(shop.east, "texts", {"app.conf": second.encode()})
    else:
        await shop.merge(shop.east, {"data": {"app.conf": second}}, "texts", CONFIGMAPS)
    await shop.delivered({"app.conf": b"second " + ONE}, shop.east, timeout_s=AT_ONCE_S)
    await shop.restart()
    await shop.fleet.quiet()
    assert shop.calls.keys == []
    assert shop.writes(shop.east) == []


async def test_a_text_that_is_missing_is_said_and_followed(shop: Shop) -> None:
    reference = {"name": "texts", "items": [{"key": "app.conf"}]}
    await shop.store(shop.east, {"db": ONE})
    target = templated(templateFrom=[{"configMap": reference}])
    await shop.want(shop.east, {"password": "db"}, target=target)
    await shop.run()
    await shop.says(shop.east, "False", "SecretSyncedError", "texts")
    await shop.config_map(shop.east, "texts", {"app.conf": "{{ .password }}"})
    await shop.delivered({"app.conf": ONE}, shop.east)
    await shop.synced(shop.east)


async def test_a_template_is_not_made_anew_by_a_restart(shop: Shop) -> None:
    template = templated(data={"random": "{{ randAlphaNum 12 }}", "password": "{{ .password }}"})
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=template)
    await shop.run()
    await shop.synced(shop.east)
    before = await shop.fleet.data(shop.east)
    await shop.restart()
    await shop.fleet.quiet()
    assert await shop.fleet.data(shop.east) == before
    assert shop.writes(shop.east) == []


# Generators


def generated(kind: str, name: str = "maker") -> list[dict[str, Any]]:
    return [{"sourceRef": {"generatorRef": {"kind": kind, "name": name}}}]


async def test_a_password_stays_between_refreshes_and_over_a_restart(shop: Shop) -> None:
    await shop.put(shop.east, KINDS["Password"], "maker", spec={"length": 20})
    await shop.want(shop.east, store=None, dataFrom=generated("Password"))
    await shop.run()
    await shop.synced(shop.east)
    before = await shop.fleet.data(shop.east)
    assert before is not None
    assert len(before["password"]) == 20
    await shop.restart()
    await shop.fleet.quiet()
    assert await shop.fleet.data(shop.east) == before
    assert shop.writes(shop.east) == []


async def test_a_password_is_made_anew_by_every_refresh(shop: Shop) -> None:
    await shop.put(shop.east, KINDS["Password"], "maker", spec={"length": 20})
    maker = generated("Password")
    await shop.want(shop.east, store=None, dataFrom=maker, refreshInterval="1s")
    await shop.run()
    await shop.synced(shop.east)
    before = await shop.fleet.data(shop.east)

    async def other() -> bool:
        return await shop.fleet.data(shop.east) not in (None, before)

    await eventually(other)


@pytest.mark.parametrize(
    ("kind", "spec", "keys"),
    [
        ("UUID", {}, {"uuid"}),
        ("SSHKey", {"keyType": "ed25519"}, {"privateKey", "publicKey"}),
        ("Fake", {"data": {"a": ONE.decode()}}, {"a"}),
        ("Password", {"secretKeys": ["x", "y"]}, {"x", "y"}),
    ],
)
async def test_generators_make_their_keys(
    shop: Shop, kind: str, spec: dict[str, Any], keys: set[str]
) -> None:
    await shop.put(shop.east, KINDS[kind], "maker", spec=spec)
    await shop.want(shop.east, store=None, dataFrom=generated(kind))
    await shop.run()
    await shop.synced(shop.east)
    assert set(await shop.fleet.data(shop.east) or {}) == keys


async def test_a_generator_of_the_cluster_serves_every_namespace(shop: Shop) -> None:
    name = unique("maker")
    spec = {"kind": "Password", "generator": {"passwordSpec": {"length": 9, "digits": 9}}}
    spec["generator"]["passwordSpec"] |= {"symbols": 0}  # type: ignore[index]
    await shop.put(shop.east, CLUSTERGENERATORS, name, spec=spec)
    await shop.want(shop.east, store=None, dataFrom=generated("ClusterGenerator", name))
    await shop.run()
    await shop.synced(shop.east)
    found = await shop.fleet.data(shop.east)
    assert found is not None
    assert found["password"].isdigit()


async def test_a_generator_that_is_missing_is_said_and_followed(shop: Shop) -> None:
    await shop.want(shop.east, store=None, dataFrom=generated("UUID"))
    await shop.run()
    await shop.says(shop.east, "False", "SecretSyncedError", 'could not get UUID "maker"')
    await shop.put(shop.east, KINDS["UUID"], "maker", spec={})
    await shop.synced(shop.east)


async def test_a_once_generated_value_survives_every_change(shop: Shop) -> None:
    await shop.put(shop.east, KINDS["Password"], "maker", spec={"length": 20})
    maker = generated("Password")
    await shop.want(shop.east, store=None, dataFrom=maker, refreshPolicy="CreatedOnce")
    await shop.run()
    await shop.synced(shop.east)
    before = await shop.fleet.data(shop.east)
    await shop.edit(shop.east, {"length": 30}, "maker", KINDS["Password"])
    await shop.annotate(shop.east, force_sync="1")
    await shop.fleet.quiet()
    assert await shop.fleet.data(shop.east) == before


# Children


async def parent(shop: Shop, **spec: Any) -> str:
    """Create a ClusterExternalSecret; return its name, by which namespaces are labelled."""
    name = unique("everywhere")
    wanted = {
        "externalSecretName": "db",
        "namespaceSelectors": [{"matchLabels": {"gets": name}}],
        "externalSecretSpec": {
            "secretStoreRef": {"name": "store", "kind": "SecretStore"},
            "data": [{"secretKey": "password", "remoteRef": {"key": "db"}}],
        },
        **spec,
    }
    await shop.put(shop.east, CLUSTEREXTERNALSECRETS, name, spec=wanted)
    return name


async def label(shop: Shop, value: str | None) -> None:
    body = {"metadata": {"labels": {"gets": value}}}
    await shop.east.client.merge_patch(NAMESPACES, shop.namespace, body)


async def is_there(shop: Shop) -> bool:
    place = shop.namespace
    return await shop.east.client.find_metadata(EXTERNALSECRETS, "db", namespace=place) is not None


async def test_children_are_made_where_namespaces_match_and_removed_where_not(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    name = await parent(shop)
    await label(shop, name)
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)

    async def provisioned() -> bool:
        status = (await shop.get(shop.east, name, CLUSTEREXTERNALSECRETS)).get("status", {})
        is_ready = status.get("conditions") == [{"type": "Ready", "status": "True"}]
        return bool(is_ready and status.get("provisionedNamespaces") == [shop.namespace])

    await eventually(provisioned)
    await label(shop, None)
    await shop.fleet.gone(shop.east)
    assert not await is_there(shop)


async def test_a_child_is_as_its_parent_says(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE, "other": TWO})
    name = await parent(shop)
    await label(shop, name)
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    await shop.edit(shop.east, {"data": [{"secretKey": "x", "remoteRef": {"key": "other"}}]})

    async def as_before() -> bool:
        (entry,) = (await shop.get(shop.east))["spec"]["data"]
        return bool(entry["secretKey"] == "password")

    await eventually(as_before)
    await shop.remove(shop.east)
    await eventually(lambda: is_there(shop))
    await shop.delivered({"password": ONE}, shop.east)


async def test_a_forced_sync_reaches_the_children(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    name = await parent(shop)
    await label(shop, name)
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    await shop.fleet.quiet()
    assert shop.calls.count == 1
    await shop.merge(
        shop.east, {"metadata": {"annotations": {FORCE: "1"}}}, name, CLUSTEREXTERNALSECRETS
    )

    async def asked() -> bool:
        return shop.calls.count == 2

    await eventually(asked)
    await always(asked)


async def test_a_manifest_of_somebody_else_is_left_and_said(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE, "other": TWO})
    await shop.want(shop.east, {"mine": "other"})
    name = await parent(shop)
    await label(shop, name)
    await shop.run()

    async def failed() -> bool:
        status = (await shop.get(shop.east, name, CLUSTEREXTERNALSECRETS)).get("status", {})
        reason = "external secret already exists in namespace"
        failed = [{"namespace": shop.namespace, "reason": reason}]
        return bool(status.get("failedNamespaces") == failed)

    await eventually(failed)
    await shop.delivered({"mine": TWO}, shop.east)
