# SPDX-License-Identifier: Apache-2.0
"""Manifests of files as intents; what cannot become one is an error with file, line and path."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.dialects.native import DIALECT
from keyfleet.engine.understanding import understood
from keyfleet.model.intent import Intent, Origin, Rejection
from keyfleet.model.v1alpha1.reading import Manifest

INTENT_KIND = "FleetSecret"


@dataclass(frozen=True, slots=True)
class FileIntent:
    """One intent, and where it stands."""

    manifest: Manifest
    intent: Intent

    def error(self, code: str, message: str, path: str, hint: str = "") -> InvalidIntentError:
        """Return an error about a field of the manifest."""
        subject = f"{self.manifest.file}:{self.manifest.line_of(path)}: {path}"
        return InvalidIntentError(code, message, subject, hint, path=path)


@dataclass(frozen=True, slots=True)
class Translated:
    """What files ask for."""

    intents: tuple[FileIntent, ...] = ()
    problems: tuple[InvalidInputError, ...] = ()


def translated(manifests: Iterable[Manifest], *, namespace: str) -> Translated:
    """Return the intents of the FleetSecrets, and what is wrong with the others.

    Args:
        manifests: Any native manifests.
        namespace: Of FleetSecrets that name none.
    """
    known = list(manifests)
    intents: list[FileIntent] = []
    problems: list[InvalidInputError] = [*_duplicates(known, namespace)]
    for manifest in known:
        if manifest.kind != INTENT_KIND:
            continue
        found = understood(DIALECT, manifest.document, _origin(manifest, namespace))
        intents += [FileIntent(manifest, intent) for intent in found.intents]
        problems += [_error(manifest, rejection) for rejection in found.rejections]
    return Translated(tuple(intents), tuple(problems))


def _origin(manifest: Manifest, namespace: str) -> Origin:
    metadata = manifest.document["metadata"]
    place = metadata.get("namespace") or namespace
    name = metadata["name"]
    return Origin(DIALECT.name, manifest.kind, place, name, file=manifest.file)


def _error(manifest: Manifest, rejection: Rejection) -> InvalidInputError:
    place = f"{manifest.file}:{manifest.line_of(rejection.path)}"
    subject = f"{place}: {rejection.path}" if rejection.path else place
    error = InvalidIntentError(
        "intent.rejected", rejection.message, subject, rejection.hint, path=rejection.path
    )
    error.excerpt = rejection.excerpt
    return error


def _duplicates(manifests: Sequence[Manifest], namespace: str) -> list[InvalidInputError]:
    first: dict[tuple[str, str, str], Manifest] = {}
    problems: list[InvalidInputError] = []
    for manifest in manifests:
        metadata = manifest.document["metadata"]
        place = metadata.get("namespace") or namespace if manifest.kind == INTENT_KIND else ""
        key = (manifest.kind, place, metadata["name"])
        earlier = first.setdefault(key, manifest)
        if earlier is not manifest:
            path = "metadata.name"
            problems.append(
                InvalidInputError(
                    "input.duplicate",
                    f"a {manifest.kind} of this name stands twice",
                    f"{manifest.file}:{manifest.line_of(path)}: {path}",
                    hint=f"the other is at {earlier.file}:{earlier.line}",
                    path=path,
                )
            )
    return problems
