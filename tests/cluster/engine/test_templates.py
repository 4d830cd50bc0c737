# SPDX-License-Identifier: Apache-2.0
"""Templates: what each place gets, what makes it anew, and what does not."""

from collections.abc import Mapping
from typing import Any

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, always, eventually, places

from keyfleet.kube.resources import CONFIGMAPS, NAMESPACES
from keyfleet.testing.canary import canary

PASSWORD = canary("template-password")
ONE = {"user": b"shop", "password": PASSWORD}
RANDOM = {"token": "{{ randAlphaNum 24 }}", "user": "{{ .user }}"}


async def start(fleet: Fleet, template: Mapping[str, Any], **spec: Any) -> None:
    await fleet.declare(fleet.east, labels={"env": "production"})
    await fleet.declare(fleet.west, labels={"env": "staging"})
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.run()
    await fleet.ask(fleet.east, fleet.west, template=template, **spec)


async def write_config_map(fleet: Fleet, name: str, data: Mapping[str, str]) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": fleet.namespace},
        "data": dict(data),
    }
    await fleet.hub.client.create(CONFIGMAPS, body, namespace=fleet.namespace)


async def set_config_map(fleet: Fleet, name: str, data: Mapping[str, str]) -> None:
    operations = [{"op": "replace", "path": "/data", "value": dict(data)}]
    await fleet.hub.client.json_patch(CONFIGMAPS, name, operations, namespace=fleet.namespace)


async def token(fleet: Fleet, side: Side) -> bytes:
    """Return the random value that a target holds, once it holds one."""

    async def there() -> bool:
        return bool((await fleet.data(side) or {}).get("token"))

    await eventually(there, what="no token was delivered")
    found = await fleet.data(side)
    assert found is not None
    return found["token"]


async def test_two_clusters_with_other_labels_get_other_secrets(fleet: Fleet) -> None:
    text = "{{ .user }}:{{ .password }}@{{ .Cluster.labels.env }}/{{ .Namespace.name }}"
    metadata = {
        "labels": {"env": "{{ .Cluster.labels.env }}", "plain": "x"},
        "annotations": {"example.com/at": "{{ .Cluster.name }}"},
    }
    await start(fleet, {"data": {"url": text}, "metadata": metadata})
    for side, env in ((fleet.east, "production"), (fleet.west, "staging")):
        url = b"shop:" + PASSWORD + f"@{env}/{fleet.namespace}".encode()
        await fleet.delivered({"url": url}, side)
        found = await fleet.meta(side)
        assert (found.labels or {})["env"] == env
        assert (found.labels or {})["plain"] == "x"
        assert (found.annotations or {})["example.com/at"] == side.name
    await fleet.in_sync(fleet.east, fleet.west)


async def test_follows_the_source_and_the_labels_that_it_looks_at(fleet: Fleet) -> None:
    namespace_label = '{{ index .Namespace.labels "team" }}'
    text = f"{{{{ .password }}}} {{{{ .Cluster.labels.env }}}} {namespace_label}"
    await start(fleet, {"data": {"k": text}})
    await fleet.delivered({"k": PASSWORD + b" production "}, fleet.east)
    other = canary("other-password")
    await fleet.set_data(fleet.hub, "src", ONE | {"password": other})
    await fleet.delivered({"k": other + b" production "}, fleet.east)
    await fleet.delivered({"k": other + b" staging "}, fleet.west)
    await fleet.edit_cluster(fleet.east, {"metadata": {"labels": {"env": "test"}}})
    await fleet.delivered({"k": other + b" test "}, fleet.east)
    body = {"metadata": {"labels": {"team": "pay"}}}
    await fleet.east.client.merge_patch(NAMESPACES, fleet.namespace, body)
    await fleet.delivered({"k": other + b" test pay"}, fleet.east)
    await fleet.delivered({"k": other + b" staging "}, fleet.west)


async def test_follows_annotations_of_a_namespace_where_it_looks_at_them(fleet: Fleet) -> None:
    text = '{{ get .Namespace.annotations "example.com/owner" }}'
    await start(fleet, {"data": {"owner": text}})
    await fleet.delivered({"owner": b""}, fleet.east)
    body = {"metadata": {"annotations": {"example.com/owner": "team-pay"}}}
    await fleet.east.client.merge_patch(NAMESPACES, fleet.namespace, body)
    await fleet.delivered({"owner": b"team-pay"}, fleet.east)


