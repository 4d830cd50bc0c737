# SPDX-License-Identifier: Apache-2.0
"""What upstream's webhook refuses, and what is refused besides because it cannot be done.

Upstream joins all that it finds; so does `problems`. Everything is checked here too, since nothing
says that a webhook saw the manifest. Source: compat/external-secrets.md 1.4.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from keyfleet.dialects.eso.kinds import (
    CreationPolicy,
    DataFromEntry,
    DeletionPolicy,
    ExternalSecretSpec,
    SourceReference,
    Target,
    Template,
)
from keyfleet.model.eso.stores import GENERATORS, SUPPORTED_GENERATORS
from keyfleet.model.v1alpha1.limits import SPECIAL_TYPES

INVALID = "InvalidSpec"
SPECIAL_TYPE = "SpecialType"
GENERIC_TARGET = "GenericTarget"
UNSUPPORTED = "UnsupportedGenerator"

TARGETS = ("data", "labels", "annotations")
_ENGINE = "v2"
_TEMPLATE = "spec.target.template"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a manifest."""

    path: str
    message: str
    hint: str = ""
    reason: str = INVALID


def problems(spec: ExternalSecretSpec) -> Iterator[Problem]:
    """Yield everything that is wrong with a spec."""
    yield from _policies(spec.target)
    if not spec.data and not spec.data_from:
        yield Problem("spec", "either data or dataFrom should be specified")
    for index, entry in enumerate(spec.data_from):
        yield from _entry(entry, f"spec.dataFrom[{index}]")
    yield from _values(spec)
    if spec.target.manifest is not None:
        hint = "Keyfleet delivers Secrets only"
        yield Problem("spec.target.manifest", "invalid generic target", hint, GENERIC_TARGET)
    if spec.target.template is not None:
        yield from _template(spec.target.template)


def _policies(target: Target) -> Iterator[Problem]:
    deletion, creation = target.deletion_policy, target.creation_policy
    path = "spec.target.deletionPolicy"
    unowned = (CreationPolicy.MERGE, CreationPolicy.NONE, CreationPolicy.CREATE_OR_MERGE)
    if deletion is DeletionPolicy.DELETE and creation in unowned:
        yield Problem(
            path,
            "deletionPolicy=Delete must not be used when the controller doesn't own the secret",
            "Please set creationPolicy=Owner",
        )
    if deletion is DeletionPolicy.MERGE and creation is CreationPolicy.NONE:
        yield Problem(
            path,
            "deletionPolicy=Merge must not be used with creationPolicy=None",
            "There is no Secret to merge with",
        )


def _entry(entry: DataFromEntry, path: str) -> Iterator[Problem]:
    source = entry.source_ref
    generator = source.generator_ref if source else None
    ways = sum(way is not None for way in (entry.extract, entry.find, generator))
    if ways > 1:
        yield Problem(path, "extract, find, or generatorRef cannot be set at the same time")
    if not ways and source is None:
        yield Problem(path, "either extract, find, or sourceRef must be set to dataFrom")
    yield from _source(source, path, "in dataFrom")
    if generator is not None:
        yield from _generator(generator.kind, f"{path}.sourceRef.generatorRef.kind")
    for index, rewrite in enumerate(entry.rewrite):
        if sum(way is not None for way in (rewrite.regexp, rewrite.transform, rewrite.merge)) != 1:
            place = f"{path}.rewrite[{index}]"
            yield Problem(place, "give exactly one of merge, regexp and transform")


def _generator(kind: str, path: str) -> Iterator[Problem]:
    if kind not in GENERATORS:
        yield Problem(path, "no kind of generator", f"known: {', '.join(GENERATORS)}")
    elif kind not in SUPPORTED_GENERATORS:
        hint = f"Keyfleet has {', '.join(sorted(SUPPORTED_GENERATORS))}"
        yield Problem(path, "generators of this kind are not supported", hint, UNSUPPORTED)


def _source(source: SourceReference | None, path: str, where: str) -> Iterator[Problem]:
    if source is None:
        return
    given = sum(way is not None for way in (source.store_ref, source.generator_ref))
    if not given:
        message = f"generatorRef or storeRef must be set when using sourceRef {where}"
        yield Problem(f"{path}.sourceRef", message)
    if given > 1:
        yield Problem(f"{path}.sourceRef", "give exactly one of generatorRef and storeRef")


def _values(spec: ExternalSecretSpec) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, entry in enumerate(spec.data):
        path = f"spec.data[{index}]"
        yield from _source(entry.source_ref, path, "in data")
        # Upstream looks for these under this policy only: else the later entry counts.
        is_retained = spec.target.deletion_policy is DeletionPolicy.RETAIN
        if entry.secret_key in seen and is_retained:
            message = f"duplicate secretKey found: {entry.secret_key}"
            yield Problem(f"{path}.secretKey", message)
        seen.add(entry.secret_key)


def _template(template: Template) -> Iterator[Problem]:
    if template.type in SPECIAL_TYPES:
        message = "Secrets of this type are never delivered"
        hint = "use an ordinary type such as Opaque"
        yield Problem(f"{_TEMPLATE}.type", message, hint, SPECIAL_TYPE)
    if template.engine_version != _ENGINE:
        hint = "upstream took v1 away in 0.16; write the templates for v2"
        yield Problem(f"{_TEMPLATE}.engineVersion", "only v2 is known", hint)
    for index, entry in enumerate(template.template_from):
        if entry.target.lower() not in ("", *TARGETS):
            message = (
                f'templateFrom target="{entry.target}" is not allowed when targeting a Secret, '
                'must be one of "Data", "Annotations" or "Labels"'
            )
            yield Problem(f"{_TEMPLATE}.templateFrom[{index}].target", message)
