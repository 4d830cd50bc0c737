# SPDX-License-Identifier: Apache-2.0
"""Templates of ExternalSecrets: what they make of a store's values, and when they are made anew.

Source: compat/external-secrets.md 4.
"""

from typing import Any

from tests.cluster.engine.externalsecrets.shop import CREATED_BY, MANAGED, Shop

from keyfleet.kube.resources import CONFIGMAPS
from keyfleet.testing.canary import canary

ONE, TWO = canary("one"), canary("two")
KEYS = {"user": "db#user", "password": "db#password"}
STORE = {"db": {"user": b"shop", "password": ONE}}


def templated(**template: Any) -> dict[str, Any]:
    return {"template": template}


def items(name: str, *keys: str, how: str = "Values") -> dict[str, Any]:
    return {"name": name, "items": [{"key": key, "templateAs": how} for key in keys]}


async def test_templates_replace_the_values_or_join_them(shop: Shop) -> None:
    await shop.store(shop.east, STORE)
    data = {"url": "{{ .user }}:{{ .password }}", "count": "{{ len . }}"}
    await shop.want(shop.east, KEYS, target=templated(data=data))
    await shop.want(shop.east, KEYS, "more", target=templated(data=data, mergePolicy="Merge"))
    await shop.run()
    made = {"url": b"shop:" + ONE, "count": b"2"}
    await shop.delivered(made, shop.east)
    await shop.delivered({**made, "user": b"shop", "password": ONE}, shop.east, name="more")
    await shop.fill(shop.east, {"db": {"user": b"shop", "password": TWO}})
    await shop.annotate(shop.east, force_sync="1")
    await shop.delivered({"url": b"shop:" + TWO, "count": b"2"}, shop.east)


async def test_objects_and_literals_lie_in_layers(shop: Shop) -> None:
    texts = {"a": "{{ .user }}-map", "b": "map", "many": "b: yaml\nc: 007"}
    await shop.config_map(shop.east, "texts", texts)
    await shop.fleet.write_secret(shop.east, "own", {"d": b"{{ .password }}"})
    await shop.store(shop.east, STORE)
    sources = [
        {"configMap": items("texts", "a", "b")},
        {"configMap": items("texts", "many", how="KeysAndValues"), "secret": items("own", "d")},
        {"literal": "e: eWVz", "valuesDecodingStrategy": "Base64"},
    ]
    target = templated(templateFrom=sources, data={"c": "own"})
    await shop.want(shop.east, KEYS, target=target)
    await shop.run()
    made = {"a": b"shop-map", "b": b"yaml", "c": b"own", "d": ONE, "e": b"yes"}
    await shop.delivered(made, shop.east)
    await shop.merge(shop.east, {"data": {"a": "new"}}, "texts", CONFIGMAPS)
    await shop.annotate(shop.east, force_sync="1")
    await shop.delivered({**made, "a": b"new"}, shop.east)


async def test_labels_and_annotations_are_made_and_stay_quiet(shop: Shop) -> None:
    """What is made by chance is made once, not at every look."""
    await shop.store(shop.east, STORE)
    sources = [
        {"literal": "owner: {{ .user }}\nnonce: n{{ randAlpha 8 }}", "target": "Labels"},
        {"literal": "note: {{ .user }}", "target": "Annotations"},
    ]
    metadata = {"labels": {"plain": "x", "made": "{{ .user }}"}}
    target = templated(metadata=metadata, templateFrom=sources, mergePolicy="Merge")
    await shop.want(shop.east, KEYS, target=target, metadata={"labels": {"not": "copied"}})
    await shop.run()
    await shop.synced(shop.east)
    before = await shop.secret(shop.east)
    labels = before["metadata"]["labels"]
    mine = {"plain": "x", "made": "shop", "owner": "shop", MANAGED: "true"}
    assert labels.items() >= mine.items()
    assert {"nonce", CREATED_BY} <= set(labels)
    assert "not" not in labels
    assert before["metadata"]["annotations"]["note"] == "shop"
    await shop.restart()
    await shop.fleet.quiet()
    after = await shop.secret(shop.east)
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_a_template_that_fails_says_so_and_leaves_the_target(shop: Shop) -> None:
    await shop.store(shop.east, STORE)
    await shop.want(shop.east, KEYS, target=templated(data={"k": "{{ .user }}"}))
    await shop.run()
    await shop.delivered({"k": b"shop"}, shop.east)
    await shop.edit(shop.east, {"target": templated(data={"k": "{{ .nobody }}"})})
    words = ("could not update secret: could not apply template", "spec.target.template.data.k")
    await shop.says(shop.east, "False", "SecretSyncedError", *words, 'no entry for key "nobody"')
    await shop.edit(shop.east, {"target": templated(data={"k": "{{ .user"})})
    await shop.says(shop.east, "False", "SecretSyncedError", *words)
    assert await shop.fleet.data(shop.east, "db") == {"k": b"shop"}


async def test_what_holds_templates_may_come_later(shop: Shop) -> None:
    await shop.store(shop.east, STORE)
    target = templated(templateFrom=[{"configMap": items("texts", "k")}])
    await shop.want(shop.east, KEYS, target=target)
    await shop.run()
    words = ("could not update secret: error fetching templateFrom data", "texts")
    await shop.says(shop.east, "False", "SecretSyncedError", *words)
    await shop.config_map(shop.east, "texts", {"k": "{{ .user }}"})
    await shop.delivered({"k": b"shop"}, shop.east)


async def test_the_type_is_the_templates_and_else_what_is_there(shop: Shop) -> None:
    await shop.store(shop.east, STORE)
    await shop.want(shop.east, KEYS, target=templated(type="kubernetes.io/basic-auth"))
    await shop.fleet.write_secret(shop.east, "plain", {"x": b"y"})
    await shop.want(shop.east, KEYS, "plain")
    await shop.run()
    await shop.synced(shop.east)
    await shop.synced(shop.east, name="plain")
    assert (await shop.secret(shop.east))["type"] == "kubernetes.io/basic-auth"
    assert (await shop.secret(shop.east, "plain"))["type"] == "Opaque"