async def test_templates_of_objects_are_followed(fleet: Fleet) -> None:
    await write_config_map(fleet, "templates", {"url": "a {{ .user }}", "other": "{{ .nope }}"})
    await fleet.write_secret(fleet.hub, "templates", {"pgpass": b"*:{{ .password }}"})
    template = {
        "templateFrom": [
            {"configMapRef": {"name": "templates", "items": [{"key": "url"}]}},
            {"secretRef": {"name": "templates", "items": [{"key": "pgpass"}]}},
        ]
    }
    await start(fleet, template)
    wanted = {"url": b"a shop", "pgpass": b"*:" + PASSWORD}
    await fleet.delivered(wanted, fleet.east, fleet.west)
    await set_config_map(fleet, "templates", {"url": "b {{ .user }}"})
    await fleet.delivered(wanted | {"url": b"b shop"}, fleet.east, fleet.west)
    await fleet.set_data(fleet.hub, "templates", {"pgpass": b"{{ .password }}!"})
    await fleet.delivered({"url": b"b shop", "pgpass": PASSWORD + b"!"}, fleet.east, fleet.west)
    await fleet.revised(3)
    await fleet.hub.client.delete(CONFIGMAPS, "templates", namespace=fleet.namespace)
    await fleet.stands("Pending", "SourceMissing", fleet.east)
    assert await fleet.data(fleet.east) is not None
    await write_config_map(fleet, "templates", {"url": "c {{ .user }}"})
    await fleet.delivered({"url": b"c shop", "pgpass": PASSWORD + b"!"}, fleet.east, fleet.west)


async def test_a_failing_template_leaves_the_targets_and_heals(fleet: Fleet) -> None:
    await start(fleet, {"data": {"k": "{{ .password }}"}})
    await fleet.delivered({"k": PASSWORD}, fleet.east, fleet.west)
    await fleet.edit({"template": {"data": {"k": "{{ .password }} {{ .nope }}"}}})
    await fleet.stands("Failed", "TemplateError", fleet.east)
    await fleet.stands("Failed", "TemplateError", fleet.west)
    assert await fleet.ready() == ("False", "TemplateError")
    message = (await fleet.status())["conditions"][0]["message"]
    assert "spec.template.data.k cannot be executed: template: k:1:" in message
    assert 'map has no entry for key "nope"' in message
    await fleet.edit({"template": {"data": {"k": "{{ .password"}}})

    async def unparsed() -> bool:
        found = (await fleet.status())["conditions"][0]
        return "cannot be parsed" in found["message"] and found["reason"] == "TemplateError"

    await eventually(unparsed)
    await always(lambda: fleet.data(fleet.east), what="a template that fails took the target away")
    assert await fleet.data(fleet.east) == {"k": PASSWORD}
    await fleet.edit({"template": {"data": {"k": "{{ .user }}"}}})
    await fleet.delivered({"k": b"shop"}, fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)


async def test_what_fails_in_one_place_is_delivered_in_the_other(fleet: Fleet) -> None:
    text = '{{ if eq .Cluster.labels.env "staging" }}{{ fail "not here" }}{{ end }}x'
    await start(fleet, {"data": {"k": text}})
    await fleet.delivered({"k": b"x"}, fleet.east)
    await fleet.stands("Failed", "TemplateError", fleet.west)
    assert await fleet.data(fleet.west) is None


async def test_a_random_value_stays_over_passes_restarts_and_syncs(fleet: Fleet) -> None:
    metadata = {"annotations": {"example.com/made": "{{ now | unixEpoch }} {{ randAlpha 8 }}"}}
    await start(fleet, {"data": RANDOM, "metadata": metadata})
    first = {side.name: await token(fleet, side) for side in (fleet.east, fleet.west)}
    await fleet.in_sync(fleet.east, fleet.west)
    made = (await fleet.meta(fleet.east)).annotations
    fleet.forget_requests()
    await fleet.hub.client.merge_patch(
        NAMESPACES, fleet.namespace, {"metadata": {"labels": {"unrelated": "x"}}}
    )
    await fleet.edit_cluster(fleet.east, {"metadata": {"labels": {"unrelated": "x"}}})
    await fleet.quiet()
    await fleet.end()
    await fleet.run()
    await fleet.leads()
    await fleet.in_sync(fleet.east, fleet.west)
    await fleet.quiet()
    written = [places(side.proxy.writes()) for side in (fleet.east, fleet.west)]
    assert written == [[], []]
    assert {side.name: await token(fleet, side) for side in (fleet.east, fleet.west)} == first
    assert (await fleet.meta(fleet.east)).annotations == made


