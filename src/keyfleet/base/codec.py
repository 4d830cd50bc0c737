# SPDX-License-Identifier: Apache-2.0
"""Decode and encode JSON and YAML without quoting the document in an error.

Every parser's error is replaced by ours, which does not even keep it as context: the originals
carry lines, values or the whole input (dependencies.md, section 6).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

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
    return decode_json_as(Any, raw, subject=subject)


def decode_json_as(kind: type[T], raw: bytes | str, *, subject: str) -> T:
    """Return the JSON document as `kind`.

    Raises:
        InvalidInputError: Not JSON, or not of that shape; `path` says where.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        problem = _invalid(error, subject)
    except (msgspec.DecodeError, UnicodeError):
        problem = InvalidInputError("input.json", "not valid JSON", subject)
    except RecursionError:
        problem = InvalidInputError("input.json", "nested too deeply", subject)
    # Raised out here: `from None` inside would keep the original, and what it quotes, as context.
    raise problem


def convert(kind: type[T], document: Any, *, subject: str) -> T:
    """Return an already decoded document as `kind`.

    Raises:
        InvalidInputError: Not of that shape; `path` says where.
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        problem = _invalid(error, subject)
    except UnicodeError:
        # A key or an enum member that holds half of a surrogate pair.
        problem = InvalidInputError("input.shape", "a text is no Unicode", subject)
    raise problem


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
    # msgspec quotes invalid members of enums and unions; everything else is types and a path.
    reason, _, path = str(error).partition(" - at `")
    if reason.startswith(("Invalid enum value", "Invalid value")):
        reason = "value is not one of those allowed"
    where = path.rstrip("`").removeprefix("$.")
    return InvalidInputError("input.shape", reason, subject, path=where)


class Span(NamedTuple):
    """Where a value stands in the text; positions in characters, without a byte order mark."""

    start: int
    end: int
    """Behind its last character; of a block scalar, behind its last line."""
    style: str | None
    """Of a scalar: its quote, `|` or `>`, empty for a plain one; None for what is no scalar."""
    line: int
    """Of its key, from 1; of an item of a list, its own."""
    column: int
    """The same."""


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One document of a YAML stream."""

    content: Any
    line: int
    """First line of the document, counted from 1."""
    lines: dict[tuple[str | int, ...], int]
    """Line of each key and list item, by its path."""
    spans: dict[tuple[str | int, ...], Span]
    """Where each value stands, by its path; an alias stands where its anchor does."""


def decode_yaml(raw: bytes, *, subject: str) -> list[YamlDocument]:
    """Return the non-empty documents of a YAML (or JSON) stream.

    Raises:
        InvalidInputError: Not UTF-8, not YAML, a duplicate key, or a tag beyond plain data; the
            message names line and column and quotes nothing.
    """
    try:
        text = raw.decode("utf-8")
        _refuse_excess(text, subject)
        return list(_documents(text, subject))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problem = InvalidInputError("input.encoding", f"not UTF-8 (line {line})", subject)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = InvalidInputError("input.yaml", f"not valid YAML{where}", subject)
    except yaml.YAMLError:
        problem = InvalidInputError("input.yaml", "not valid YAML", subject)
    except (ValueError, LookupError):
        # What the constructors raise for `!!int x`, `!!bool x` and `!!float ""`.
        problem = InvalidInputError("input.yaml", "a value cannot be read", subject)
    # Raised out here: `from None` inside would keep the original, and what it quotes, as context.
    raise problem


