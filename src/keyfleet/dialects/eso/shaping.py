# SPDX-License-Identifier: Apache-2.0
"""`spec.target` -> the shape of the Secret, and the objects that hold its templates.

Source: compat/external-secrets.md 2.6, 2.7, 4.1, 4.2.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from keyfleet.dialects.eso.hashes import field_manager, owner_hash
from keyfleet.dialects.eso.kinds import (
    CreationPolicy,
    Target,
    Template,
    TemplateFrom,
    TemplateObject,
)
from keyfleet.dialects.eso.marks import CREATED_BY, MANAGED
from keyfleet.model.assembly import Assembly
from keyfleet.model.dress import Dress, OwnerReference
from keyfleet.model.intent import Creation, Origin, Read, SecretRef, Shape, WriteMode
from keyfleet.model.ownership import MANAGED_BY_LABEL
from keyfleet.model.rendering import (
    Functions,
    Into,
    Rendering,
    Root,
    TemplateItem,
    TemplateLiteral,
)
from keyfleet.plugin import annotations_of, labels_of

KUBERNETES = "kubernetes"
"""The source of objects with templates."""
PATH = "spec.target.template"

OWN_DOMAIN = "keyfleet.io"
NEVER_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "kubernetes.io/service-account.name",
        "kubernetes.io/service-account.uid",
    }
)
"""Annotations that say something about the manifest, or that the cluster acts on."""

_OPENING = "{{"
_MODES = {
    CreationPolicy.OWNER: WriteMode.REPLACE_DATA,
    CreationPolicy.ORPHAN: WriteMode.REPLACE_DATA,
    CreationPolicy.MERGE: WriteMode.MERGE,
    CreationPolicy.CREATE_OR_MERGE: WriteMode.MERGE,
    CreationPolicy.NONE: WriteMode.REPLACE_DATA,
}
_CREATIONS = {CreationPolicy.MERGE: Creation.EXISTING, CreationPolicy.NONE: Creation.NEVER}
_INTO = {"": Into.DATA} | {into.value.lower(): into for into in Into}


def shape(target: Target, manifest: Mapping[str, Any], origin: Origin, assembly: Assembly) -> Shape:
    """Return what the target looks like."""
    template, policy = target.template, target.creation_policy
    if template is None:
        labels, annotations = _copied(manifest)
    else:
        labels, annotations = _plain_labels(template), _plain_annotations(template)
    return Shape(
        type=template.type if template else "",
        labels=_without_manager(labels) | _marks(policy, origin),
        annotations=annotations,
        write_mode=_MODES[policy],
        assembly=assembly,
        rendering=_rendering(template) if template else None,
        creation=_CREATIONS.get(policy, Creation.CREATE),
        dress=_dress(target, manifest, origin),
        keeps_type=True,
    )


def template_reads(target: Target, origin: Origin) -> tuple[Read, ...]:
    """Return the objects that hold templates: of the manifest's namespace, where it was found."""
    return tuple(
        Read(KUBERNETES, SecretRef(origin.namespace, each.name, origin.cluster, kind), path=path)
        for entry, path in _entries(target.template)
        for kind, each in _objects(entry)
    )


def is_own(name: str) -> bool:
    """Tell whether a label or annotation is Keyfleet's."""
    domain, slash, _ = name.partition("/")
    return bool(slash) and (domain == OWN_DOMAIN or domain.endswith(f".{OWN_DOMAIN}"))


def _marks(policy: CreationPolicy, origin: Origin) -> dict[str, str]:
    if policy is not CreationPolicy.OWNER:
        return {MANAGED: "true"}
    return {MANAGED: "true", CREATED_BY: owner_hash(origin.namespace, origin.name)}


def _dress(target: Target, manifest: Mapping[str, Any], origin: Origin) -> Dress:
    version = manifest.get("apiVersion")
    reference = OwnerReference(str(version), origin.kind, origin.name, origin.uid)
    return Dress(
        manifest=reference if origin.uid else None,
        is_owner=target.creation_policy is CreationPolicy.OWNER,
        finalizers=target.template.metadata.finalizers if target.template else (),
        is_immutable=target.immutable,
        field_manager=field_manager(origin.name),
    )


def _copied(manifest: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the manifest's own metadata, which a target without a template gets."""
    labels, annotations = labels_of(manifest), annotations_of(manifest)
    return (
        {name: text for name, text in labels.items() if not is_own(name)},
        {
            name: text
            for name, text in annotations.items()
            if name not in NEVER_COPIED and not is_own(name)
        },
    )


def _without_manager(labels: Mapping[str, str]) -> dict[str, str]:
    # Who manages the target is one of Keyfleet's own marks; charts label everything with theirs.
    return {name: text for name, text in labels.items() if name != MANAGED_BY_LABEL}


def _rendering(template: Template) -> Rendering | None:
    metadata = template.metadata
    labels, annotations = _without_manager(metadata.labels), metadata.annotations
    plain_labels, plain_annotations = _plain_labels(template), _plain_annotations(template)
    found = Rendering(
        data=dict(template.data),
        items=tuple(_items(template)),
        labels={name: text for name, text in labels.items() if name not in plain_labels},
        annotations={
            name: text for name, text in annotations.items() if name not in plain_annotations
        },
        functions=Functions.ESO,
        merge=template.merge_policy,
        root=Root.VALUES,
        is_layered=True,
        coerces=True,
        path=PATH,
    )
    return found if found.makes_data or found.labels or found.annotations else None


def _plain_labels(template: Template) -> dict[str, str]:
    return _plain(template.metadata.labels, template, Into.LABELS)


def _plain_annotations(template: Template) -> dict[str, str]:
    return _plain(template.metadata.annotations, template, Into.ANNOTATIONS)


def _plain(texts: Mapping[str, str], template: Template, into: Into) -> dict[str, str]:
    """Return the texts that are no templates; none where templates may make the same names.

    What stands in the manifest counts over what they make, and is rendered after it.
    """
    if any(_INTO[entry.target.lower()] is into for entry in template.template_from):
        return {}
    return {name: text for name, text in texts.items() if _OPENING not in text}


def _items(template: Template) -> Iterator[TemplateItem | TemplateLiteral]:
    read = 0
    for entry, path in _entries(template):
        into, decoding = _INTO[entry.target.lower()], entry.values_decoding_strategy
        for _, each in _objects(entry):
            for item in each.items:
                yield TemplateItem(read, item.key, item.template_as, into, decoding)
            read += 1
        if entry.literal:
            yield TemplateLiteral(entry.literal, f"{path}.literal", into, decoding)


def _entries(template: Template | None) -> Iterator[tuple[TemplateFrom, str]]:
    for index, entry in enumerate(template.template_from if template else ()):
        yield entry, f"{PATH}.templateFrom[{index}]"


def _objects(entry: TemplateFrom) -> Iterator[tuple[str, TemplateObject]]:
    """Yield kind and reference of an entry's objects, in the order in which they count."""
    if entry.config_map is not None:
        yield "ConfigMap", entry.config_map
    if entry.secret is not None:
        yield "Secret", entry.secret
