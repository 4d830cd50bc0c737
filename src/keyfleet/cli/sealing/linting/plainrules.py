# SPDX-License-Identifier: Apache-2.0
"""Rules about values that stand in clear in a Git tree; pure."""

import re
from collections.abc import Iterator
from pathlib import PurePath

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.sealing.files.documents import SEALED_KIND
from keyfleet.cli.sealing.linting.complaints import Complaint, Place, Rule, Severity, mapping

PLAINTEXT = Rule(
    "plaintext-secret",
    Severity.ERROR,
    "seal it (`keyfleet seal`), remove it, and change the values: Git remembers them",
)
APPLIED = Rule(
    "last-applied",
    Severity.ERROR,
    "remove the annotation, and change the values: Git remembers them",
)
LITERAL = Rule(
    "generator-literal", Severity.ERROR, "make a SealedSecret of it, and change the values"
)
GENERATOR_FILE = Rule(
    "generator-file", Severity.ERROR, "seal the file's values, and take it out of the tree"
)
TEMPLATE_TEXT = Rule(
    "template-plain",
    Severity.ERROR,
    "move it into encryptedData; the API server drops this field anyway",
)
PRIVATE_KEY = Rule(
    "private-key", Severity.ERROR, "remove it and make a new key: Git remembers this one"
)

_APPLIED = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
)
_FIELDS = ("data", "stringData")
_SOPS = "ENC["
"""How a value begins that sops encrypted."""
_KEY = re.compile(
    rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY-----[ \t]*\\?[rn\s]"
    rb"|AGE-SECRET-KEY-1[0-9A-Z]{8}"
)
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")

Path = tuple[str | int, ...]


def is_kustomization(file: str) -> bool:
    """Tell whether a file is one by its name."""
    return PurePath(file).name in _KUSTOMIZATIONS


def plain_complaints(place: Place, path: Path, content: dict[str, object]) -> Iterator[Complaint]:
    """Yield what stands in clear in one object."""
    kind = content.get("kind")
    if kind == "Secret":
        yield from _secret(place, path, content)
    if kind == SEALED_KIND:
        yield from _template(place, path, content)
    yield from _applied(place, (*path, "metadata"), content.get("metadata"))
    if kind == "Kustomization" or is_kustomization(place.file):
        yield from _generators(place, path, content)


def key_complaints(file: str, raw: bytes) -> Iterator[Complaint]:
    """Yield each private key in a file, of whatever kind it is."""
    line, seen, start = 1, 0, 0
    for found in _KEY.finditer(raw):
        # From the last one on: to count from the beginning each time took hours with very many.
        line += raw.count(b"\n", seen, found.start())
        start = max(raw.rfind(b"\n", seen, found.start()) + 1, start)
        seen = found.start()
        yield Complaint(file, line, seen - start + 1, PRIVATE_KEY, "a private key in clear")


def _secret(place: Place, path: Path, content: dict[str, object]) -> Iterator[Complaint]:
    name = _name(content)
    for field in _FIELDS:
        items = mapping(content.get(field))
        names = sorted(str(key) for key, value in items.items() if _is_clear(value))
        if names:
            message = f"Secret {name} with values in clear: {', '.join(names)}"
            yield place.says((*path, field, names[0]), PLAINTEXT, message)


def _is_clear(value: object) -> bool:
    if isinstance(value, str):
        return bool(value) and not value.startswith(_SOPS)
    return value is not None


def _template(place: Place, path: Path, content: dict[str, object]) -> Iterator[Complaint]:
    template = mapping(mapping(content.get("spec")).get("template"))
    where = (*path, "spec", "template")
    if mapping(template.get("stringData")):
        names = ", ".join(sorted(mapping(template["stringData"])))
        message = f"SealedSecret {_name(content)} with values in clear: {names}"
        yield place.says((*where, "stringData"), TEMPLATE_TEXT, message)
    yield from _applied(place, (*where, "metadata"), template.get("metadata"))


def _applied(place: Place, path: Path, metadata: object) -> Iterator[Complaint]:
    annotations = mapping(mapping(metadata).get("annotations"))
    for name in _APPLIED:
        text = annotations.get(name)
        if isinstance(text, str) and _holds_values(text):
            message = f"a Secret with values in clear in the annotation {name}"
            yield place.says((*path, "annotations", name), APPLIED, message)


def _holds_values(text: str) -> bool:
    try:
        applied = codec.decode_json(text, subject="")
    except InvalidInputError:
        return '"data"' in text or '"stringData"' in text
    if mapping(applied).get("kind") != "Secret":
        return False
    return any(mapping(mapping(applied).get(field)) for field in _FIELDS)


def _generators(place: Place, path: Path, content: dict[str, object]) -> Iterator[Complaint]:
    generators = content.get("secretGenerator")
    for index, generator in enumerate(generators if isinstance(generators, list) else ()):
        where = (*path, "secretGenerator", index)
        name = mapping(generator).get("name")
        for number, literal in enumerate(_listed(generator, "literals")):
            # Without a name before it, all of it may be the value.
            item, is_named, value = str(literal).partition("=")
            item = item if is_named else "without a name"
            if value.strip("\"'") or not is_named:
                message = f"secretGenerator {name} with a value in clear: {item}"
                yield place.says((*where, "literals", number), LITERAL, message)
        for field in ("files", "envs", "env"):
            for number, file in enumerate(_listed(generator, field)):
                message = f"secretGenerator {name} reads values from {str(file).rpartition('=')[2]}"
                yield place.says((*where, field, number), GENERATOR_FILE, message)


def _listed(generator: object, field: str) -> list[object]:
    found = mapping(generator).get(field)
    return found if isinstance(found, list) else [found] if isinstance(found, str) else []


def _name(content: dict[str, object]) -> str:
    metadata = mapping(content.get("metadata"))
    name, namespace = metadata.get("name") or "without a name", metadata.get("namespace")
    return f"{namespace}/{name}" if namespace else str(name)
