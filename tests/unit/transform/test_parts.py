# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import Material, Texts
from keyfleet.model.intent import SecretRef
from keyfleet.model.rendering import (
    Functions,
    Into,
    Rendering,
    TemplateAs,
    TemplateItem,
    TemplateLiteral,
)
from keyfleet.testing.canary import canary
from keyfleet.transform.excerpts import TemplateFailedError
from keyfleet.transform.parts import (
    QUICKLY_PARSED_BYTES,
    TEMPLATES_MAX,
    Makes,
    Text,
    check_inline,
    inline_texts,
    is_quickly_parsed,
    part_of,
    texts_of,
)

MAP = SecretRef("shop", "templates", kind="ConfigMap")
SECRET = SecretRef("shop", "own")


def test_every_template_knows_what_it_makes_and_where_it_stands() -> None:
    rendering = Rendering(
        data={"k": "v"},
        items=(TemplateItem(0, "a"), TemplateItem(1, "b", TemplateAs.KEYS_AND_VALUES)),
        labels={"l": "x"},
        annotations={"n": "y"},
    )
    texts = (
        Texts(MAP, {"a": SecretValue(b"text a"), "unused": SecretValue(b"")}),
        Texts(SECRET, {"b": SecretValue(canary("b"))}),
    )
    found = list(texts_of(rendering, Material({}, texts)))
    assert [(one.makes, one.key, one.place, one.is_secret) for one in found] == [
        (Makes.VALUE, "k", "spec.template.data.k", False),
        (Makes.LABEL, "l", "spec.template.metadata.labels.l", False),
        (Makes.ANNOTATION, "n", "spec.template.metadata.annotations.n", False),
        (Makes.VALUE, "a", "key a of ConfigMap shop/templates", False),
        (Makes.KEYS_AND_VALUES, "b", "key b of Secret shop/own", True),
    ]
    assert found[3].text == "text a"
    assert "kf-canary" not in repr(found)


def test_a_key_that_the_object_lacks_is_named() -> None:
    rendering = Rendering(items=(TemplateItem(0, "nope"),))
    with pytest.raises(TransformError) as caught:
        list(texts_of(rendering, Material({}, (Texts(MAP, {}),))))
    assert caught.value.code == "transform.template_missing"
    assert caught.value.subject == "key nope of ConfigMap shop/templates"


@pytest.mark.parametrize(
    "rendering",
    [
        Rendering(data={"k": "{{ .a"}),
        Rendering(labels={"k": "{{ nope }}"}),
        Rendering(annotations={"k": "{{ end }}"}),
        Rendering(data={"k": "{{ upper .a }}"}, functions=Functions.CORE),
    ],
)
def test_templates_of_the_manifest_are_checked_without_any_data(rendering: Rendering) -> None:
    with pytest.raises(TemplateFailedError):
        check_inline(rendering)


def test_templates_of_objects_are_not_known_yet() -> None:
    check_inline(Rendering(data={"k": "{{ .a | upper }}"}, items=(TemplateItem(0, "k"),)))


@pytest.mark.parametrize(
    "data",
    [
        {f"k{index}": "" for index in range(TEMPLATES_MAX + 1)},
        {f"k{index}": "{{ print 1 1 1 1 1 1 1 }}" * 500 for index in range(5)},
    ],
)
def test_templates_are_neither_too_many_nor_too_long_together(data: dict[str, str]) -> None:
    with pytest.raises(TransformError) as caught:
        check_inline(Rendering(data=data))
    assert caught.value.code == "transform.templates_many"


def test_of_a_secret_template_that_is_none_nothing_is_quoted() -> None:
    text = f"{{{{ {canary('text').decode()} }}}}"
    with pytest.raises(TemplateFailedError) as caught:
        part_of(Text(Makes.VALUE, "k", text, "key k of Secret shop/t", is_secret=True), "core")
    assert str(caught.value) == (
        "key k of Secret shop/t cannot be parsed: line 1 (its text is secret)"
    )


def test_literals_stand_in_the_manifest_and_layers_come_in_order() -> None:
    literal = TemplateLiteral("a: {{ .x }}", "spec.t.templateFrom[0].literal", Into.LABELS)
    rendering = Rendering(data={"k": "v"}, items=(literal,), path="spec.t")
    found = list(inline_texts(rendering))
    assert [(one.makes, one.place) for one in found] == [
        (Makes.VALUE, "spec.t.data.k"),
        (Makes.LABELS, "spec.t.templateFrom[0].literal"),
    ]
    layers = texts_of(replace(rendering, is_layered=True), Material({}))
    assert [one.makes for one in layers] == [Makes.LABELS, Makes.VALUE]


def test_a_literal_that_is_no_template_is_refused_without_any_data() -> None:
    rendering = Rendering(items=(TemplateLiteral("a: {{", "spec.x"),))
    with pytest.raises(TemplateFailedError) as caught:
        check_inline(rendering)
    assert caught.value.place == "spec.x"


def test_literals_count_as_texts_to_parse() -> None:
    long = TemplateLiteral("x" * (QUICKLY_PARSED_BYTES + 1), "spec.x")
    assert not is_quickly_parsed(Rendering(items=(long,)))
