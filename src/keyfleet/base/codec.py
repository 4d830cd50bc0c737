# SPDX-License-Identifier: Apache-2.0
"""Decode and encode JSON and YAML without quoting the document in an error.

Every parser here is caught and re-raised `from None`: the originals carry lines, values or the
whole input (dependencies.md, section 6).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import yaml

from keyfleet.base.errors import InvalidInputError

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()


def decode_json(raw: bytes | str, *, subject: str) -> Any:
    """Return the JSON document as dicts and lists.

    Raises:
        InvalidInputError: Not JSON; the text is not quoted.
    """
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidInputError("input.json", "not valid JSON", subject) from None


def decode_json_as(kind: type[T], raw: bytes | str, *, subject: str) -> T:
    """Return the JSON document as `kind`.

    Raises:
        InvalidInputError: Not JSON, or not of that shape; `path` says where.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(error, subject) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidInputError("input.json", "not valid JSON", subject) from None


def convert(kind: type[T], document: Any, *, subject: str) -> T:
    """Return an already decoded document as `kind`.

    Raises:
        InvalidInputError: Not of that shape; `path` says where.
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise _invalid(error, subject) from None


def builtins(value: Any) -> Any:
    """Return dicts and lists for a Struct; a SecretValue in it raises TypeError."""
    return msgspec.to_builtins(value)


def encode_json(value: Any) -> bytes:
    """Return compact JSON; a SecretValue in it raises TypeError."""
    return _ENCODER.encode(value)


def encode_canonical(value: Any) -> bytes:
    """Return JSON with sorted keys, the same bytes for the same content."""
    return msgspec.json.encode(value, order="sorted")


def _invalid(error: msgspec.ValidationError, subject: str) -> InvalidInputError:
    # msgspec quotes invalid enum members; everything else is types and a path.
    text = str(error)
    reason, _, path = text.partition(" - at `")
    if reason.startswith("Invalid enum value"):
        reason = "value is not one of those allowed"
    return InvalidInputError("input.shape", reason, subject, path=path.rstrip("`").removeprefix("$."))


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One document of a YAML stream."""

    content: Any
    line: int
    """First line of the document, counted from 1."""
    lines: dict[tuple[str | int, ...], int]
    """Line of each key and list item, by its path."""


def decode_yaml(raw: bytes, *, subject: str) -> list[YamlDocument]:
    """Return the non-empty documents of a YAML (or JSON) stream.

    Raises:
        InvalidInputError: Not UTF-8, not YAML, a duplicate key, or a tag beyond plain data; the
            message names line and column and quotes nothing.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InvalidInputError("input.encoding", f"not UTF-8 (line {line})", subject) from None
    try:
        return list(_documents(text, subject))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise InvalidInputError("input.yaml", f"not valid YAML{where}", subject) from None
    except yaml.YAMLError:
        raise InvalidInputError("input.yaml", "not valid YAML", subject) from None
    except RecursionError:
        raise InvalidInputError("input.yaml", "nested too deeply", subject) from None
    except ValueError:
        # The constructor turns e.g. an impossible date into a bare ValueError.
        raise InvalidInputError("input.yaml", "a value cannot be read", subject) from None


def encode_yaml(value: Any) -> str:
    """Return block-style YAML in the given key order."""
    return yaml.dump(builtins(value), Dumper=_Dumper, sort_keys=False, width=100)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain data only; dates stay text, as Kubernetes reads them."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

_NODES_MAX = 200_000


def _documents(text: str, subject: str) -> Iterator[YamlDocument]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            lines: dict[tuple[str | int, ...], int] = {}
            _walk(node, (), lines, subject, [0])
            content = loader.construct_document(node)
            if content is not None:
                yield YamlDocument(content, node.start_mark.line + 1, lines)
    finally:
        loader.dispose()


def _walk(
    node: yaml.Node,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    subject: str,
    seen: list[int],
) -> None:
    # Aliases multiply: counting visited nodes bounds the "billion laughs" document.
    seen[0] += 1
    if seen[0] > _NODES_MAX:
        raise InvalidInputError("input.yaml", "too large when its aliases are followed", subject)
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        _refuse_duplicates(node, subject)
        for key, value in node.value:
            _walk(value, (*path, str(key.value)), lines, subject, seen)
            lines[(*path, str(key.value))] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, index), lines, subject, seen)


def _refuse_duplicates(node: yaml.MappingNode, subject: str) -> None:
    found: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            line = key.start_mark.line + 1
            raise InvalidInputError("input.yaml", f"a key is not a scalar (line {line})", subject)
        if key.value in found:
            line = key.start_mark.line + 1
            raise InvalidInputError("input.duplicate_key", f"duplicate key (line {line})", subject)
        found.add(key.value)
