# SPDX-License-Identifier: Apache-2.0
"""Go values as YAML, in block style.

Source: docs/compat/go-templates.md 20.2.
"""

import math
from base64 import b64encode
from typing import Any, Literal

from keyfleet.base.gofloats import float_text
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.time.layouts import RFC3339_NANO
from keyfleet.transform.gotemplate.formats.time.times import GoTime, Month, Weekday
from keyfleet.transform.gotemplate.formats.yaml.dialect import Dialect
from keyfleet.transform.gotemplate.formats.yaml.ordering import natural_keys
from keyfleet.transform.gotemplate.formats.yaml.resolving import is_plain, resolved
from keyfleet.transform.gotemplate.formats.yaml.styles import Style, is_simple_key, style_of
from keyfleet.transform.gotemplate.formats.yaml.writing import Writer
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoObject, JsonNumber, encoded, type_of

Parent = Literal["", "mapping", "list"]


def encode_yaml(run: Run, value: Any, dialect: Dialect) -> str:
    """Return the value as YAML, with a newline at the end.

    Raises:
        GoError: A value of a type that YAML has nothing for.
        BudgetError: It is too much.
    """
    emitter = _Emitter(run, dialect)
    emitter.node(value, "", 0)
    text = emitter.writer.text.whole()
    return text if text.endswith("\n") else text + "\n"


class _Emitter:
    """Writes one value, part by part."""

    def __init__(self, run: Run, dialect: Dialect) -> None:
        self.writer = Writer(run, dialect)
        self._run = run
        self._dialect = dialect
        self._indent = -1

    def node(self, value: Any, parent: Parent, depth: int) -> None:
        """Write a value."""
        self._run.step()
        self._run.check_depth(depth)
        if isinstance(value, GoObject):
            self._object(value, parent, depth)
        elif isinstance(value, dict):
            self._mapping(value, natural_keys(self._run, list(value), self._dialect), parent, depth)
        elif isinstance(value, list | bytes):
            self._list(value, parent, depth)
        else:
            self._scalar(*self._scalar_text(value), parent=parent)

    def _object(self, value: GoObject, parent: Parent, depth: int) -> None:
        fields = {name.lower(): field for name, field in value.fields().items()}
        text = value.go_string()
        if isinstance(value, GoTime):
            self._scalar(value.format(RFC3339_NANO), Style.PLAIN, parent=parent)
        elif isinstance(value, Month | Weekday):
            self._scalar(str(int(value)), Style.PLAIN, parent=parent)
        elif text is not None and not fields:
            self._scalar(*self._text(text), parent=parent)
        else:
            self._mapping(fields, list(fields), parent, depth)

    def _mapping(self, items: dict[Any, Any], keys: list[Any], parent: Parent, depth: int) -> None:
        if not items:
            self.writer.mark("{}")
            return
        outer, self._indent = self._indent, self._deeper(parent, at_root=0)
        for key in keys:
            self._line()
            self._key(key)
            self.node(items[key], "mapping", depth + 1)
        self._indent = outer

    def _key(self, key: Any) -> None:
        text, style = self._scalar_text(key)
        if is_simple_key(text):
            self.writer.scalar(text, style, is_key=True)
            self.writer.mark(":", glued=True)
        else:
            self.writer.mark("?", is_indentation=True)
            self._scalar(text, style, parent="mapping")
            self._line()
            self.writer.mark(":", is_indentation=True)

    def _list(self, items: list[Any] | bytes, parent: Parent, depth: int) -> None:
        if not items:
            self.writer.mark("[]")
            return
        outer = self._indent
        is_aligned = self._dialect.aligns_lists and parent == "mapping"
        if not (is_aligned and self.writer.is_line_begun):
            self._indent = self._deeper(parent, at_root=0)
        for item in items:
            self._line()
            self.writer.mark("-", is_indentation=True)
            self.node(item, "list", depth + 1)
        self._indent = outer

    def _line(self) -> None:
        self.writer.indent = self._indent
        self.writer.begin_line()

    def _scalar(self, text: str, style: Style, *, parent: Parent) -> None:
        self.writer.indent = self._deeper(parent, at_root=self._dialect.indent)
        self.writer.scalar(text, style)

    def _deeper(self, parent: Parent, *, at_root: int) -> int:
        """Return the indentation of what is within the present one."""
        unit = self._dialect.indent
        if self._indent < 0:
            return at_root
        if self._dialect.aligns_lists:
            return self._indent + unit
        return self._indent + 2 if parent == "list" else (self._indent // unit + 1) * unit

    def _scalar_text(self, value: Any) -> tuple[str, Style]:
        match value:
            case None:
                return "null", Style.PLAIN
            case bool():
                return ("true" if value else "false"), Style.PLAIN
            case JsonNumber():
                return self._scalar_text(resolved(self._run, str(value), self._dialect))
            case str():
                return self._text(value)
            case int():
                return str(int(value)), Style.PLAIN
            case float():
                return _float_text(value), Style.PLAIN
            case _:
                raise GoError(f"cannot marshal type: {type_of(value)}")

    def _text(self, text: str) -> tuple[str, Style]:
        self._run.walk(len(text) if text.isascii() else 3 * len(text))
        if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
            self._run.will_make(2 * len(text))
            self.writer.mark("!!binary")
            return b64encode(encoded(text)).decode(), Style.PLAIN
        is_text = not text or is_plain(self._run, text, self._dialect)
        return text, style_of(text, self._dialect, is_plain=is_text)


def _float_text(number: float) -> str:
    if math.isnan(number):
        return ".nan"
    if math.isinf(number):
        return ".inf" if number > 0 else "-.inf"
    return float_text(number)