async def test_a_random_value_is_made_anew_when_its_inputs_change_or_it_was_edited(
    fleet: Fleet,
) -> None:
    await start(fleet, {"data": RANDOM})
    first = await token(fleet, fleet.east)
    edited = canary("edited")
    await fleet.set_data(fleet.east, "db", {"token": edited})

    async def made_anew(than: bytes) -> bool:
        found = await fleet.data(fleet.east) or {}
        return found.get("token") not in (None, than, edited) and len(found) == 2

    await eventually(lambda: made_anew(first), what="an edited target was not rendered anew")
    second = await token(fleet, fleet.east)
    await fleet.patch_secret(fleet.east, "db", {"metadata": {"labels": {"theirs": "x"}}})
    await fleet.quiet()
    assert await token(fleet, fleet.east) == second
    await fleet.set_data(fleet.hub, "src", ONE | {"unused": b"x"})
    await fleet.revised(2)
    assert await token(fleet, fleet.east) == second, "a key that no template looks at"
    await fleet.set_data(fleet.hub, "src", ONE | {"user": b"other"})
    await eventually(lambda: made_anew(second), what="a changed source made nothing anew")


async def test_an_edited_label_does_not_rotate_a_random_value(fleet: Fleet) -> None:
    metadata = {"labels": {"env": "{{ .Cluster.labels.env }}"}}
    await start(fleet, {"data": RANDOM, "metadata": metadata})
    first = await token(fleet, fleet.east)
    await fleet.patch_secret(fleet.east, "db", {"metadata": {"labels": {"env": "wrong"}}})

    async def repaired() -> bool:
        return ((await fleet.meta(fleet.east)).labels or {}).get("env") == "production"

    await eventually(repaired, what="the label was not repaired")
    assert await token(fleet, fleet.east) == first


async def test_several_sources_are_merged_or_called_by_name(fleet: Fleet) -> None:
    await fleet.write_secret(fleet.hub, "more", {"token": b"t"})
    sources = [
        {"name": "db", "secretRef": {"name": "src"}},
        {"name": "more", "secretRef": {"name": "more"}},
    ]
    await start(fleet, {}, sources=sources)
    await fleet.delivered(ONE | {"token": b"t"}, fleet.east, fleet.west)
    template = {"data": {"all": "{{ .db.user }} {{ .more.token }}"}}
    await fleet.edit({"template": template})
    await fleet.delivered({"all": b"shop t"}, fleet.east, fleet.west)
    await fleet.set_data(fleet.hub, "more", {"token": b"u"})
    await fleet.delivered({"all": b"shop u"}, fleet.east, fleet.west)
    await fleet.edit({"template": {"mergePolicy": "Merge"}})
    await fleet.delivered(ONE | {"token": b"u", "all": b"shop u"}, fleet.east, fleet.west)
    await fleet.set_data(fleet.hub, "more", {"token": b"u", "user": b"x"})
    await fleet.stands("Failed", "KeyAmbiguous", fleet.east)
    await fleet.delete_secret(fleet.hub, "more")
    await fleet.stands("Pending", "SourceMissing", fleet.east)
    assert await fleet.data(fleet.east) is not None


async def test_templates_that_take_all_they_may_hold_up_no_other(fleet: Fleet) -> None:
    spent = "{{ .Cluster.name }}{{ range until 100000 }}{{ . }}{{ end }}"
    long = "{{ .Cluster.name }}" + "{{ 1 }}" * 30_000
    lines = '{{ repeat 200000 "a: b\\n" }}'
    await start(fleet, {"data": {"k": "{{ .password }} {{ .Cluster.name }}"}})
    for name, text in (("spent", spent), ("long", long)):
        await fleet.ask(fleet.east, fleet.west, name=name, template={"data": {"k": text}})
    await write_config_map(fleet, "templates", {"lines": lines})
    item = {"key": "lines", "templateAs": "KeysAndValues"}
    config_map = {"configMapRef": {"name": "templates", "items": [item]}}
    template = {"templateFrom": [config_map]}
    await fleet.ask(fleet.east, fleet.west, name="lines", template=template)
    for side in (fleet.east, fleet.west):
        await fleet.delivered({"k": PASSWORD + f" {side.name}".encode()}, side)
        await fleet.stands("Failed", "TemplateError", side, name="spent")
        await fleet.stands("Failed", "TemplateError", side, name="long")
        await fleet.stands("Failed", "TemplateYaml", side, name="lines")
    await fleet.set_data(fleet.hub, "src", ONE | {"password": PASSWORD + b"2"})
    await fleet.delivered({"k": PASSWORD + b"2 " + fleet.east.name.encode()}, fleet.east)
