# SPDX-License-Identifier: Apache-2.0
"""Documents to native types: strict about specs, forgiving about status.

A spec with an unknown field is refused as a whole: a misspelt `exclude` must not widen delivery.
A status is Keyfleet's own, perhaps written by another version: what cannot be read counts as none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.model.v1alpha1 import structure
from keyfleet.model.v1alpha1.common import PATTERN_WORDS, ApiStruct

S = TypeVar("S", bound=ApiStruct)

UNKNOWN_FIELD = "intent.unknown_field"
INVALID = "intent.invalid"

_SHOWN_MAX = 120
_MISSING = re.compile("Object missing required field `(.+)`")
_QUOTED = re.compile("`(.+?)`")
_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a number",
    "null": "nothing",
    "object": "an object",
    "str": "a text",
}
_ROOT = ("apiVersion", "kind", "metadata", "spec", "status")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of a document."""

    code: str
    path: str
    message: str
    hint: str = ""


def parse_spec(kind: type[S], document: Mapping[str, Any], *, subject: str = "") -> S:
    """Return the `spec` of a manifest.

    Args:
        kind: The Struct of the spec, such as `FleetSecretSpec`.
        document: The whole manifest.
        subject: Which manifest, for the error.
    Raises:
        InvalidIntentError: `intent.unknown_field` or `intent.invalid`; `path` starts with `spec`,
            or is the name of an unknown field beside it.
    """
    for name in document:
        if name not in _ROOT:
            raise _error(_unknown("", name, _ROOT), subject)
    return parse_part(kind, document.get("spec"), path="spec", subject=subject)


def parse_part(
    kind: type[S], value: Any, *, path: str, subject: str = "", is_foreign: bool = False
) -> S:
    """Return one object of a manifest.

    Args:
        kind: The Struct of the part.
        value: What stands there.
        path: Where it stands.
        subject: Which manifest, for the error.
        is_foreign: It belongs to a manifest of another tool, whose unknown fields are ignored.
    Raises:
        InvalidIntentError: As `parse_spec`.
    """
    shape = structure.structure(kind)
    if not isinstance(value, Mapping):
        words = "the field is missing" if value is None else "must be an object"
        raise _error(Problem(INVALID, path, words), subject)
    look = _bad_texts if is_foreign else _problems
    for problem in look(shape, value, path):
        raise _error(problem, subject)
    try:
        return codec.convert(kind, _without_nulls(shape, value), subject=subject)
    except InvalidInputError as error:
        raise _error(_described(shape, error, path), subject) from None


def to_document(value: ApiStruct) -> dict[str, Any]:
    """Return a native value as an API server would give it back: dicts, lists and scalars."""
    document: dict[str, Any] = codec.decode_json(codec.encode_json(value), subject="")
    return document


