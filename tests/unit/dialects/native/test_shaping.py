# SPDX-License-Identifier: Apache-2.0
"""Sources and templates of a FleetSecret; the golden cases stand in tests/compat/native."""

from typing import Any

import pytest

from keyfleet.dialects.native import DIALECT
from keyfleet.model.intent import Intent, Origin, Rejection, SecretRef
from keyfleet.model.rendering import Functions, MergePolicy, MissingKey, TemplateAs, TemplateItem

ORIGIN = Origin("native", "FleetSecret", "shop", "db", uid="u", generation=3)
SOURCE = {"source": {"secretRef": {"name": "db"}}}


def understood(**spec: Any) -> Intent | Rejection:
    document = {"spec": {"placement": {}} | spec}
    found = DIALECT.translate(document, ORIGIN)
    return found.intents[0] if found.intents else found.rejections[0]


def intent(**spec: Any) -> Intent:
    found = understood(**spec)
    assert isinstance(found, Intent), found
    return found


def refusal(**spec: Any) -> tuple[str, str]:
    found = understood(**spec)
    assert isinstance(found, Rejection)
    assert found.reason == "InvalidSpec"
    return (found.path, found.message)


def test_without_templates_nothing_is_rendered() -> None:
    found = intent(
        **SOURCE, template={"metadata": {"labels": {"a": "b"}, "annotations": {"c": ""}}}
    )
    assert found.shape.rendering is None
    assert found.template_reads == ()
    assert (found.shape.labels, found.shape.annotations) == ({"a": "b"}, {"c": ""})


def test_labels_and_annotations_are_templates_where_they_look_like_it() -> None:
    metadata = {
        "labels": {"env": "{{ .Cluster.labels.env }}", "plain": "x"},
        "annotations": {"at": "{{ .Namespace.name }}", "note": "{ }}"},
    }
    shape = intent(**SOURCE, template={"metadata": metadata}).shape
    assert (shape.labels, shape.annotations) == ({"plain": "x"}, {"note": "{ }}"})
    assert shape.rendering is not None
    assert shape.rendering.labels == {"env": "{{ .Cluster.labels.env }}"}
    assert shape.rendering.annotations == {"at": "{{ .Namespace.name }}"}
    assert shape.rendering.keeps_source


def test_reads_every_field_of_a_template() -> None:
    template = {
        "data": {"url": "{{ .host }}"},
        "templateFrom": [
            {"configMapRef": {"name": "shared", "items": [{"key": "a"}, {"key": "b"}]}},
            {"secretRef": {"name": "own", "items": [{"key": "c", "templateAs": "KeysAndValues"}]}},
        ],
        "mergePolicy": "Merge",
        "functions": "core",
        "missingKey": "zero",
    }
    found = intent(**SOURCE, template=template)
    rendering = found.shape.rendering
    assert rendering is not None
    assert rendering.data == {"url": "{{ .host }}"}
    assert rendering.items == (
        TemplateItem(0, "a"),
        TemplateItem(0, "b"),
        TemplateItem(1, "c", TemplateAs.KEYS_AND_VALUES),
    )
    assert [read.ref for read in found.template_reads] == [
        SecretRef("shop", "shared", kind="ConfigMap"),
        SecretRef("shop", "own"),
    ]
    assert (rendering.merge, rendering.functions) == (MergePolicy.MERGE, Functions.CORE)
    assert rendering.missing_key is MissingKey.ZERO
    assert [read.ref.name for read in found.all_reads] == ["db", "shared", "own"]


def test_several_sources_are_called_by_their_names() -> None:
    found = intent(
        sources=[
            {"name": "db", "secretRef": {"name": "a"}},
            {"name": "tls", "secretRef": {"name": "b", "namespace": "pki", "cluster": "east"}},
        ]
    )
    assert [(read.name, str(read.ref)) for read in found.reads] == [
        ("db", "hub/shop/a"),
        ("tls", "east/pki/b"),
    ]


ENTRY = {"name": "s", "secretRef": {"name": "a"}}


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        ({}, "spec", "give exactly one of source and sources"),
        ({"sources": []}, "spec", "give exactly one of source and sources"),
        ({**SOURCE, "sources": [ENTRY]}, "spec", "give exactly one of source and sources"),
        (
            {"sources": [ENTRY, ENTRY]},
            "spec.sources[1].name",
            "two sources have the same name",
        ),
        (
            {"sources": [ENTRY | {"name": "Cluster"}]},
            "spec.sources[0].name",
            "not a name for templates (a small letter, then letters, digits and '_')",
        ),
        (
            {**SOURCE, "template": {"data": {"a/b": "x"}}},
            "spec.template.data",
            "not a key of a Secret (letters, digits, '-', '_' and '.')",
        ),
        (
            {**SOURCE, "template": {"templateFrom": [{}]}},
            "spec.template.templateFrom[0]",
            "give exactly one of secretRef and configMapRef",
        ),
        (
            {
                **SOURCE,
                "template": {
                    "data": {"k": "x"},
                    "templateFrom": [{"secretRef": {"name": "t", "items": [{"key": "k"}]}}],
                },
            },
            "spec.template.templateFrom[0]",
            "two templates make the key k",
        ),
        (
            {**SOURCE, "data": [{"from": "a"}], "template": {"data": {"k": "x"}}},
            "spec.data",
            "templates replace the source's keys, so that none is left to choose",
        ),
        (
            {**SOURCE, "template": {"metadata": {"labels": {"a b": "{{ 1 }}"}}}},
            "spec.template.metadata.labels",
            "not a label key",
        ),
    ],
)
def test_refuses_what_cannot_be_meant(spec: dict[str, Any], path: str, message: str) -> None:
    assert refusal(**spec) == (path, message)


def test_keys_may_be_chosen_beside_templates_that_merge() -> None:
    found = intent(
        **SOURCE,
        data=[{"from": "a", "to": "b"}],
        template={"data": {"k": "x"}, "mergePolicy": "Merge"},
    )
    assert found.shape.keys is not None
