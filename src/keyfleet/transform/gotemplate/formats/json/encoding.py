# SPDX-License-Identifier: Apache-2.0
"""Go values as JSON text.

Source: docs/compat/go-templates.md 20.1.
"""

import math
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from keyfleet.base.gofloats import format_float
from keyfleet.base.gojson import ESCAPES, HTML_ESCAPES, LONGEST_ESCAPE, float_text
from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.formats.ordering import sorted_strings
from keyfleet.transform.gotemplate.printing import printed
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import GoObject, Invalid, JsonNumber, kind_of, type_of


def encode_json(run: Run, value: Any, *, indent: str = "", escapes_html: bool = True) -> str:
    """Return the value as JSON, with the keys of maps sorted.

    Args:
        run: Pays.
        value: Any Go value.
        indent: Of each level; empty for compact JSON.
        escapes_html: Write `<`, `>` and `&` as escapes, as Go does unless told otherwise.

    Raises:
        GoError: The value holds what JSON cannot say.
        BudgetError: The value is too deep, or the text too long.
    """
    encoder = _Encoder(run, indent, HTML_ESCAPES if escapes_html else ESCAPES)
    encoder.write(value, 0)
    return encoder.out.whole()


class _Encoder:
    """Writes values one after another."""

    def __init__(self, run: Run, indent: str, escapes: dict[int, str]) -> None:
        self.out = Text(run)
        self._run = run
        self._indent = indent
        self._escapes = escapes
        self._colon = '": ' if indent else '":'

    def write(self, value: Any, depth: int) -> None:
        self._run.step()
        self._run.check_depth(depth)
        if isinstance(value, GoObject):
            value = _replaced(value)
        if getattr(value, "is_nil", False):
            value = None
        match value:
            case dict():
                self._write_object(self._named(value), depth)
            case list():
                self._write_list(value, depth)
            case GoObject() if kind_of(value) == "struct" or type_of(value).startswith("*"):
                self._write_object(value.fields().items(), depth)
            case _:
                self.out.add(self._scalar_text(value))

    def _write_list(self, items: list[Any], depth: int) -> None:
        separator = "["
        for item in items:
            self.out.add(separator + self._line(depth + 1))
            self.write(item, depth + 1)
            separator = ","
        self.out.add(self._line(depth) + "]" if items else "[]")

    def _write_object(self, members: Iterable[tuple[str, Any]], depth: int) -> None:
        separator = "{"
        for name, value in members:
            self.out.add(f'{separator}{self._line(depth + 1)}"{self._escaped(name)}{self._colon}')
            self.write(value, depth + 1)
            separator = ","
        self.out.add("{}" if separator == "{" else self._line(depth) + "}")

    def _named(self, items: dict[Any, Any]) -> list[tuple[str, Any]]:
        """Return the members in the order of their names; those need not be strings."""
        self._run.step(1 + len(items) // 2)
        names = {key if type(key) is str else printed(key, self._run): key for key in items}
        return [(name, items[names[name]]) for name in sorted_strings(names)]

    def _scalar_text(self, value: Any) -> str:
        match value:
            case None | Invalid():
                return "null"
            case bool():
                return "true" if value else "false"
            case JsonNumber():
                return _checked(value)
            case str():
                return f'"{self._escaped(value)}"'
            case int() | float():
                return _number_text(value)
            case bytes():
                self._run.will_make(2 * len(value))
                return f'"{b64encode(value).decode()}"'
        raise GoError(f"json: unsupported type: {type_of(value)}")

    def _escaped(self, text: str) -> str:
        if text.isprintable() and not any(character in text for character in '"\\<>&'):
            return text
        self._run.walk(len(text))
        self._run.will_make(LONGEST_ESCAPE * len(text))
        return text.translate(self._escapes)

    def _line(self, depth: int) -> str:
        return "\n" + self._indent * depth if self._indent else ""


def _replaced(value: GoObject) -> Any:
    try:
        return value.json_value()
    except BudgetError:
        raise
    except GoError as error:
        raise GoError(
            f"json: error calling MarshalJSON for type {type_of(value)}: ", *error.parts
        ) from None


def _number_text(number: float) -> str:
    if isinstance(number, int):
        return str(int(number))
    if math.isfinite(number):
        return float_text(number)
    raise GoError("json: unsupported value: ", Data(format_float(number, "g")))


def _checked(number: JsonNumber) -> str:
    """Return a number that is kept as text; Go checks it again, and takes nothing for zero."""
    text = str(number) or "0"
    if not is_number(text):
        raise GoError('json: invalid number literal "', Data(text), '"')
    return text


def is_number(text: str) -> bool:
    """Say if the text is a number in JSON."""
    whole, _, fraction = text.lower().partition("e")[0].removeprefix("-").partition(".")
    mark, exponent = text.lower().partition("e")[1:]
    return (
        _is_digits(whole)
        and (whole == "0" or not whole.startswith("0"))
        and ("." not in text or _is_digits(fraction))
        and (not mark or _is_digits(exponent[1:] if exponent[:1] in {"+", "-"} else exponent))
    )


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
