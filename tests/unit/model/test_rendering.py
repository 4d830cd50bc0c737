# SPDX-License-Identifier: Apache-2.0
from keyfleet.model.rendering import (
    Into,
    MergePolicy,
    Rendering,
    TemplateAs,
    TemplateItem,
    TemplateLiteral,
)


def test_labels_alone_leave_the_data_as_it_is() -> None:
    found = Rendering(labels={"a": "{{ .Cluster.name }}"})
    assert not found.makes_data
    assert found.keeps_source


def test_templates_replace_the_source_unless_told_to_merge() -> None:
    for made in (Rendering(data={"k": "v"}), Rendering(items=(TemplateItem(0, "k"),))):
        assert made.makes_data
        assert not made.keeps_source
    assert Rendering(data={"k": "v"}, merge=MergePolicy.MERGE).keeps_source


def test_only_templates_of_keys_name_labels_by_rendering() -> None:
    def names(*items: TemplateItem | TemplateLiteral) -> bool:
        return Rendering(items=items).names_metadata

    assert names(TemplateLiteral("a: b", "x", Into.LABELS))
    assert names(TemplateItem(0, "k", TemplateAs.KEYS_AND_VALUES, Into.ANNOTATIONS))
    assert not names(TemplateItem(0, "k", into=Into.LABELS), TemplateLiteral("a: b", "x"))


def test_literals_are_told_from_objects() -> None:
    literal = TemplateLiteral("a: b", "x")
    assert Rendering(items=(TemplateItem(0, "k"), literal)).literals == (literal,)
