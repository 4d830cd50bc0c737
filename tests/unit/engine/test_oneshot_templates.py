# SPDX-License-Identifier: Apache-2.0
"""What `plan` and `apply` do with templates: the controller's own decisions, asked live."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.engine.fakes import INSTALLATION, OTHER_VALUE, intent_of
from tests.unit.engine.livebench import LiveBench

from keyfleet.base.keyring import Keyring, ephemeral_keyring
from keyfleet.base.secret import SecretValue
from keyfleet.engine.oneshot import Planned
from keyfleet.kube.resources import CONFIGMAPS, NAMESPACES
from keyfleet.model.intent import Intent, Read, SecretRef, Shape
from keyfleet.model.matchers import ChosenClusters
from keyfleet.model.ownership import Installation
from keyfleet.model.plan import Verb
from keyfleet.model.rendering import MergePolicy, Rendering, TemplateItem
from keyfleet.testing.canary import canary

BOTH = ChosenClusters(("east", "west"))
RANDOM = {"token": "{{ randAlphaNum 24 }}", "k": "{{ .k }}"}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> LiveBench:
    return LiveBench(monkeypatch)


def intent(data: dict[str, str] | None = None, **fields: Any) -> Intent:
    more = {name: fields.pop(name) for name in ("reads", "template_reads") if name in fields}
    shape = Shape(rendering=Rendering(data=data or {}, **fields))
    return intent_of(clusters=BOTH, shape=shape, **more)


def signs(planned: tuple[Planned, ...], cluster: str = "east") -> dict[str, str]:
    return {
        f"{change.kind} {change.name}": change.sign
        for one in planned
        if one.step.place.cluster == cluster
        for change in one.step.changes
    }


def held(bench: LiveBench, cluster: str = "east") -> dict[str, bytes]:
    found = bench.clusters[cluster].secret()
    assert found is not None
    return {key: value.reveal() for key, value in found["data"].items()}


async def test_each_cluster_gets_its_own(bench: LiveBench) -> None:
    text = '{{ .k }}@{{ .Cluster.name }}:{{ get .Cluster.labels "env" }}:{{ .Namespace.name }}'
    await bench.apply(intent({"url": text}))
    assert held(bench)["url"] == canary("one") + b"@east::payments"
    assert held(bench, "west")["url"] == canary("one") + b"@west:test:payments"


async def test_a_random_value_is_in_sync_for_the_next_look(bench: LiveBench) -> None:
    wanted = intent(RANDOM, annotations={"made": "{{ now }} {{ randAlpha 9 }}"})
    await bench.apply(wanted)
    before = held(bench), held(bench, "west")
    planned = await bench.one_shot(wanted).plan()
    assert [one.step.verb for one in planned] == [Verb.NONE, Verb.NONE]
    found = signs(planned)
    assert found == {"key k": "=", "key token": "="}
    await bench.apply(wanted)
    assert (held(bench), held(bench, "west")) == before


async def test_another_key_of_the_installation_rotates_nothing(bench: LiveBench) -> None:
    wanted = intent(RANDOM, labels={"env": '{{ get .Cluster.labels "env" | default "none" }}'})
    await bench.apply(wanted)
    before = held(bench)
    ring = Keyring({"20270101": b"n" * 32, **INSTALLATION.ring.keys})
    renewed = Installation(INSTALLATION.hub, ring)
    one_shot = bench.one_shot(wanted, installation=renewed)
    await one_shot.apply(await one_shot.plan())
    assert held(bench) == before
    alone = Installation(INSTALLATION.hub, Keyring({"20270101": b"n" * 32}))
    planned = await bench.one_shot(wanted, installation=alone).plan()
    assert [one.step.verb for one in planned] == [Verb.NONE, Verb.NONE], "marked anew meanwhile"


async def test_what_changed_is_made_anew_and_shown(bench: LiveBench) -> None:
    wanted = intent(RANDOM)
    await bench.apply(wanted)
    before = held(bench)
    bench.hub.put_secret("src", k=OTHER_VALUE)
    planned = await bench.one_shot(wanted).plan()
    assert signs(planned) == {"key k": "~", "key token": "~"}
    await bench.apply(wanted)
    assert held(bench)["token"] != before["token"]


async def test_an_edited_copy_is_made_anew(bench: LiveBench) -> None:
    wanted = intent(RANDOM)
    await bench.apply(wanted)
    found = bench.east.secret()
    assert found is not None
    found["data"]["token"] = SecretValue(canary("edited"))
    await bench.apply(wanted)
    assert held(bench)["token"] != canary("edited")


async def test_without_the_installations_key_inputs_cannot_be_compared(bench: LiveBench) -> None:
    laptop = Installation(INSTALLATION.hub, ephemeral_keyring())
    wanted = intent(RANDOM)
    for verb in (Verb.CREATE, Verb.UPDATE):
        one_shot = bench.one_shot(wanted, installation=laptop)
        planned = await one_shot.plan()
        assert {one.step.verb for one in planned} == {verb}
        await one_shot.apply(planned)


async def test_shows_the_line_that_fails_and_no_value(bench: LiveBench) -> None:
    planned = await bench.one_shot(intent({"url": "a\n{{ .k }} {{ .nope }}"})).plan()
    assert [one.step.verb for one in planned] == [Verb.NONE, Verb.NONE]
    finding = planned[0].step.finding
    assert finding is not None
    assert finding.reason == "TemplateError"
    assert finding == planned[1].step.finding, "one line for all places"
    assert finding.excerpt == ("  2 | {{ .k }} {{ .nope }}", "    |             ^")
    assert "kf-canary" not in f"{finding}"
    assert planned[0].step.changes == ()


async def test_a_label_made_from_a_value_is_shown_as_a_fingerprint(bench: LiveBench) -> None:
    wanted = intent(labels={"a": "{{ .k }}", "b": "{{ .Cluster.name }}"}, merge=MergePolicy.MERGE)
    planned = await bench.one_shot(wanted).plan()
    shown = {
        change.name: change.after for change in planned[0].step.changes if change.kind == "label"
    }
    assert shown["b"] == "east"
    assert "kf-canary" not in shown["a"]
    assert len(shown["a"]) == 8


async def test_templates_of_a_config_map_are_read_on_the_hub(bench: LiveBench) -> None:
    ref = SecretRef("payments", "templates", kind="ConfigMap")
    wanted = intent(
        items=(TemplateItem(0, "url"),),
        template_reads=(Read("kubernetes", ref, path="spec.template.templateFrom[0]"),),
    )
    planned = await bench.one_shot(wanted).plan()
    finding = planned[0].step.finding
    assert finding is not None
    assert (finding.reason, finding.hint) == (
        "SourceMissing",
        "create it, correct spec.template.templateFrom[0], or log in with the right to read it",
    )
    bench.hub.put(CONFIGMAPS, "templates", namespace="payments", data={"url": "x{{ .k }}"})
    await bench.apply(wanted)
    assert held(bench) == {"url": b"x" + canary("one")}


async def test_several_sources_are_read(bench: LiveBench) -> None:
    bench.hub.put_secret("more", k=OTHER_VALUE)
    reads = tuple(Read("kubernetes", SecretRef("payments", name), name) for name in ("src", "more"))
    await bench.apply(intent({"both": "{{ .src.k }}{{ .more.k }}"}, reads=reads))
    assert held(bench) == {"both": canary("one") + canary("two")}
    planned = await bench.one_shot(replace(intent_of(), reads=reads)).plan()
    finding = planned[0].step.finding
    assert finding is not None
    assert finding.reason == "KeyAmbiguous"


async def test_an_absent_namespace_is_awaited_and_no_error_of_a_template(bench: LiveBench) -> None:
    bench.east.objects.pop((NAMESPACES.label, "", "payments"))
    planned = await bench.one_shot(intent({"k": "{{ .Namespace.labels.team }}"})).plan()
    reasons = [one.step.finding.reason for one in planned if one.step.finding]
    assert reasons == ["NamespaceMissing", "TemplateError"]