def parse_status(kind: type[S], status: Mapping[str, Any] | None) -> S:
    """Return a status as far as it can be read; an empty one when it cannot."""
    try:
        return msgspec.convert(status or {}, kind)
    except msgspec.ValidationError:
        return kind()


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return a hint naming the known word closest to a misspelt one; all of them when none is.

    >>> nearest("exlude", ("names", "exclude"))
    'did you mean `exclude`?'
    """
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(known)}"


def join(path: str, name: object) -> str:
    """Return the path of a field; a very long name is cut, since it may be anything.

    >>> join("spec", "source")
    'spec.source'
    """
    text = str(name)
    short = text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}..."
    return f"{path}.{short}" if path else short


def _unknown(path: str, name: object, known: tuple[str, ...]) -> Problem:
    return Problem(UNKNOWN_FIELD, join(path, name), "unknown field", nearest(str(name), known))


def _problems(kind: inspect.Type, value: Any, path: str) -> Iterator[Problem]:
    """Yield unknown fields first, then texts that miss their pattern, in document order."""
    yield from _unknown_fields(kind, value, path)
    yield from _bad_texts(kind, value, path)


def _unknown_fields(kind: inspect.Type, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(kind, inspect.StructType) and isinstance(value, Mapping):
        known = tuple(structure.fields(kind))
        yield from (_unknown(path, name, known) for name in value if name not in known)
    for part, below, place in _parts(kind, value, path):
        yield from _unknown_fields(part, below, place)


def _bad_texts(kind: inspect.Type, value: Any, path: str) -> Iterator[Problem]:
    pattern = kind.pattern if isinstance(kind, inspect.StrType) else None
    if pattern and isinstance(value, str) and not _fits(pattern, value):
        yield Problem(INVALID, path, PATTERN_WORDS.get(pattern, "not of the right form"))
    for part, below, place in _parts(kind, value, path):
        yield from _bad_texts(part, below, place)


def matches(pattern: str, text: str) -> str:
    """Return what a text that misses a pattern is not; empty for one that fits."""
    return "" if _fits(pattern, text) else PATTERN_WORDS.get(pattern, "not of the right form")


def _fits(pattern: str, text: str) -> bool:
    # msgspec searches, and Python's `$` would let a trailing line break pass.
    return bool(re.fullmatch(pattern, text)) and not text.endswith("\n")


def _parts(kind: inspect.Type, value: Any, path: str) -> Iterator[tuple[inspect.Type, Any, str]]:
    """Yield type, value and path of everything one level below that the types know."""
    item = structure.item_type(kind)
    if isinstance(kind, inspect.StructType) and isinstance(value, Mapping):
        known = structure.fields(kind)
        yield from (
            (known[name], below, join(path, name)) for name, below in value.items() if name in known
        )
    elif item is not None and isinstance(value, list | tuple):
        yield from ((item, below, f"{path}[{index}]") for index, below in enumerate(value))


def _without_nulls(kind: inspect.Type, value: Any) -> Any:
    """Return the value without null and unknown fields, as an API server prunes them."""
    item = structure.item_type(kind)
    if isinstance(kind, inspect.StructType) and isinstance(value, Mapping):
        known = structure.fields(kind)
        return {
            name: _without_nulls(known[name], below)
            for name, below in value.items()
            if below is not None and name in known
        }
    if item is not None and isinstance(value, list | tuple):
        return [_without_nulls(item, below) for below in value]
    return value


def _described(kind: inspect.Type, error: InvalidInputError, path: str) -> Problem:
    """Return what the decoder said as a problem with a full path."""
    place = f"{path}{error.path}" if error.path.startswith("[") else join(path, error.path)
    place = path if error.path in ("", "$") else place
    if missing := _MISSING.fullmatch(error.message):
        return Problem(INVALID, f"{place}.{missing[1]}", "the field is missing")
    return Problem(INVALID, place, _in_words(error.message), _allowed(kind, error.path))


def _in_words(message: str) -> str:
    """Return what the decoder expected and got, in the words of documents.

    >>> _in_words("Expected `array | null`, got `str`")
    'expected a list, got a text'
    """
    plain = message.replace(" | null`", "`").replace("Expected", "expected", 1)
    return _QUOTED.sub(lambda found: _WORDS.get(found[1], found[1]), plain)


def _error(problem: Problem, subject: str) -> InvalidIntentError:
    path, hint = problem.path, problem.hint
    if problem.code == UNKNOWN_FIELD:
        return InvalidIntentError("intent.unknown_field", problem.message, subject, hint, path=path)
    return InvalidIntentError("intent.invalid", problem.message, subject, hint, path=path)


def _allowed(kind: inspect.Type, path: str) -> str:
    """Return the values an enum field may have; empty for other fields."""
    for name in re.findall(r"[^.\[\]]+", path):
        item = structure.item_type(kind)
        if isinstance(kind, inspect.StructType):
            kind = structure.fields(kind).get(name, kind)
        elif item is not None:
            kind = item
    if isinstance(kind, inspect.EnumType):
        return f"allowed: {', '.join(member.value for member in kind.cls)}"
    return ""