def encode_yaml(value: Any) -> str:
    """Return block-style YAML in the given key order."""
    return yaml.dump(builtins(value), Dumper=_Dumper, sort_keys=False, width=100)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain data only, as Kubernetes reads it: dates and 22:22 stay text."""


_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?(?:0b[01_]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)\Z")
_FLOAT = re.compile(
    r"(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in found
        if tag.removeprefix(_TAG) not in ("timestamp", "value", "int", "float")
    ]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(f"{_TAG}int", _INT, list("-+0123456789"))
_Loader.add_implicit_resolver(f"{_TAG}float", _FLOAT, list("-+.0123456789"))
# What Go's YAML does not read as text must not be written like text: y is a truth value there.
for _tag, _pattern, _first in (
    ("int", _INT, "-+0123456789"),
    ("int", re.compile(r"[-+]?0o[0-7_]+\Z"), "-+0"),
    ("float", _FLOAT, "-+.0123456789"),
    ("float", re.compile(r"[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+\Z"), "-+0123456789"),
    ("bool", re.compile(r"[yYnN]\Z"), "yYnN"),
):
    _Dumper.add_implicit_resolver(f"{_TAG}{_tag}", _pattern, list(_first))
_Loader.yaml_constructors = {
    tag: construct
    for tag, construct in yaml.SafeLoader.yaml_constructors.items()
    if str(tag).removeprefix(_TAG) not in ("binary", "timestamp", "omap", "pairs", "set")
}

_NODES_MAX = 200_000
_EVENTS_MAX = 3 * _NODES_MAX
"""More than that many nodes have: each is named by a key at most, and some have an end."""
_DEPTH_MAX = 200
_NODE_CHARACTERS = 1024


def _refuse_excess(text: str, subject: str) -> None:
    # The C loader recurses without a limit of its own: deep nesting would end the process. And
    # it builds a whole document before that can be looked at: a few MiB of commas took a minute.
    depth = nodes = 0
    loader = _Loader(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            nodes = 0 if isinstance(event, yaml.DocumentStartEvent) else nodes + 1
            if depth > _DEPTH_MAX:
                raise InvalidInputError("input.yaml", "nested too deeply", subject)
            if nodes > _EVENTS_MAX:
                raise InvalidInputError("input.yaml", "too many values in a document", subject)
    finally:
        loader.dispose()


def _documents(text: str, subject: str) -> Iterator[YamlDocument]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            walk = _Walk(subject)
            walk.visit(node, ())
            content = loader.construct_document(node)
            if content is not None:
                yield YamlDocument(content, node.start_mark.line + 1, walk.lines, walk.spans)
    finally:
        loader.dispose()


class _Walk:
    """One look at every node before anything is built from it."""

    def __init__(self, subject: str) -> None:
        self.lines: dict[tuple[str | int, ...], int] = {}
        self.spans: dict[tuple[str | int, ...], Span] = {}
        self._subject = subject
        self._seen = 0

    def visit(self, node: yaml.Node, path: tuple[str | int, ...]) -> None:
        """Note lines; refuse duplicate keys, cycles, and aliases that multiply without end."""
        self._seen += 1
        if len(path) > _DEPTH_MAX:
            raise InvalidInputError("input.yaml", "nested too deeply", self._subject)
        self.lines.setdefault(path, node.start_mark.line + 1)
        self.spans[path] = _span(node, node.start_mark)
        if isinstance(node, yaml.MappingNode):
            self._visit_mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.visit(value, (*path, index))
        else:
            self._seen += len(node.value) // _NODE_CHARACTERS
        if self._seen > _NODES_MAX:
            message = "too large when its aliases are followed"
            raise InvalidInputError("input.yaml", message, self._subject)

    def _visit_mapping(self, node: yaml.MappingNode, path: tuple[str | int, ...]) -> None:
        found: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                message = f"a key is not a scalar (line {line})"
                raise InvalidInputError("input.yaml", message, self._subject)
            if key.value in found:
                message = f"duplicate key (line {line})"
                raise InvalidInputError("input.duplicate_key", message, self._subject)
            found.add(key.value)
            if key.tag != f"{_TAG}merge":
                # Keys of Kubernetes objects are text, also 8080 and on.
                key.tag = f"{_TAG}str"
            self.visit(value, (*path, key.value))
            self.lines[(*path, key.value)] = line
            self.spans[(*path, key.value)] = _span(value, key.start_mark)


def _span(node: yaml.Node, named: yaml.Mark) -> Span:
    style = node.style or "" if isinstance(node, yaml.ScalarNode) else None
    start, end = node.start_mark.index, node.end_mark.index
    return Span(start, end, style, named.line + 1, named.column + 1)
