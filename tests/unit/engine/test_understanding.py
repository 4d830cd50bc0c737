# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.dialects import annotated
from keyfleet.dialects.native import DIALECT
from keyfleet.engine.understanding import understood
from keyfleet.model.intent import Origin
from keyfleet.plugin import Translation

ORIGIN = Origin("native", "FleetSecret", "payments", "db", generation=2)


def translated(template: object) -> Translation:
    spec = {"source": {"secretRef": {"name": "a"}}, "placement": {}, "template": template}
    return understood(DIALECT, {"spec": spec}, ORIGIN)


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


def test_what_the_dialect_rejects_stays_rejected() -> None:
    assert translated({"nope": 1}).rejections[0].reason == "UnknownField"


def test_dialects_without_templates_are_left_alone() -> None:
    found = understood(annotated.dialect(), {"metadata": {"annotations": {}}}, ORIGIN)
    assert found == Translation()
