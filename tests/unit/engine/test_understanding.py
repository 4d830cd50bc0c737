# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.dialects import annotated
from keyfleet.dialects.native import DIALECT
from keyfleet.engine.understanding import understood
from keyfleet.model.intent import Origin
from keyfleet.plugin import Translation
from keyfleet.transform.parts import QUICKLY_PARSED_BYTES

ORIGIN = Origin("native", "FleetSecret", "payments", "db", generation=2)


def translated(template: object, *, only_quickly: bool = False) -> Translation:
    spec = {"source": {"secretRef": {"name": "a"}}, "placement": {}, "template": template}
    return understood(DIALECT, {"spec": spec}, ORIGIN, only_quickly=only_quickly)


def test_what_can_be_parsed_is_understood() -> None:
    assert translated({"data": {"k": "{{ .a | upper }}"}}).intents
    assert translated({}).intents


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ({"data": {"a.b": "x\n{{ .a"}}, "spec.template.data.a.b"),
        ({"metadata": {"labels": {"l": "{{ end }}"}}}, "spec.template.metadata.labels.l"),
        ({"data": {"k": "{{ nope }}"}, "functions": "core"}, "spec.template.data.k"),
    ],
)
def test_a_template_that_is_none_is_rejected_where_it_stands(template: object, path: str) -> None:
    found = translated(template)
    assert found.intents == ()
    (rejection,) = found.rejections
    assert (rejection.reason, rejection.path, rejection.origin) == ("TemplateError", path, ORIGIN)
    assert rejection.message.startswith("cannot be parsed: template: ")
    assert rejection.excerpt


def test_a_long_template_is_left_for_later_where_nothing_may_take_long() -> None:
    long = "{{ nope" + " " * QUICKLY_PARSED_BYTES
    for text, is_later in ((long, True), ("{{ nope", False)):
        assert translated({"data": {"k": text}}).rejections
        assert bool(translated({"data": {"k": text}}, only_quickly=True).intents) is is_later


def test_what_the_dialect_rejects_stays_rejected() -> None:
    assert translated({"nope": 1}).rejections[0].reason == "UnknownField"


def test_dialects_without_templates_are_left_alone() -> None:
    found = understood(annotated.dialect(), {"metadata": {"annotations": {}}}, ORIGIN)
    assert found == Translation()
