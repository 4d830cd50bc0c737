# SPDX-License-Identifier: Apache-2.0
"""Values of every type in `print` and `printf`: which verb means what for which type.

What holds others is written element by element, so that a verb and its width apply to each of
them, and an element of another type is a bad verb where it stands.
Source: docs/compat/go-templates.md 13.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from keyfleet.transform.gotemplate.formats.ordering import sorted_keys
from keyfleet.transform.gotemplate.formatting.directive import Directive
from keyfleet.transform.gotemplate.formatting.floats import complex_text, float_directive_text
from keyfleet.transform.gotemplate.formatting.integers import integer_text
from keyfleet.transform.gotemplate.formatting.texts import (
    boolean_text,
    hexadecimal_text,
    quoted_text,
    string_text,
)
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoObject,
    GoSequence,
    Invalid,
    Uint8,
    decoded,
    type_of,
)

_NIL: Final = "<nil>"
_ADDRESS: Final = 0xC000012345
"""Every pointer's: Go's differ from run to run, and nothing may depend on them."""
_REFERENCES: Final = (list, dict, bytes, GoSequence)
_HEXADECIMALS: Final = 5
"""Characters for each byte of `% #x`."""
_LONGEST_ESCAPE: Final = 10


class Printer:
    """Writes values to a text."""

    __slots__ = ("_is_bad", "_out", "_run")

    def __init__(self, run: Run, out: Text) -> None:
        """Write to `out`."""
        self._run = run
        self._out = out
        self._is_bad = False
        """Inside a bad verb's report: there no value's own `String()` is asked."""

    def write_argument(self, value: Any, how: Directive) -> None:
        """Write one argument of `printf`, or one value."""
        if value is None or value is INVALID:
            self._write_nil(how)
        elif how.verb == "T":
            self._out.add(string_text(type_of(value), replace(how, verb="s")) or "")
        elif how.verb == "p":
            self._write_pointer(value, how)
        elif how.verb == "w":
            self._write_bad(value, how)  # as a whole, not each element
        elif type(value) is bytes:
            self._write_bytes(value, how, "[]byte", 0)
        else:
            self._write(value, how, 0)

    def _write_nil(self, how: Directive) -> None:
        self._out.add(how.padded(_NIL) if how.verb in "vT" else f"%!{how.verb}({_NIL})")

    def _write(self, value: Any, how: Directive, depth: int) -> None:
        self._run.step()
        self._run.check_depth(depth)
        match value:
            case None | Invalid():
                self._out.add("interface {}(nil)" if how.is_syntax else _NIL)
            case GoObject():
                self._write_object(value, how, depth)
            case list():
                self._write_list(value, how, depth)
            case dict():
                self._write_map(value, how, depth)
            case bytes():
                self._write_bytes(value, how, "[]uint8", depth)
            case _:
                self._write_scalar(value, how)

    def _write_scalar(self, value: Any, how: Directive) -> None:
        text = self._scalar_text(value, how)
        if text is None:
            self._write_bad(value, how)
        else:
            self._out.add(text)

    def _scalar_text(self, value: Any, how: Directive) -> str | None:
        match value:
            case str():
                self._announce(value, how)
                return string_text(value, how)
            case bool():
                return boolean_text(value, how)
            case int():
                return integer_text(value, how)
            case float():
                return float_directive_text(value, how)
            case complex():
                return complex_text(value, how)
        return None

    def _write_bad(self, value: Any, how: Directive) -> None:
        self._out.add(f"%!{how.verb}({type_of(value)}=")
        was_bad, self._is_bad = self._is_bad, True
        self._write(value, replace(how, verb="v"), 0)
        self._is_bad = was_bad
        self._out.add(")")

    def _write_list(self, items: list[Any], how: Directive, depth: int) -> None:
        if how.is_syntax:
            if getattr(items, "is_nil", False):
                self._out.add(f"{type_of(items)}(nil)")
                return
            self._out.add(type_of(items))
        opening, separator, closing = ("{", ", ", "}") if how.is_syntax else ("[", " ", "]")
        self._out.add(opening)
        for index, item in enumerate(items):
            if index:
                self._out.add(separator)
            self._write(item, how, depth + 1)
        self._out.add(closing)

    def _write_map(self, items: dict[Any, Any], how: Directive, depth: int) -> None:
        if how.is_syntax and getattr(items, "is_nil", False):
            self._out.add(f"{type_of(items)}(nil)")
            return
        self._out.add(f"{type_of(items)}{{" if how.is_syntax else "map[")
        self._run.step(len(items) // 8)  # sorting is cheaper than writing
        for index, key in enumerate(sorted_keys(items)):
            if index:
                self._out.add(", " if how.is_syntax else " ")
            self._write(key, how, depth + 1)
            self._out.add(":")
            self._write(items[key], how, depth + 1)
        self._out.add("}" if how.is_syntax else "]")

    def _write_bytes(self, raw: bytes, how: Directive, name: str, depth: int) -> None:
        match how.verb:
            case "s":
                self._out.add(string_text(decoded(raw), how) or "")
            case "q":
                self._announce(raw, how)
                self._out.add(quoted_text(decoded(raw), how))
            case "x" | "X":
                self._announce(raw, how)
                self._out.add(hexadecimal_text(raw, how))
            case _ if how.is_syntax:
                self._run.step(len(raw) // 8)
                self._run.will_make(6 * len(raw))
                self._out.add(name + "{" + ", ".join(f"{byte:#x}" for byte in raw) + "}")
            case _:
                self._run.will_hold(len(raw))
                self._write_list([Uint8(byte) for byte in raw], how, depth)

    def _write_object(self, value: GoObject, how: Directive, depth: int) -> None:
        own_text = None
        if how.verb in "vsxXq" and not how.is_syntax and not self._is_bad:
            own_text = value.go_string()
        if own_text is not None:
            self._write_scalar(own_text, how)
        elif isinstance(value, int | str | float):
            self._write_scalar(value, how)
        elif (plain := value.underlying()) is not value:
            self._write_plain(plain, value.go_type, how, depth)
        elif isinstance(value, GoSequence) or (value.go_type.startswith("*") and depth):
            self._write_pointer(value, how)
        else:
            self._write_struct(value.go_type, value.fields(), how, depth)

    def _write_plain(self, plain: Any, name: str, how: Directive, depth: int) -> None:
        if isinstance(plain, bytes):
            self._write_bytes(plain, how, name, depth)
        else:
            self._write(plain, how, depth)

    def _write_struct(
        self, go_type: str, fields: Mapping[str, Any], how: Directive, depth: int
    ) -> None:
        if go_type.startswith("*"):
            self._out.add("&")
        self._out.add(f"{go_type.lstrip('*')}{{" if how.is_syntax else "{")
        for index, (name, value) in enumerate(fields.items()):
            if index:
                self._out.add(", " if how.is_syntax else " ")
            if how.has_names or how.is_syntax:
                self._out.add(f"{name}:")
            self._write(value, how, depth + 1)
        self._out.add("}")

    def _write_pointer(self, value: Any, how: Directive) -> None:
        if not isinstance(value, _REFERENCES) and not type_of(value).startswith("*"):
            self._write_bad(value, how)
        elif how.verb in "vp":
            self._write_scalar(_ADDRESS, replace(how, verb="x", sharp=not how.sharp))
        elif how.verb in "bodxX":
            self._write_scalar(_ADDRESS, how)
        else:
            self._write_bad(value, how)

    def _announce(self, text: str | bytes, how: Directive) -> None:
        """Bound what quoting or hexadecimal makes of a text before it does."""
        if how.verb in "xX":
            self._run.will_make(_HEXADECIMALS * 4 * len(text))
        elif how.verb == "q" or how.is_syntax:
            self._run.walk(len(text))
            self._run.will_make(_LONGEST_ESCAPE * len(text))
