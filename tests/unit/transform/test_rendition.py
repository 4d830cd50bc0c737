# SPDX-License-Identifier: Apache-2.0
"""What templates make of values and places, and of what that is told apart."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import Material, SecretData, Texts
from keyfleet.model.decoding import Decoding
from keyfleet.model.intent import Deference, KeyRename, SecretRef, Shape, WriteMode
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts, TargetFacts
from keyfleet.model.rendering import (
    Functions,
    Into,
    MergePolicy,
    MissingKey,
    Rendering,
    Root,
    TemplateAs,
    TemplateItem,
    TemplateLiteral,
)
from keyfleet.testing.canary import canary
from keyfleet.transform.excerpts import TemplateFailedError
from keyfleet.transform.rendition import Chance, Names, Rendition

PASSWORD = canary("password")
DATA = {"user": SecretValue(b"shop"), "password": SecretValue(PASSWORD)}
CLUSTER = ClusterFacts(ClusterName("east"), labels={"env": "prod"})
EAST = TargetFacts(CLUSTER, NamespaceFacts("shop", {"team": "pay"}))
WEST = replace(EAST, cluster=ClusterFacts(ClusterName("west"), labels={"env": "test"}))
CHANCE = Chance(lambda: datetime(2026, 1, 1, tzinfo=UTC), Random(1))


def rendition(
    data: Mapping[str, str] | None = None,
    *,
    sources: Mapping[str, SecretData] | None = None,
    texts: tuple[Texts, ...] = (),
    shape: Shape | None = None,
    **fields: Any,
) -> Rendition:
    rendering = Rendering(data=data or {}, **fields)
    found = sources or {"": SecretData(DATA, "example.com/db")}
    return Rendition(shape or Shape(), rendering, Material(found, texts))


def made(found: Rendition, facts: TargetFacts = EAST) -> dict[str, bytes]:
    return {key: value.reveal() for key, value in found.content(facts, CHANCE.begin()).data.items()}


def code_of(found: Rendition) -> str:
    with pytest.raises(TransformError) as caught:
        found.content(EAST, CHANCE.begin())
    assert "kf-canary" not in f"{caught.value} {caught.value.excerpt}"
    assert caught.value.__context__ is None, "it would hold what the error was made of"
    return caught.value.code


def test_makes_values_of_keys_cluster_and_namespace() -> None:
    found = rendition({"url": "{{ .user }}:{{ .password }}@{{ .Cluster.labels.env }}"})
    assert made(found) == {"url": b"shop:" + PASSWORD + b"@prod"}
    assert made(found, WEST) == {"url": b"shop:" + PASSWORD + b"@test"}


def test_values_are_bytes_in_and_out() -> None:
    raw = bytes(range(256))
    found = rendition({"k": "{{ .raw }}"}, sources={"": SecretData({"raw": SecretValue(raw)})})
    assert made(found) == {"k": raw}


def test_the_place_comes_before_keys_of_the_same_name() -> None:
    sources = {"": SecretData({"Cluster": SecretValue(b"x")})}
    assert made(rendition({"k": "{{ .Cluster.name }}"}, sources=sources)) == {"k": b"east"}


def test_several_sources_are_reached_by_name() -> None:
    sources = {"db": SecretData(DATA), "x": SecretData({"password": SecretValue(b"p")})}
    found = rendition({"k": "{{ .db.user }}{{ .x.password }}"}, sources=sources)
    assert made(found) == {"k": b"shopp"}


def test_templates_replace_the_keys_or_join_them() -> None:
    assert set(made(rendition({"user": "new"}))) == {"user"}
    joined = made(rendition({"user": "new"}, merge=MergePolicy.MERGE))
    assert joined == {"user": b"new", "password": PASSWORD}
    chosen = Shape(keys=(KeyRename("password", "pw"),))
    found = rendition({"user": "new"}, merge=MergePolicy.MERGE, shape=chosen)
    assert made(found) == {"user": b"new", "pw": PASSWORD}


def test_a_template_joined_to_several_sources_needs_keys_of_one_meaning() -> None:
    sources = {"a": SecretData(DATA), "b": SecretData(DATA)}
    assert made(rendition({"k": "{{ .a.user }}"}, sources=sources)) == {"k": b"shop"}
    with pytest.raises(TransformError) as caught:
        rendition({"k": "{{ .a.user }}"}, sources=sources, merge=MergePolicy.MERGE)
    assert caught.value.code == "transform.key_ambiguous"


def test_the_type_is_the_sources_as_long_as_its_keys_are() -> None:
    assert rendition({"k": "v"}).type == "Opaque"
    assert rendition({"k": "v"}, merge=MergePolicy.MERGE).type == "example.com/db"
    assert rendition(labels={"a": "{{ .Cluster.name }}"}).type == "example.com/db"
    assert rendition({"k": "v"}, shape=Shape(type="example.com/x")).type == "example.com/x"


def test_the_type_asks_for_its_keys() -> None:
    assert code_of(rendition({"k": "v"}, shape=Shape(type="kubernetes.io/tls"))) == (
        "transform.type_key"
    )


def test_labels_and_annotations_are_made_too_and_those_of_values_veiled() -> None:
    found = rendition(
        labels={"env": "{{ .Cluster.labels.env }}"},
        annotations={"a": "{{ .user }}", "b": "{{ .Namespace.name }}"},
        shape=Shape(labels={"plain": "x"}),
    ).content(EAST, CHANCE.begin())
    assert found.labels == {"plain": "x", "env": "prod"}
    assert found.annotations == {"a": "shop", "b": "shop"}
    assert found.veiled == {"a"}
    assert found.data == DATA


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"labels": {"a": "{{ .password }} !"}}, "transform.metadata_invalid"),
        ({"annotations": {"keyfleet.io/owner": "{{ 1 }}"}}, "transform.metadata_reserved"),
        ({"data": {"k": "{{ .nope }}"}}, "transform.template"),
        ({"data": {"k": "{{ .password.x }}"}}, "transform.template"),
        ({"data": {"k": "{{ .Cluster.labels.nope }}"}}, "transform.template"),
        ({"data": {"k": "{{ fail .password }}"}}, "transform.template"),
        ({"data": {"k": '{{ repeat 1100 (repeat 1000 "x") }}'}}, "transform.too_large"),
    ],
)
def test_what_fails_says_no_value(fields: dict[str, Any], code: str) -> None:
    assert code_of(rendition(**fields)) == code


def test_what_cannot_be_parsed_fails_before_anything_is_rendered() -> None:
    with pytest.raises(TemplateFailedError):
        rendition({"k": "{{ .a"})


def test_a_missing_key_may_be_let_pass() -> None:
    text = "{{ .nope }}|{{ .db.nope }}"
    sources = {"db": SecretData(DATA)}
    zero = rendition({"k": text}, sources=sources, missing_key=MissingKey.ZERO)
    assert made(zero) == {"k": b"<no value>|"}


def test_functions_are_of_the_chosen_set() -> None:
    assert made(rendition({"k": "{{ .user | upper }}"})) == {"k": b"SHOP"}
    with pytest.raises(TemplateFailedError):
        rendition({"k": "{{ .user | upper }}"}, functions=Functions.CORE)


TEXTS = Texts(
    SecretRef("shop", "t"),
    {
        "many": SecretValue(b"a: '{{ .user }}'\nb: \"1\"\n"),
        "number": SecretValue(b"a: 1"),
        "list": SecretValue(b"[a]"),
        "broken": SecretValue(b"a: 'x\n"),
        "several": SecretValue(b"a: b\n---\nc: d"),
        "nothing": SecretValue(b"{{ if false }}{{ end }}"),
        "twice": SecretValue(b"own: x"),
        "bad-key": SecretValue(b"'a b': x"),
        "value-as-key": SecretValue(b"? '{{ .password }} '\n: x"),
        "too-many": SecretValue(b'a: [{{ repeat 120000 "1," }}1]'),
    },
)


def whole(key: str) -> Rendition:
    items = (TemplateItem(0, key, TemplateAs.KEYS_AND_VALUES),)
    return rendition({"own": "y"}, texts=(TEXTS,), items=items)


def test_one_template_may_make_many_keys() -> None:
    assert made(whole("many")) == {"own": b"y", "a": b"shop", "b": b"1"}
    assert made(whole("nothing")) == {"own": b"y"}


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("number", "transform.template_yaml"),
        ("list", "transform.template_yaml"),
        ("broken", "transform.template_yaml"),
        ("several", "transform.template_yaml"),
        ("twice", "transform.template_twice"),
        ("bad-key", "transform.key_name"),
        ("value-as-key", "transform.key_name"),
        ("too-many", "transform.template_yaml"),
    ],
)
def test_what_makes_no_keys_and_values_is_refused(key: str, code: str) -> None:
    assert code_of(whole(key)) == code


def test_bytes_that_are_no_text_make_no_annotation() -> None:
    sources = {"": SecretData({"raw": SecretValue(PASSWORD + b"\xff")})}
    found = rendition(annotations={"a": "{{ .raw }}"}, sources=sources)
    assert code_of(found) == "transform.metadata_invalid"


def test_all_templates_of_a_target_share_one_budget() -> None:
    text = "{{ range until 30000 }}{{ end }}"
    assert made(rendition({"a": text})) == {"a": b""}
    assert code_of(rendition({f"k{index}": text for index in range(9)})) == "transform.template"


# Inputs.


def test_places_that_look_the_same_have_the_same_inputs() -> None:
    same = rendition({"k": "{{ .user }}"})
    assert same.place_like(EAST) == same.place_like(WEST) == {}
    assert same.inputs(EAST) == same.inputs(WEST)
    other = rendition({"k": "{{ .Cluster.labels.env }}"})
    assert other.place_like(EAST) != other.place_like(WEST)
    assert other.inputs(EAST) != other.inputs(WEST)


def test_only_values_that_are_looked_at_are_inputs() -> None:
    found = rendition({"k": "{{ .user }}"}).inputs(EAST)
    assert [name for name in found if name.startswith("value")] == ["value /user"]
    everything = rendition({"k": "{{ range $k, $v := . }}{{ end }}"}).inputs(EAST)
    assert {"value /user", "value /password"} <= set(everything)


def test_of_several_sources_whole_maps_may_be_looked_at() -> None:
    sources = {"db": SecretData(DATA), "x": SecretData(DATA)}
    found = rendition({"k": "{{ range .db }}{{ end }}{{ .x.user }}"}, sources=sources).inputs(EAST)
    values = {name for name in found if name.startswith("value")}
    assert values == {"value db/user", "value db/password", "value x/user"}


@pytest.mark.parametrize(
    "changed",
    [
        rendition({"k": "{{ .user }} "}),
        rendition({"other": "{{ .user }}"}),
        rendition({"k": "{{ .user }}"}, missing_key=MissingKey.ZERO),
        rendition({"k": "{{ .user }}"}, functions=Functions.CORE),
        rendition({"k": "{{ .user }}"}, merge=MergePolicy.MERGE),
        rendition({"k": "{{ .user }}"}, shape=Shape(type="example.com/x")),
        rendition({"k": "{{ .user }}"}, labels={"k": "{{ .user }}"}),
        rendition(
            {"k": "{{ .user }}"}, sources={"": SecretData(DATA | {"user": SecretValue(b"x")})}
        ),
    ],
)
def test_whatever_decides_about_the_outcome_is_an_input(changed: Rendition) -> None:
    assert changed.inputs(EAST) != rendition({"k": "{{ .user }}"}).inputs(EAST)


def test_each_of_several_texts_of_one_name_is_an_input() -> None:
    def of(first: bytes) -> Rendition:
        texts = (
            Texts(SecretRef("shop", "a", kind="ConfigMap"), {"all": SecretValue(first)}),
            Texts(SecretRef("shop", "b", kind="ConfigMap"), {"all": SecretValue(b"b: x")}),
        )
        items = tuple(TemplateItem(read, "all", TemplateAs.KEYS_AND_VALUES) for read in (0, 1))
        return rendition(texts=texts, items=items)

    assert of(b"a: x").inputs(EAST) != of(b"a: y").inputs(EAST)
    assert of(b"a: x").wording() != of(b"a: y").wording()


def test_chance_and_time_are_no_inputs() -> None:
    found = rendition({"k": "{{ randAlpha 20 }} {{ now }}"})
    assert found.content(EAST, CHANCE.begin()).data != found.content(EAST, CHANCE.begin()).data
    assert found.inputs(EAST) == found.inputs(EAST)


def test_one_render_changes_nothing_for_the_next() -> None:
    text = '{{ $_ := set .Cluster "name" "x" }}{{ $_ := set . "user" "y" }}{{ .user }}'
    found = rendition({"a": text, "b": "{{ .user }} {{ .Cluster.name }}"})
    assert made(found)["b"] == b"shop east"


def test_says_whether_it_takes_long_or_makes_nothing() -> None:
    assert rendition({"k": '{{ genPrivateKey "ed25519" }}'}).is_slow
    assert not rendition({"k": "{{ .user }}"}).is_slow
    assert rendition(labels={"a": "{{ 1 }}"}, sources={"": SecretData({})}).is_empty
    assert not rendition({"k": ""}).is_empty


def layered(
    *items: TemplateItem | TemplateLiteral,
    data: Mapping[str, str] | None = None,
    texts: tuple[Texts, ...] = (),
    **fields: Any,
) -> Rendition:
    how: dict[str, Any] = {
        "functions": Functions.ESO,
        "root": Root.VALUES,
        "is_layered": True,
        "coerces": True,
    }
    return rendition(data, items=items, texts=texts, **(how | fields))


def literal(text: str, into: Into = Into.DATA, decoding: Decoding = Decoding.NONE) -> Any:
    return TemplateLiteral(text, "spec.target.template.templateFrom[0].literal", into, decoding)


def holder(**entries: str) -> Texts:
    raw = {key: SecretValue(text.encode()) for key, text in entries.items()}
    return Texts(SecretRef("shop", "texts", kind="ConfigMap"), raw)


def test_values_alone_are_a_map_of_texts() -> None:
    found = layered(
        data={
            "all": "{{ range $k, $v := . }}{{ $k }};{{ end }}",
            "json": "{{ toJson . }}",
            "count": "{{ len . }}",
            "one": '{{ index . "user" }}',
        },
        sources={"": SecretData({"user": SecretValue(b"shop"), "Cluster": SecretValue(b"c")})},
    )
    assert made(found) == {
        "all": b"Cluster;user;",
        "json": b'{"Cluster":"c","user":"shop"}',
        "count": b"2",
        "one": b"shop",
    }


def test_places_are_no_part_of_values_alone() -> None:
    assert code_of(layered(data={"k": "{{ .Cluster.name }}"})) == "transform.template"
    assert layered(data={"k": "{{ .user }}"}).place_like(EAST) == {}


def test_the_later_layer_counts_and_data_last() -> None:
    texts = (holder(a="first a", b="first b", c="first c", m="a: second a\nb: second b"),)
    found = layered(
        TemplateItem(0, "a"),
        TemplateItem(0, "b"),
        TemplateItem(0, "c"),
        TemplateItem(0, "m", TemplateAs.KEYS_AND_VALUES),
        literal("b: third b"),
        data={"c": "own c"},
        texts=texts,
    )
    assert made(found) == {"a": b"second a", "b": b"third b", "c": b"own c"}


def test_layers_lie_on_the_sources_keys_where_these_are_kept() -> None:
    found = layered(literal("user: new"), merge=MergePolicy.MERGE)
    assert made(found) == {"user": b"new", "password": PASSWORD}
    assert made(layered(literal("user: new"))) == {"user": b"new"}


def test_labels_and_annotations_may_be_named_by_templates() -> None:
    texts = (holder(l="{{ .user }}", m="a: '1'"),)
    found = layered(
        TemplateItem(0, "l", into=Into.LABELS),
        TemplateItem(0, "m", TemplateAs.KEYS_AND_VALUES, Into.LABELS),
        literal("note: {{ .user }}\na: x", Into.ANNOTATIONS),
        texts=texts,
        labels={"a": "own"},
        shape=Shape(labels={"plain": "x"}),
        merge=MergePolicy.MERGE,
    )
    content = found.content(EAST, CHANCE.begin())
    assert content.labels == {"plain": "x", "l": "shop", "a": "own"}
    assert content.annotations == {"note": "shop", "a": "x"}
    assert content.veiled == {"l", "a", "note"}
    assert set(content.data) == set(DATA)
    names = found.names(content.labels, content.annotations)
    assert names == Names(frozenset({"l", "a"}), frozenset({"note", "a"}))


def test_names_that_stand_in_the_manifest_need_no_rendering() -> None:
    found = layered(data={"k": "v"}, labels={"a": "{{ .user }}"}, shape=Shape(labels={"b": "x"}))
    names = found.names(("a", "b", "others"), ())
    assert names == Names(frozenset({"a"}), frozenset())


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("k: 007", {"k": b"7"}),
        ("k: yes", {"k": b"true"}),
        ("on: off", {"true": b"false"}),
        ("k: 3.14159265", {"k": b"3.1415927"}),
        ("k:", {"k": b""}),
        ("", {}),
        ("k: {{ .user | quote }}", {"k": b"shop"}),
    ],
)
def test_scalars_become_texts(text: str, becomes: dict[str, bytes]) -> None:
    assert made(layered(literal(text))) == becomes


@pytest.mark.parametrize("text", ["- a", "k: [a]", "k: {a: b}", "just text", "k: 'x"])
def test_what_is_no_map_of_texts_is_refused(text: str) -> None:
    assert code_of(layered(literal(text))) == "transform.template_yaml"


def test_what_templates_make_is_decoded_on_demand() -> None:
    texts = (holder(a="YWJj", m="k: YWJj"),)
    found = layered(
        TemplateItem(0, "a", decoding=Decoding.BASE64),
        TemplateItem(0, "m", TemplateAs.KEYS_AND_VALUES, decoding=Decoding.AUTO),
        literal("l: YWJj", decoding=Decoding.BASE64_URL),
        data={"own": "YWJj"},
        texts=texts,
    )
    assert made(found) == {"a": b"abc", "k": b"abc", "l": b"abc", "own": b"YWJj"}
    broken = layered(literal("l: {{ .password }}", decoding=Decoding.BASE64))
    assert code_of(broken) == "transform.template_encoding"


def test_binary_values_can_be_made_by_decoding() -> None:
    found = layered(literal("k: /wA=", decoding=Decoding.BASE64))
    assert made(found) == {"k": b"\xff\x00"}


def test_the_order_of_layers_is_a_part_of_the_inputs() -> None:
    one, other = literal("a: x"), literal("a: y")
    inputs = [layered(*items).inputs(EAST) for items in ((one, other), (other, one))]
    assert revealed(inputs[0]) != revealed(inputs[1])


def test_how_templates_were_always_read_makes_nothing_new() -> None:
    assert revealed(rendition({"k": "v"}).inputs(EAST))["how"] == b"sprig error Replace "
    assert b"values" in revealed(layered(data={"k": "v"}).inputs(EAST))["how"]


def test_the_type_asks_for_nothing_where_others_have_keys_too() -> None:
    found = rendition({"k": "v"}, shape=Shape("kubernetes.io/tls", write_mode=WriteMode.MERGE))
    assert made(found) == {"k": b"v"}


def revealed(values: Mapping[str, SecretValue]) -> dict[str, bytes]:
    return {name: value.reveal() for name, value in values.items()}


SEALED: dict[str, Any] = {
    "functions": Functions.SEALEDSECRETS,
    "missing_key": MissingKey.DEFAULT,
    "merge": MergePolicy.MERGE,
    "root": Root.VALUES,
    "source_wins": True,
    "sees_texts": True,
    "gathers": True,
}
"""How SealedSecrets render. Source: compat/sealed-secrets.md 2.2."""


def test_of_a_key_of_both_the_source_may_count_and_the_template_is_tried_all_the_same() -> None:
    found = made(rendition({"user": "other", "k": "{{ .user }}"}, **SEALED))
    assert found == {"user": b"shop", "password": PASSWORD, "k": b"shop"}
    broken = rendition({"user": "{{ upper .none }}"}, **SEALED)
    assert code_of(broken) == "transform.template"


def test_templates_may_see_each_others_texts_unrendered() -> None:
    found = made(rendition({"a": "{{ .b }}|{{ .user }}|{{ .none }}", "b": "{{ .a }}"}, **SEALED))
    assert found["a"] == b"{{ .a }}|shop|<no value>"
    assert found["b"] == b"{{ .b }}|{{ .user }}|{{ .none }}"


def test_all_that_fail_may_be_told_together() -> None:
    texts = {"c": "{{ upper .none }}", "a": "{{ .user ", "b": "{{ nope }}", "good": "x"}
    with pytest.raises(TransformError) as caught:
        rendition(texts, **SEALED).content(EAST, CHANCE.begin())
    lines = str(caught.value).split("\n")
    assert lines[:2] == [
        "template: a:1: unclosed action (a)",
        'template: b:1: function "nope" not defined (b)',
    ]
    assert lines[2].startswith('template: c:1:9: executing "c" at <.none>: ')
    assert (len(lines), caught.value.key) == (3, "a")


def test_what_may_be_among_the_keys_of_others_is_left_to_the_api_server() -> None:
    deferring = Shape("kubernetes.io/tls", deference=Deference("shares", "yields"))
    assert made(rendition({"k": "v"}, shape=deferring)) == {"k": b"v"}
