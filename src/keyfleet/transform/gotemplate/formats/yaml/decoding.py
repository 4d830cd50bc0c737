# SPDX-License-Identifier: Apache-2.0
"""YAML text as Go values.

Source: docs/compat/go-templates.md 20.3.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.formats.time.times import GoTime
from keyfleet.transform.gotemplate.formats.yaml.dialect import Dialect
from keyfleet.transform.gotemplate.formats.yaml.nodes import Node, first_document
from keyfleet.transform.gotemplate.formats.yaml.resolving import resolved
from keyfleet.transform.gotemplate.formatting import sprintf
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import ANY_TYPE, GoMap, decoded

_ALIASES_MAX: Final = 100
_MERGE: Final = "<<"
_TYPES: Final = {
    "!!bool": bool, "!!int": int, "!!float": float, "!!null": type(None), "!!timestamp": GoTime,
}  # fmt: skip
_NAMES: Final = {kind: tag for tag, kind in _TYPES.items()}


def decode_yaml(run: Run, text: str, dialect: Dialect) -> Any:
    """Return the value of the first document, nil where there is none.

    Raises:
        GoError: It is not YAML, in Go's words: `yaml: line 3: ...`.
        BudgetError: It is too long, too deep, or expands to too much.
    """
    root = first_document(run, text, dialect)
    return None if root is None else _Constructor(run, dialect).value(root, 0)


def decode_yaml_mapping(run: Run, text: str, dialect: Dialect) -> dict[str, Any]:
    """Return the mapping of the first document, its keys as text; empty where there is none.

    Raises:
        GoError: It is not YAML, or not a mapping.
        BudgetError: It is too long, too deep, or expands to too much.
    """
    root = first_document(run, text, dialect)
    return {} if root is None else _Constructor(run, dialect).string_mapping(root)


class _Constructor:
    """Makes values of a tree; an alias is made anew, as its own value."""

    def __init__(self, run: Run, dialect: Dialect) -> None:
        self._run = run
        self._dialect = dialect
        self._aliases = 0
        self._within: set[int] = set()
        """The targets of the aliases that are being made."""
        self._size = 0

    def string_mapping(self, node: Node) -> dict[str, Any]:
        """Return a mapping whose keys are text, whatever else they look like; none that is nil."""
        if node.kind == "mapping":
            found = self._mapping(node, 0, key=self._string_key)
            return {key: value for key, value in found.items() if key is not None}
        if self.value(node, 0) is None:
            return GoMap(is_nil=True)
        raise _cannot_unmarshal(self._run, node, "map[string]interface {}", self._dialect)

    def value(self, node: Node, depth: int) -> Any:
        """Return the value of a node."""
        self._run.check_depth(depth)
        match node.kind:
            case "scalar":
                return self._scalar(node)
            case "alias":
                return self._expanded(node, depth)
            case "list":
                self._run.step(len(node.children) // 4)
                return [self.value(child, depth + 1) for child in node.children]
            case "mapping":
                return self._typed(self._mapping(node, depth))

    def _expanded(self, alias: Node, depth: int) -> Any:
        target = self._target(alias)
        self._within.add(id(target))
        found = self.value(target, depth + 1)
        self._within.discard(id(target))
        return found

    def _target(self, alias: Node) -> Node:
        target = alias.target
        assert target is not None  # noqa: S101 - an alias has one
        self._aliases += 1
        if self._aliases > _ALIASES_MAX:
            raise BudgetError(f"a YAML document with more than {_ALIASES_MAX} aliases")
        if id(target) in self._within:
            raise GoError("yaml: anchor '", Data(alias.text), "' value contains itself")
        return target

    def _scalar(self, node: Node) -> Any:
        self._run.step()
        self._size += len(node.text)
        if self._size > self._run.limits.string_bytes:
            raise BudgetError("a YAML document that expands to too much")
        if node.tag == "!!binary":
            return _binary(node.text)
        if node.tag in _TYPES:
            return self._tagged(node)
        if node.tag or not node.is_plain:
            return node.text
        return self._timeless(resolved(self._run, node.text, self._dialect), node.text)

    def _timeless(self, value: Any, text: str) -> Any:
        return text if isinstance(value, GoTime) and not self._dialect.has_times else value

    def _tagged(self, node: Node) -> Any:
        value = resolved(self._run, node.text, self._dialect)
        wanted = _TYPES[node.tag]
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)):
            return self._timeless(value, node.text)
        raise GoError(
            f"yaml: cannot decode {_kind_of(value)} `", Data(node.text), f"` as a {node.tag}"
        )

    def _mapping(
        self, node: Node, depth: int, *, key: Callable[[Node, int], Any] | None = None
    ) -> dict[Any, Any]:
        key = key or self._key
        self._run.step(len(node.children) // 4)
        if self._dialect.refuses_duplicates:
            _refuse_duplicates(node)
        found: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        kinds: dict[Any, type] = {}
        for key_node, value_node in _pairs(node):
            if not _is_merge(key_node):
                own = key(key_node, depth)
                _check_distinct(own, kinds)
                found[own] = self.value(value_node, depth + 1)
            elif self._dialect.merges_at_once:
                found.update(self._merged(value_node, depth + 1))
            else:
                merged = self._merged(value_node, depth + 1) | merged
        return merged | found

    def _typed(self, found: dict[Any, Any]) -> dict[Any, Any]:
        if self._dialect.is_any_keyed or not all(type(key) is str for key in found):
            return GoMap(found, key=ANY_TYPE)
        return found

    def _key(self, node: Node, depth: int) -> Any:
        key = self.value(node, depth + 1)
        if isinstance(key, list | dict):
            raise GoError("yaml: invalid map key: ", Data(sprintf(self._run, "%#v", [key])))
        return key

    def _string_key(self, node: Node, depth: int) -> str | None:
        key = self.value(node, depth + 1)
        while node.target is not None:
            node = node.target
        if isinstance(key, list | dict):
            raise _cannot_unmarshal(self._run, node, "string", self._dialect)
        return key if key is None or isinstance(key, str) else node.text

    def _merged(self, node: Node, depth: int) -> dict[Any, Any]:
        """Return what `<<` adds: entries of a mapping, or of several of which the first wins."""
        self._run.check_depth(depth)
        sources = node.children if node.kind == "list" else [node]
        found: dict[Any, Any] = {}
        for source in sources:
            value = self.value(source, depth + 1)
            if not isinstance(value, dict):
                raise GoError("yaml: map merge requires map or sequence of maps as the value")
            found = value | found
        return found


def _cannot_unmarshal(run: Run, node: Node, go_type: str, dialect: Dialect) -> GoError:
    kind: tuple[str | Data, ...] = ("!!seq" if node.kind == "list" else "!!map",)
    if node.kind == "scalar":
        value = resolved(run, node.text, dialect) if node.is_plain else node.text
        tag = Data(node.tag) if node.tag else _kind_of(value)
        kind = (tag, " `", Data(_cut(node.text)), "`")
    return GoError(
        f"yaml: unmarshal errors:\n  line {node.line}: cannot unmarshal ", *kind, f" into {go_type}"
    )


def _cut(text: str) -> str:
    return text if len(text) <= 10 else f"{text[:7]}..."


def _kind_of(value: Any) -> str:
    return next((tag for kind, tag in _NAMES.items() if isinstance(value, kind)), "!!str")


def _pairs(node: Node) -> "zip[tuple[Node, Node]]":
    return zip(node.children[::2], node.children[1::2], strict=True)


def _is_merge(key: Node) -> bool:
    return key.kind == "scalar" and key.text == _MERGE and (key.is_plain or key.tag == "!!merge")


def _check_distinct(key: Any, kinds: dict[Any, type]) -> None:
    """Refuse a mapping that has both 1 and true, which are one key in Python and two in Go."""
    if isinstance(key, int | float) and kinds.setdefault(key, type(key)) is not type(key):
        raise GoError("yaml: keys that cannot be told apart here, such as 1 and true")


def _refuse_duplicates(node: Node) -> None:
    lines: dict[str, int] = {}
    for key, _ in _pairs(node):
        if key.kind != "scalar" or _is_merge(key):
            continue
        if key.text in lines:
            raise GoError(
                f"yaml: unmarshal errors:\n  line {key.line}: mapping key ",
                Data(quoted(key.text)),
                f" already defined at line {lines[key.text]}",
            )
        lines[key.text] = key.line


def _binary(text: str) -> str:
    try:
        return decoded(b64decode(text.translate(_NO_BREAKS), validate=True))
    except (Base64Error, ValueError):
        problem = GoError("yaml: !!binary value contains invalid base64 data")
    raise problem


_NO_BREAKS: Final = {ord("\r"): None, ord("\n"): None}
