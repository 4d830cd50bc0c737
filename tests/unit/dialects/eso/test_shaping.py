# SPDX-License-Identifier: Apache-2.0
"""What the target looks like, and in which order its templates count."""

from typing import Any

import pytest
from tests.unit.dialects.eso.manifests import intent_of

from keyfleet.dialects.eso.hashes import owner_hash
from keyfleet.model.decoding import Decoding
from keyfleet.model.dress import OwnerReference
from keyfleet.model.intent import Creation, SecretRef, Shape, WriteMode
from keyfleet.model.places import ClusterName
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

MANAGED = {"reconcile.external-secrets.io/managed": "true"}
CREATED = {"reconcile.external-secrets.io/created-by": owner_hash("shop", "db")}
PATH = "spec.target.template.templateFrom"


def shaped(target: dict[str, Any], **metadata: Any) -> Shape:
    return intent_of({"target": target}, **metadata).shape


def rendering(template: dict[str, Any]) -> Rendering:
    found = shaped({"template": template}).rendering
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("policy", "mode", "creation"),
    [
        ("Owner", WriteMode.REPLACE_DATA, Creation.CREATE),
        ("Orphan", WriteMode.REPLACE_DATA, Creation.CREATE),
        ("CreateOrMerge", WriteMode.MERGE, Creation.CREATE),
        ("Merge", WriteMode.MERGE, Creation.EXISTING),
        ("None", WriteMode.REPLACE_DATA, Creation.NEVER),
    ],
)
def test_creation_policies(policy: str, mode: WriteMode, creation: Creation) -> None:
    shape = shaped({"creationPolicy": policy})
    assert (shape.write_mode, shape.creation) == (mode, creation)
    assert shape.dress.is_owner is (policy == "Owner")
    assert shape.labels == (MANAGED | CREATED if policy == "Owner" else MANAGED)


def test_a_target_is_tied_to_its_manifest() -> None:
    dress = shaped({"immutable": True, "template": {"metadata": {"finalizers": ["a/b"]}}}).dress
    assert dress.manifest == OwnerReference("external-secrets.io/v1", "ExternalSecret", "db", "u-1")
    assert (dress.finalizers, dress.is_immutable) == (("a/b",), True)
    assert dress.field_manager == "externalsecrets.external-secrets.io/db"


def test_without_a_template_metadata_is_copied_but_for_what_is_the_manifests_alone() -> None:
    shape = shaped(
        {},
        labels={"app": "x", "app.kubernetes.io/managed-by": "Helm", "keyfleet.io/hub": "y"},
        annotations={
            "note": "n",
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
            "keyfleet.io/sync-requested": "t",
            "kubernetes.io/service-account.name": "sa",
        },
    )
    assert shape.labels == {"app": "x", **MANAGED, **CREATED}
    assert shape.annotations == {"note": "n"}
    assert (shape.rendering, shape.type, shape.keeps_type) == (None, "", True)


def test_with_a_template_only_its_metadata_counts() -> None:
    template = {
        "type": "kubernetes.io/tls",
        "metadata": {
            "labels": {"a": "1", "b": "{{ .x }}", "app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"c": "2", "d": "{{ .y }}"},
        },
    }
    shape = shaped({"template": template}, labels={"app": "x"}, annotations={"note": "n"})
    assert shape.labels == {"a": "1", **MANAGED, **CREATED}
    assert (shape.annotations, shape.type) == ({"c": "2"}, "kubernetes.io/tls")
    assert shape.rendering is not None
    assert (shape.rendering.labels, shape.rendering.annotations) == (
        {"b": "{{ .x }}"},
        {"d": "{{ .y }}"},
    )
    assert shape.rendering.keeps_source


def test_an_empty_template_keeps_the_data_and_copies_nothing() -> None:
    shape = shaped({"template": {}}, labels={"app": "x"})
    assert (shape.rendering, shape.labels) == (None, MANAGED | CREATED)


def test_templates_are_rendered_as_upstream_does() -> None:
    found = rendering({"data": {"url": "{{ .user }}"}})
    assert found == Rendering(
        data={"url": "{{ .user }}"},
        functions=Functions.ESO,
        missing_key=MissingKey.ERROR,
        merge=MergePolicy.REPLACE,
        root=Root.VALUES,
        is_layered=True,
        coerces=True,
        path="spec.target.template",
    )
    assert rendering({"data": {"a": "b"}, "mergePolicy": "Merge"}).keeps_source


def test_objects_and_literals_count_in_order() -> None:
    entry = {
        "literal": "a: b",
        "secret": {"name": "s", "items": [{"key": "k", "templateAs": "KeysAndValues"}]},
        "configMap": {"name": "c", "items": [{"key": "x"}, {"key": "y"}]},
        "target": "labels",
        "valuesDecodingStrategy": "Auto",
    }
    last = {"configMap": {"name": "d", "items": [{"key": "z"}]}}
    target = {"template": {"templateFrom": [entry, last]}}
    found = intent_of({"target": target}, "east")
    east = ClusterName("east")
    assert [(read.source, read.ref, read.path) for read in found.template_reads] == [
        ("kubernetes", SecretRef("shop", "c", east, "ConfigMap"), f"{PATH}[0]"),
        ("kubernetes", SecretRef("shop", "s", east, "Secret"), f"{PATH}[0]"),
        ("kubernetes", SecretRef("shop", "d", east, "ConfigMap"), f"{PATH}[1]"),
    ]
    assert found.shape.rendering is not None
    how = (Into.LABELS, Decoding.AUTO)
    assert found.shape.rendering.items == (
        TemplateItem(0, "x", TemplateAs.VALUES, *how),
        TemplateItem(0, "y", TemplateAs.VALUES, *how),
        TemplateItem(1, "k", TemplateAs.KEYS_AND_VALUES, *how),
        TemplateLiteral("a: b", f"{PATH}[0].literal", *how),
        TemplateItem(2, "z"),
    )


def test_what_templates_may_name_too_is_rendered_after_them() -> None:
    metadata = {"labels": {"a": "1"}, "annotations": {"c": "2"}}
    literal = {"literal": "a: other", "target": "Labels"}
    shape = shaped({"template": {"metadata": metadata, "templateFrom": [literal]}})
    assert shape.rendering is not None
    assert shape.rendering.labels == {"a": "1"}
    assert (shape.labels, shape.annotations) == (MANAGED | CREATED, {"c": "2"})
