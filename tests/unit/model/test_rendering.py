# SPDX-License-Identifier: Apache-2.0
from keyfleet.model.rendering import MergePolicy, Rendering, TemplateItem


def test_labels_alone_leave_the_data_as_it_is() -> None:
    found = Rendering(labels={"a": "{{ .Cluster.name }}"})
    assert not found.makes_data
    assert found.keeps_source


def test_templates_replace_the_source_unless_told_to_merge() -> None:
    for made in (Rendering(data={"k": "v"}), Rendering(items=(TemplateItem(0, "k"),))):
        assert made.makes_data
        assert not made.keeps_source
    assert Rendering(data={"k": "v"}, merge=MergePolicy.MERGE).keeps_source
