# SPDX-License-Identifier: Apache-2.0
"""Whole secrets, searches, generators and ClusterExternalSecrets, on planes.

Source: compat/external-secrets.md 2.5, 6.3, 7.
"""

from typing import Any

from tests.cluster.engine.externalsecrets.shop import OLD_EXTERNALSECRETS, Shop
from tests.cluster.engine.sides import eventually, unique

from keyfleet.kube.resources import CLUSTEREXTERNALSECRETS, EXTERNALSECRETS, GENERATORS
from keyfleet.testing.canary import canary

ONE, TWO = canary("one"), canary("two")
KINDS = {kind.kind: kind for kind in GENERATORS}


def generated(kind: str, name: str) -> dict[str, Any]:
    return {"sourceRef": {"generatorRef": {"kind": kind, "name": name}}}


async def test_answers_are_put_together_in_order(shop: Shop) -> None:
    await shop.store(
        shop.east, {"a/all": {"x": ONE, "y": b"old"}, "b/one": b"b", "c": b"new", "b/two": TWO}
    )
    entries = [
        {"extract": {"key": "a/all"}},
        {"find": {"name": {"regexp": "^b/"}}},
        {
            "find": {"name": {"regexp": "two$"}},
            "rewrite": [{"regexp": {"source": "^b/(.*)$", "target": "re-$1"}}],
        },
    ]
    await shop.want(shop.east, {"y": "c"}, dataFrom=entries)
    await shop.run()
    made = {"x": ONE, "y": b"new", "b_one": b"b", "b_two": TWO, "re-two": TWO}
    await shop.delivered(made, shop.east)


async def test_a_generated_value_stays_where_it_is_made_once(shop: Shop) -> None:
    await shop.put(shop.east, KINDS["Password"], "pw", spec={"length": 30, "symbols": 0})
    await shop.want(
        shop.east, dataFrom=[generated("Password", "pw")], store=None, refreshInterval="0"
    )
    await shop.run()
    await shop.synced(shop.east)
    before = await shop.fleet.data(shop.east, "db")
    assert before is not None
    assert len(before["password"]) == 30
    await shop.restart()
    await shop.fleet.quiet()
    assert await shop.fleet.data(shop.east, "db") == before


async def test_a_generator_that_is_absent_is_named(shop: Shop) -> None:
    await shop.want(shop.east, dataFrom=[generated("Password", "none")], store=None)
    await shop.run()
    await shop.says(shop.east, "False", "SecretSyncedError", 'Password "none"')


async def test_one_that_reaches_many_namespaces_fills_each(shop: Shop) -> None:
    name = unique("many")
    store = await shop.wide_store(shop.east, {"db": ONE})
    spec = {
        "externalSecretName": "db",
        "namespaceSelectors": [{"matchLabels": {"kubernetes.io/metadata.name": shop.namespace}}],
        "externalSecretSpec": {
            "secretStoreRef": {"name": store, "kind": "ClusterSecretStore"},
            "data": [{"secretKey": "password", "remoteRef": {"key": "db"}}],
        },
    }
    await shop.put(shop.east, CLUSTEREXTERNALSECRETS, name, spec=spec)
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    child = await shop.get(shop.east, "db", EXTERNALSECRETS)
    (owner,) = child["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("ClusterExternalSecret", name)

    async def told() -> bool:
        status = await shop.status(shop.east, name, CLUSTEREXTERNALSECRETS)
        return status.get("provisionedNamespaces") == [shop.namespace]

    await eventually(told)
    assert child["metadata"]["generation"] == 1, "the child was changed though nobody edited it"


async def test_the_older_version_searches_with_its_defaults(shop: Shop) -> None:
    await shop.store(shop.east, {"a/b": ONE})
    await shop.want(
        shop.east, dataFrom=[{"find": {"path": "a", "name": {"regexp": "."}}}],
        kind=OLD_EXTERNALSECRETS,
    )  # fmt: skip
    await shop.run()
    await shop.delivered({"a_b": ONE}, shop.east)
