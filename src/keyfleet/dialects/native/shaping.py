# SPDX-License-Identifier: Apache-2.0
"""`spec.data` and `spec.template` of a FleetSecret -> the shape of its targets."""

from collections.abc import Iterator, Mapping

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.intent import KeyRename, Read, SecretRef, Shape
from keyfleet.model.rendering import MergePolicy, Rendering, TemplateAs, TemplateItem
from keyfleet.model.selectors import Requirement, requirement_problem
from keyfleet.model.v1alpha1.common import KEY_NAME
from keyfleet.model.v1alpha1.fleetsecret import FleetSecretSpec, KeyMapping, TargetTemplate
from keyfleet.model.v1alpha1.limits import check_type
from keyfleet.model.v1alpha1.parsing import matches
from keyfleet.model.v1alpha1.templates import TemplateFrom, TemplateObject

SOURCE = "kubernetes"

_PATH = "spec.template"
_OPENING = "{{"
"""A text without it is no template."""
_LABELS, _ANNOTATIONS = f"{_PATH}.metadata.labels", f"{_PATH}.metadata.annotations"


def template_reads(spec: TargetTemplate, namespace: str) -> tuple[Read, ...]:
    """Return the objects that hold templates: of the FleetSecret's own namespace, on the hub.

    Raises:
        InvalidIntentError: `intent.invalid`: an entry names none or two.
    """
    return tuple(
        Read(SOURCE, SecretRef(namespace, each.name, kind=kind), path=path)
        for kind, each, path in ((*_named(entry, path), path) for entry, path in _entries(spec))
    )


def shape(spec: FleetSecretSpec) -> Shape:
    """Return what the targets look like.

    Raises:
        InvalidIntentError: `intent.invalid` or `intent.special_type`.
    """
    template = spec.template
    check_type(template.type, path=f"{_PATH}.type")
    _check_labels(template)
    _check_keys(template)
    rendering = _rendering(template)
    if spec.data is not None and rendering is not None and not rendering.keeps_source:
        message = "templates replace the source's keys, so that none is left to choose"
        hint = f"write {_PATH}.mergePolicy: {MergePolicy.MERGE}, or leave spec.data out"
        raise InvalidIntentError("intent.invalid", message, hint=hint, path="spec.data")
    return Shape(
        type=template.type,
        keys=None if spec.data is None else _renames(spec.data),
        labels=_texts(template.metadata.labels, are_templates=False),
        annotations=_texts(template.metadata.annotations, are_templates=False),
        rendering=rendering,
    )


def _rendering(spec: TargetTemplate) -> Rendering | None:
    found = Rendering(
        data=dict(spec.data),
        items=tuple(_items(spec)),
        labels=_texts(spec.metadata.labels, are_templates=True),
        annotations=_texts(spec.metadata.annotations, are_templates=True),
        functions=spec.functions,
        missing_key=spec.missing_key,
        merge=spec.merge_policy,
    )
    return found if found.makes_data or found.labels or found.annotations else None


def _texts(found: Mapping[str, str], *, are_templates: bool) -> dict[str, str]:
    return {name: text for name, text in found.items() if (_OPENING in text) is are_templates}


def _items(spec: TargetTemplate) -> Iterator[TemplateItem]:
    for index, (entry, path) in enumerate(_entries(spec)):
        for item in _named(entry, path)[1].items:
            yield TemplateItem(index, item.key, item.template_as)


def _entries(spec: TargetTemplate) -> Iterator[tuple[TemplateFrom, str]]:
    for index, entry in enumerate(spec.template_from):
        yield entry, f"{_PATH}.templateFrom[{index}]"


def _named(entry: TemplateFrom, path: str) -> tuple[str, TemplateObject]:
    """Return the kind and the reference of an object with templates."""
    kinds = {"Secret": entry.secret_ref, "ConfigMap": entry.config_map_ref}
    found = [(kind, ref) for kind, ref in kinds.items() if ref is not None]
    if len(found) != 1:
        message = "give exactly one of secretRef and configMapRef"
        raise InvalidIntentError("intent.invalid", message, path=path)
    return found[0]


def _check_labels(spec: TargetTemplate) -> None:
    for name, value in spec.metadata.labels.items():
        # What a template makes is judged when it is made.
        asked = Requirement(name, "Exists") if _OPENING in value else None
        if problem := requirement_problem(asked or Requirement(name, "In", (value,))):
            raise InvalidIntentError("intent.invalid", problem, path=_LABELS)


def _check_keys(spec: TargetTemplate) -> None:
    path = f"{_PATH}.data"
    made = dict.fromkeys(spec.data, path)
    for key in spec.data:
        if problem := matches(KEY_NAME, key):
            raise InvalidIntentError("intent.invalid", problem, path=path)
    for entry, place in _entries(spec):
        for item in _named(entry, place)[1].items:
            if item.template_as is TemplateAs.KEYS_AND_VALUES:
                continue  # which keys it makes is known when it is rendered
            if item.key in made:
                message = f"two templates make the key {item.key}"
                raise InvalidIntentError("intent.invalid", message, path=place)
            made[item.key] = place


def _renames(spec: tuple[KeyMapping, ...]) -> tuple[KeyRename, ...]:
    seen: set[str] = set()
    renames = []
    for index, item in enumerate(spec):
        target = item.to or item.from_
        if target in seen:
            message = "two keys would get the same name"
            raise InvalidIntentError("intent.invalid", message, path=f"spec.data[{index}]")
        seen.add(target)
        renames.append(KeyRename(item.from_, target))
    return tuple(renames)
