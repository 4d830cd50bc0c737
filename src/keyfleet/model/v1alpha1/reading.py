# SPDX-License-Identifier: Apache-2.0
"""Manifest files to documents, with one clear error: file, line and path, no value.

A file is checked as far as types go: what survives has a known kind, a name, and a spec without
unknown fields. What a selector or a Secret type means is judged where it is translated; the line of
such a later finding is `Manifest.line_of`.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from keyfleet.base.codec import YamlDocument, decode_yaml
from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.model.v1alpha1.common import API_VERSION, ApiStruct, NamespaceName, ObjectName
from keyfleet.model.v1alpha1.fleetcluster import FleetClusterSpec
from keyfleet.model.v1alpha1.fleetpolicy import FleetPolicySpec
from keyfleet.model.v1alpha1.fleetsecret import FleetSecretSpec
from keyfleet.model.v1alpha1.flowrules import policy_flows
from keyfleet.model.v1alpha1.grants import policy_grants
from keyfleet.model.v1alpha1.limits import check_cluster
from keyfleet.model.v1alpha1.parsing import join, parse_part, parse_spec

SPECS: Mapping[str, type[ApiStruct]] = {
    "FleetCluster": FleetClusterSpec,
    "FleetPolicy": FleetPolicySpec,
    "FleetSecret": FleetSecretSpec,
}
"""The kinds that are read from files."""

Steps = tuple[str | int, ...]

_SUPPORTED = f"supported: {', '.join(SPECS)} of {API_VERSION}"
_ELSEWHERE = (
    f"{_SUPPORTED}; other tools' manifests, such as ExternalSecrets, are served in the cluster that"
    " holds them: `kubectl apply` them there"
)
_NO_OBJECT = "not a Kubernetes object"
_NO_LIST = "must be a list"
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class ObjectMeta(ApiStruct, frozen=True, kw_only=True):
    """Metadata as people write it; what only a server writes is accepted and ignored."""

    name: ObjectName
    namespace: NamespaceName | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    finalizers: Any = None
    owner_references: Any = None
    managed_fields: Any = None
    uid: Any = None
    resource_version: Any = None
    generation: Any = None
    creation_timestamp: Any = None
    deletion_timestamp: Any = None
    deletion_grace_period_seconds: Any = None
    self_link: Any = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One native object of a file."""

    kind: str
    document: Mapping[str, Any]
    file: str
    line: int
    """Where it begins, counted from 1."""
    lines: Mapping[Steps, int] = field(default_factory=dict, repr=False)
    """Line of each field, by its path within the document."""

    def line_of(self, path: str) -> int:
        """Return the line of a field such as `spec.data[1].from`, or of what holds it."""
        return _line(self.lines, _steps(path), self.line)


@dataclass(frozen=True, slots=True)
class _Part:
    """An object inside a YAML document: the document itself, or an item of a list."""

    content: Any
    source: YamlDocument
    file: str
    below: Steps = ()

    def line(self, path: str = "") -> int:
        return _line(self.source.lines, (*self.below, *_steps(path)), self.source.line)

    def subject(self, path: str = "") -> str:
        place = f"{self.file}:{self.line(path)}"
        return f"{place}: {path}" if path else place

    def error(self, message: str, path: str = "", hint: str = "") -> InvalidInputError:
        return InvalidInputError("input.manifest", message, self.subject(path), hint, path=path)

    def unsupported(self, path: str) -> InvalidInputError:
        message = "not a kind that is read from files"
        return InvalidInputError("input.kind", message, self.subject(path), _ELSEWHERE, path=path)

    def lines(self) -> dict[Steps, int]:
        depth = len(self.below)
        return {
            path[depth:]: line
            for path, line in self.source.lines.items()
            if path[:depth] == self.below
        }


def read_manifests(raw: bytes, file: str) -> list[Manifest]:
    """Return the native objects of a YAML or JSON file; lists are unrolled.

    Args:
        raw: The file's bytes.
        file: Its name, for errors.
    Raises:
        InvalidInputError: The first thing that is wrong; `subject` is `file:line: path`.
    """
    manifests = [
        _manifest(part)
        for document in decode_yaml(raw, subject=file)
        for part in _unrolled(_Part(document.content, document, file))
    ]
    if not manifests:
        raise InvalidInputError("input.empty", "the file holds no manifest", file)
    return manifests


def _unrolled(part: _Part) -> Iterator[_Part]:
    if not isinstance(part.content, dict):
        raise part.error(_NO_OBJECT)
    kind = part.content.get("kind")
    if kind not in ("List", *(f"{known}List" for known in SPECS)):
        yield part
        return
    items = part.content.get("items") or []
    if not isinstance(items, list):
        raise part.error(_NO_LIST, "items")
    for index, item in enumerate(items):
        yield _Part(item, part.source, part.file, (*part.below, "items", index))


def _manifest(part: _Part) -> Manifest:
    kind = _kind(part)
    try:
        document = _plain(part.content, "")
        parse_part(ObjectMeta, document.get("metadata"), path="metadata")
        _check(parse_spec(SPECS[kind], document))
    except InvalidInputError as error:
        subject = part.subject(error.path)
        raise InvalidInputError(
            error.code, error.message, subject, error.hint, path=error.path
        ) from None
    return Manifest(kind, document, part.file, part.line(), part.lines())


def _kind(part: _Part) -> str:
    if not isinstance(part.content, dict):
        raise part.error(_NO_OBJECT)
    kind, version = part.content.get("kind"), part.content.get("apiVersion")
    for name, value in (("kind", kind), ("apiVersion", version)):
        if not isinstance(value, str) or not value:
            words = "the field is missing" if value is None else "must be a text"
            raise part.error(words, name, _SUPPORTED)
    if kind not in SPECS:
        raise part.unsupported("kind")
    if version != API_VERSION:
        raise part.unsupported("apiVersion")
    return str(kind)


def _check(spec: ApiStruct) -> None:
    if isinstance(spec, FleetClusterSpec):
        check_cluster(spec)
    elif isinstance(spec, FleetPolicySpec):
        policy_grants("", spec)
        policy_flows("", spec)


def _plain(value: Any, path: str) -> Any:
    """Return YAML's data as JSON has it, nothing but plain values.

    Raises:
        InvalidIntentError: A value has no JSON form, such as `.nan`.
    """
    if isinstance(value, dict):
        return {str(key): _plain(below, join(path, key)) for key, below in value.items()}
    if isinstance(value, list):
        return [_plain(below, f"{path}[{index}]") for index, below in enumerate(value)]
    is_number = isinstance(value, int | float) and math.isfinite(value)
    if value is None or is_number or isinstance(value, str):
        return value
    raise InvalidIntentError("input.manifest", "a value that JSON cannot hold", path=path)


def _steps(path: str) -> Steps:
    return tuple(int(index) if index else name for index, name in _STEP.findall(path))


def _line(lines: Mapping[Steps, int], steps: Steps, default: int) -> int:
    """Return the line of the longest part of the path that the file holds."""
    for length in range(len(steps), -1, -1):
        if steps[:length] in lines:
            return lines[steps[:length]]
    return default
