# SPDX-License-Identifier: Apache-2.0
"""Manifests, and Secrets that are there before them, that both controllers are given.

Every case is a SealedSecret of the same name. Source: compat/sealed-secrets.md 1.2, 1.4, 1.5,
2.1-2.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.compat.sealedsecrets.besidetemplates import ONE, SIBLINGS, TEMPLATES, TWO, VALUES

from keyfleet.base.sealing import Scope

PREFIX: Final = "sealedsecrets.bitnami.com/"
MANAGED, PATCH = f"{PREFIX}managed", f"{PREFIX}patch"
SKIP_OWNER: Final = f"{PREFIX}skip-set-owner-references"
NAMESPACE_WIDE, CLUSTER_WIDE = f"{PREFIX}namespace-wide", f"{PREFIX}cluster-wide"
ON: Final = "true"

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One SealedSecret and what is there before it."""

    items: Mapping[str, bytes] = field(default_factory=lambda: {"k": ONE})
    """Sealed for the case."""
    raw: Any = None
    """Joins the sealed items, or stands in their place where it is no map."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    scope: Scope = Scope.STRICT
    """What the items are sealed for."""
    sealed_as: str = ""
    """The name that they are sealed for; empty: that of the case."""
    template: Document | None = None
    whole: Document | None = None
    """A complete Secret, sealed as one text."""
    spec: Document = field(default_factory=dict)
    """Joins the spec."""
    there: Document | None = None
    """A Secret of this name; `OWNED` among its references stands for one to the manifest."""
    edit: Document | None = None
    """A merge patch of the spec, after the first look."""
    items_later: Mapping[str, bytes] | None = None
    """Sealed and merged into the items, after the first look."""
    is_deleted: bool = False
    """The Secret is deleted after the first look."""
    is_refused: bool = False
    """The API server does not take it."""


OWNED: Final = {"name": "OWNED"}
FOREIGN: Final = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1-2-3"}
APP: Final = {"metadata": {"labels": {"app": "shop"}, "annotations": {"note": "x"}}}


def secret(
    data: Mapping[str, bytes] | None = None,
    *annotations: str,
    owners: tuple[Document, ...] = (),
    **more: Any,
) -> Document:
    """Return a Secret that others made, with labels and notes of theirs."""
    notes = {"theirs": "note", **dict.fromkeys(annotations, ON)}
    metadata = {
        "labels": {"theirs": "label"},
        "annotations": notes,
        "ownerReferences": list(owners),
    }
    return {"metadata": metadata, "data": data or {"k": TWO, "others": TWO}, **more}


SHAPES: Final = {
    # Scopes.
    "strict": Case(),
    "strict-other-name": Case(sealed_as="other"),
    "namespace-wide": Case(
        annotations={NAMESPACE_WIDE: ON}, scope=Scope.NAMESPACE_WIDE, sealed_as="other"
    ),
    "namespace-wide-strict": Case(annotations={NAMESPACE_WIDE: ON}),
    "cluster-wide": Case(annotations={CLUSTER_WIDE: ON}, scope=Scope.CLUSTER_WIDE),
    "both-wide": Case(annotations={CLUSTER_WIDE: ON, NAMESPACE_WIDE: ON}, scope=Scope.CLUSTER_WIDE),
    "cluster-wide-capital": Case(annotations={CLUSTER_WIDE: "True"}, scope=Scope.CLUSTER_WIDE),
    "cluster-wide-1": Case(annotations={CLUSTER_WIDE: "1"}),
    "wide-in-template": Case(
        template={"metadata": {"annotations": {CLUSTER_WIDE: ON}}}, scope=Scope.CLUSTER_WIDE
    ),
    # Items.
    "none": Case({}),
    "empty-text": Case(raw={"e": ""}),
    "short": Case(raw={"e": "AA=="}),
    "bad-base64": Case(raw={"e": "%%%", "f": "AgA", "g": "AgAB\n-"}),
    "two-do-not-open": Case(raw={"e": "AgAA", "d": "AgAA", "b": "AgAA_"}),
    "lines": Case(raw={"e": "Ag\nAA\r\n"}),
    "many": Case({f"item-{number}": ONE for number in range(20)} | {"empty": b""}),
    "odd-name": Case({"../k": ONE}),
    "null-item": Case(raw={"e": None}),
    "number-item": Case(raw={"e": 5}, is_refused=True),
    "list": Case(raw=["x"], is_refused=True),
    # Templates beside items.
    "only-templates": Case({}, template={"data": {"a": "{{ add 1 2 }}", "b": "{{ .a }}"}}),
    "in-both": Case(template={"data": {"k": "never {{ .k }}", "u": "{{ .k }}"}}),
    "in-both-failing": Case(template={"data": {"k": "{{ upper .none }}"}}),
    "two-fail": Case(template={"data": {"b": "{{ .k ", "a": "{{ nope }}", "c": "{{ .k }}"}}),
    "two-fail-alike": Case(raw={"e": "AgAA"}, template={"data": {"a": "{{ .k "}}),
    "item-and-use": Case({}, raw={"e": "AgAA"}, template={"data": {"a": "{{ .e }}"}}),
    "template-null": Case(template={"metadata": None, "data": None}),
    "template-nothing": Case(template={}),
    "template-nulls": Case(
        template={
            "metadata": dict.fromkeys(
                ("labels", "annotations", "finalizers", "creationTimestamp", "ownerReferences")
            )
        }
    ),
    "template-unknown": Case(template={"stringData": {"x": "y"}, "metadata": {"more": 1}}),
    "template-applied": Case(
        template={
            "metadata": {
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
            }
        }
    ),
    "template-managed-by": Case(
        template={"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}}
    ),
    "template-reserved": Case(
        template={"metadata": {"annotations": {"keyfleet.io/x": "y", "note": "x"}}}
    ),
    "template-name": Case(
        template={"metadata": {"name": "else", "namespace": "kube-system", "uid": "x"}}
    ),
    "template-owner": Case(template={"metadata": {"ownerReferences": [FOREIGN]}}),
    "template-dress": Case(template=APP),
    "template-finalizer": Case(template={"metadata": {"finalizers": ["example.com/keep"]}}),
    "template-generate": Case(template={"metadata": {"generateName": "x-"}}),
    "template-label-bad": Case(template={"metadata": {"labels": {"app": "not a label"}}}),
    # Types.
    "type": Case(template={"type": "example.com/a"}),
    "type-opaque-there": Case(template={"type": "Opaque"}, there=secret(None, MANAGED)),
    "type-empty-there": Case(there=secret(None, MANAGED, type="example.com/a")),
    "type-other-there": Case(
        template={"type": "example.com/b"}, there=secret(None, MANAGED, type="example.com/a")
    ),
    "type-tls-short": Case(template={"type": "kubernetes.io/tls"}),
    "type-basic": Case(
        {"username": ONE, "password": TWO}, template={"type": "kubernetes.io/basic-auth"}
    ),
    "type-bootstrap": Case(template={"type": "bootstrap.kubernetes.io/token"}),
    "type-edited": Case(
        template={"type": "example.com/a"}, edit={"template": {"type": "example.com/b"}}
    ),
    "type-removed": Case(template={"type": "example.com/a"}, edit={"template": {"type": None}}),
    # Immutable.
    "immutable": Case(template={"immutable": True}),
    "immutable-false": Case(template={"immutable": False}),
    "immutable-edited": Case(template={"immutable": True}, items_later={"k": TWO}),
    "immutable-dressed": Case(
        template={"immutable": True}, edit={"template": {"metadata": {"labels": {"app": "x"}}}}
    ),
    "immutable-later": Case(edit={"template": {"immutable": True}}),
    "immutable-there": Case(there=secret(None, MANAGED, immutable=True)),
    # Whose the Secret is.
    "there": Case(there=secret()),
    "there-same-data": Case(there=secret({"k": ONE})),
    "there-owned": Case(template=APP, there=secret(owners=(OWNED,))),
    "there-owned-and-foreign": Case(there=secret(owners=(FOREIGN, OWNED))),
    "there-foreign": Case(there=secret(owners=({**FOREIGN, "controller": True},))),
    "there-stale": Case(
        there=secret(
            owners=(
                {
                    "apiVersion": "bitnami.com/v1alpha1",
                    "kind": "SealedSecret",
                    "name": "there-stale",
                    "uid": "1-2-3",
                    "controller": True,
                },
            )
        )
    ),
    "there-managed": Case(template=APP, there=secret(None, MANAGED)),
    "there-managed-foreign": Case(
        there=secret(None, MANAGED, owners=({**FOREIGN, "controller": True},))
    ),
    "there-managed-capital": Case(
        there={**secret(), "metadata": {"annotations": {MANAGED: "True"}}}
    ),
    "there-patch": Case(template=APP, there=secret(None, PATCH)),
    "there-patch-owned": Case(template=APP, there=secret(None, PATCH, owners=(OWNED,))),
    "there-patch-foreign": Case(there=secret(None, PATCH, owners=(FOREIGN,))),
    "there-both": Case(template=APP, there=secret(None, PATCH, MANAGED, owners=(FOREIGN,))),
    "there-patch-manages": Case(
        template={"metadata": {"annotations": {MANAGED: ON}}}, there=secret(None, PATCH)
    ),
    "there-patch-empty": Case(there={"metadata": {"annotations": {PATCH: ON}}}),
    "on-manifest": Case(annotations={MANAGED: ON, PATCH: ON}, there=secret()),
    "managed-in-template": Case(
        template={"metadata": {"annotations": {MANAGED: ON}}}, items_later={"k": TWO}
    ),
    "patch-in-template": Case(
        template={"metadata": {"annotations": {PATCH: ON}}}, items_later={"l": TWO}
    ),
    "patch-item-gone": Case(
        {"k": ONE, "old": ONE},
        there=secret(None, PATCH),
        edit={"encryptedData": {"old": None}},
    ),
    "skip-owner": Case(template={"metadata": {"annotations": {SKIP_OWNER: ON}}}),
    "skip-owner-managed": Case(
        template={"metadata": {"annotations": {SKIP_OWNER: ON, MANAGED: ON}}},
        items_later={"k": TWO},
    ),
    "skip-owner-false": Case(template={"metadata": {"annotations": {SKIP_OWNER: "false"}}}),
    "skip-owner-there": Case(
        template={"metadata": {"annotations": {SKIP_OWNER: ON}}}, there=secret(None, MANAGED)
    ),
    "skip-owner-template-owners": Case(
        template={
            "metadata": {
                "annotations": {SKIP_OWNER: ON, MANAGED: ON},
                "ownerReferences": [FOREIGN],
            }
        }
    ),
    "skip-owner-later": Case(
        edit={"template": {"metadata": {"annotations": {SKIP_OWNER: ON, MANAGED: ON}}}}
    ),
    # Changes.
    "deleted": Case(is_deleted=True),
    "deleted-managed": Case(
        template={"metadata": {"annotations": {MANAGED: ON, SKIP_OWNER: ON}}}, is_deleted=True
    ),
    "deleted-patch": Case(there=secret(None, PATCH), is_deleted=True),
    "deleted-immutable": Case(template={"immutable": True}, is_deleted=True),
    "item-changed": Case(items_later={"k": TWO}),
    "item-removed": Case({"k": ONE, "l": ONE}, edit={"encryptedData": {"l": None}}),
    "item-broken": Case(edit={"encryptedData": {"l": "AgAA"}}),
    "item-mended": Case(raw={"l": "AgAA"}, edit={"encryptedData": {"l": None}}),
    "dress-changed": Case(
        template=APP,
        edit={"template": {"metadata": {"labels": {"app": None, "b": "c"}, "annotations": None}}},
    ),
    "finalizer-later": Case(edit={"template": {"metadata": {"finalizers": ["example.com/x"]}}}),
    # Complete Secrets sealed as one text.
    "whole": Case(
        {},
        whole={
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "else",
                "namespace": "else",
                "labels": {"app": "shop"},
                "annotations": {"note": "x"},
                "ownerReferences": [FOREIGN],
                "finalizers": ["example.com/keep"],
            },
            "type": "example.com/old",
            "data": {"k": "eHg="},
        },
        template={
            "type": "example.com/no",
            "data": {"t": "{{ .k "},
            "metadata": {"labels": {"a": "b"}},
        },
    ),
    "whole-string-data": Case(
        {},
        whole={
            "apiVersion": "v1",
            "kind": "Secret",
            "stringData": {"k": "x"},
            "data": {"k": "eQ=="},
        },
    ),
    "whole-immutable": Case({}, whole={"apiVersion": "v1", "kind": "Secret", "immutable": True}),
    "whole-other-kind": Case(
        {}, whole={"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "x"}}
    ),
    "whole-no-kind": Case({}, whole={"data": {"k": "eHg="}}),
    "whole-bad-data": Case({}, whole={"apiVersion": "v1", "kind": "Secret", "data": {"k": "%"}}),
    "whole-skip-owner": Case(
        {},
        whole={"apiVersion": "v1", "kind": "Secret", "data": {"k": "eHg="}},
        template={"metadata": {"annotations": {SKIP_OWNER: ON, MANAGED: ON}}},
    ),
    "whole-and-items": Case(whole={"apiVersion": "v1", "kind": "Secret"}),
    "whole-empty": Case({}, spec={"data": ""}, is_refused=True),
    "whole-garbage": Case({}, spec={"data": "AgAA"}),
}

CASES: Final = SHAPES | {
    f"t-{name}": Case(VALUES, template={"data": {"t": text, **SIBLINGS}})
    for name, text in TEMPLATES.items()
}
