# SPDX-License-Identifier: Apache-2.0
"""Go values as TOML, the way the library of consul-template writes it.

Plain entries of a table come before the tables in it, both in the order of their keys; nested
tables are indented by two spaces each. Source: docs/compat/go-templates.md 19.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from keyfleet.base.gofloats import format_float
from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.letters import whole_characters
from keyfleet.transform.gotemplate.formats.ordering import sorted_strings
from keyfleet.transform.gotemplate.formats.strconv import parse_float
from keyfleet.transform.gotemplate.formats.time.times import GoTime
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import (
    GoList,
    GoMap,
    GoObject,
    JsonNumber,
    kind_of,
    type_of,
)

_BARE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in (*range(32), 127)},
    8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\",
}  # fmt: skip


_LONGEST_ESCAPE: Final = 6
_NIL_ELEMENT: Final = "toml: cannot encode array with nil element"

Entries = Sequence[tuple[str, Any]]


def to_toml(run: Run, value: Any) -> str:
    """Return the value as TOML; one that is no table is written alone.

    Raises:
        GoError: TOML has no form for it.
        BudgetError: It is too deep or too large.
    """
    out = Text(run)
    writer = _Writer(run, out)
    if _is_table(value):
        writer.write_entries((), value)
    elif writer.is_list_of_tables(value):
        raise GoError("toml: top-level values must be Go maps or structs")
    else:
        writer.write_value(value, 0)
    return out.whole()


class _Writer:
    """Writes tables, their entries and inline values to a text."""

    def __init__(self, run: Run, out: Text) -> None:
        self._run = run
        self._out = out

    def write_entries(self, path: tuple[str, ...], table: Any) -> None:
        """Write a table's own entries, then the tables in it."""
        self._run.check_depth(len(path))
        plain, tables = self._split_entries(table)
        indent = "  " * len(path)
        for key, value in plain:
            self._out.add(f"{indent}{_key(key)} = ")
            self.write_value(value, len(path))
            self._out.add("\n")
        for key, value in tables:
            self._write_tables((*path, _key(key)), value)

    def _write_tables(self, path: tuple[str, ...], value: Any) -> None:
        indent, name = "  " * (len(path) - 1), ".".join(path)
        if _is_table(value):
            space = "\n" if len(path) == 1 and self._out.pieces else ""
            self._out.add(f"{space}{indent}[{name}]\n")
            self.write_entries(path, value)
            return
        for table in value:
            space = "\n" if self._out.pieces else ""
            self._out.add(f"{space}{indent}[[{name}]]\n")
            self.write_entries(path, table)

    def _split_entries(self, table: Any) -> tuple[Entries, Entries]:
        """Return the entries that are no tables, and those that are; nil is neither."""
        plain, tables = [], []
        for key, value in _entries(table):
            self._run.step()
            if _is_table(value) or self.is_list_of_tables(value):
                tables.append((key, value))
            elif not _is_nil(value):
                plain.append((key, value))
        return plain, tables

    def is_list_of_tables(self, value: Any) -> bool:
        """Return whether it is a list with elements, all of them tables.

        Raises:
            GoError: One of the elements is nil.
        """
        if not isinstance(value, list):
            return False
        self._run.walk(len(value))
        if any(item is None for item in value):
            raise GoError(_NIL_ELEMENT)
        return bool(value) and all(map(_is_table, value))

    def write_value(self, value: Any, depth: int) -> None:
        """Write a value in one line."""
        self._run.check_depth(depth)
        if isinstance(value, list):
            self._write_list(value, depth)
        elif _is_table(value):
            self._write_inline_table(value, depth)
        else:
            if isinstance(value, str):
                self._run.walk(len(value))
                self._run.will_make(_LONGEST_ESCAPE * len(value))
            self._out.add(_scalar(value))

    def _write_list(self, items: list[Any], depth: int) -> None:
        self._out.add("[")
        for index, item in enumerate(items):
            self._run.step()
            if item is None:
                raise GoError(_NIL_ELEMENT)
            self._out.add(", " if index else "")
            self.write_value(item, depth + 1)
        self._out.add("]")

    def _write_inline_table(self, table: Any, depth: int) -> None:
        plain, tables = self._split_entries(table)
        self._out.add("{")
        for index, (key, value) in enumerate([*plain, *tables]):
            self._out.add((", " if index else "") + _key(key) + " = ")
            self.write_value(value, depth + 1)
        self._out.add("}")


def _is_table(value: Any) -> bool:
    if isinstance(value, GoObject):
        return value.go_string() is None and kind_of(value) in {"struct", "ptr"}
    return isinstance(value, dict)


def _is_nil(value: Any) -> bool:
    return value is None or (isinstance(value, GoList | GoMap) and value.is_nil)


def _entries(table: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(table, GoObject):
        return table.fields().items()
    if isinstance(table, GoMap) and table.key != "string":
        raise GoError("toml: cannot encode a map with non-string key type")
    return ((key, table[key]) for key in sorted_strings(table))


def _key(key: str) -> str:
    return key if key and _BARE.issuperset(key) else _quoted(key)


def _quoted(text: str) -> str:
    return f'"{whole_characters(text).translate(_ESCAPES)}"'


def _scalar(value: Any) -> str:
    match value:
        case GoObject():
            return _object(value)
        case JsonNumber():
            return _number(value)
        case str():
            return _quoted(value)
        case float():
            return _float(value)
        case int():
            return str(value).lower()  # booleans, too
    raise GoError(f"unsupported type: {type_of(value)}")


def _object(value: GoObject) -> str:
    if isinstance(value, GoTime):
        return value.rfc3339()
    text = value.go_string()
    if text is None:
        raise GoError(f"unsupported type: {kind_of(value)}")
    return _quoted(text)


def _number(digits: str) -> str:
    if digits.removeprefix("-").isdecimal():
        return digits
    try:
        return _float(parse_float(digits or "0"))
    except GoError:
        raise GoError("toml: unable to convert ", Data(digits), " to int64 or float64") from None


def _float(number: float) -> str:
    if math.isnan(number) or math.isinf(number):
        return ("-" if math.copysign(1, number) < 0 else "") + (
            "nan" if math.isnan(number) else "inf"
        )
    text = format_float(number, "f")
    return text if "." in text else text + ".0"
