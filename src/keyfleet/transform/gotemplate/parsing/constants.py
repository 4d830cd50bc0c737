# SPDX-License-Identifier: Apache-2.0
"""What the constants in a template's source mean.

Source: docs/compat/go-templates.md 5.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.formats.strconv import parse_float, parse_int, parse_uint
from keyfleet.transform.gotemplate.parsing.scanning import end_of_number

Number = TypeVar("Number", int, float)

_ESCAPES: Final = {
    "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92,
}  # fmt: skip
_HEX_SIZES: Final = {"x": 2, "u": 4, "U": 8}
_SURE_TO_FIT: Final = 19
"""Digits that are too many for some `int64`; with fewer there is nothing to check."""
_OCTAL: Final = frozenset("01234567")
_HEX: Final = frozenset("0123456789abcdefABCDEF")


class Readings(NamedTuple):
    """A number's value as each type that holds it exactly."""

    as_int: int | None = None
    """As `int64`."""
    as_uint: int | None = None
    """As `uint64`."""
    as_float: float | None = None
    as_complex: complex | None = None
    default: int | float | complex | None = None
    """As it is where no type is asked for; None where an `int` cannot hold it."""


def unquoted(source: str) -> str:
    """Return the text of a string constant.

    Raises:
        GoError: It has an escape that there is none of.
    """
    body = source[1:-1]
    if source[0] == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return _without_bad_bytes(body)
    made = bytearray()
    at = 0
    while (slash := body.find("\\", at)) >= 0:
        made += _without_bad_bytes(body[at:slash]).encode()
        code, is_byte, at = _escaped(body, slash + 1, '"')
        made += bytes((code,)) if is_byte else chr(code).encode()
    made += _without_bad_bytes(body[at:]).encode()
    return made.decode("utf-8", "surrogateescape")


def character(source: str) -> Readings:
    """Return the readings of a character constant.

    Raises:
        GoError: It is none, or more than one.
    """
    if source == "''":
        raise GoError("invalid syntax")
    if source[1] == "\\":
        code, _, end = _escaped(source, 2, "'")
    else:
        code, end = ord(_without_bad_bytes(source[1])), 2
    if end != len(source) - 1:
        raise GoError(f"malformed character constant: {source}")
    return Readings(code, code, float(code), None, code)


def number(source: str) -> Readings:
    """Return the readings of a number, imaginary ones too.

    Raises:
        GoError: It is none, or too large.
    """
    if source.isdecimal() and source[0] != "0" and len(source) < _SURE_TO_FIT:
        plain = int(source)
        return Readings(plain, plain, float(plain), None, plain)
    found = _read(parse_float, source.removesuffix("i"))
    if found is not None and source.endswith("i"):
        return _of_complex(complex(0, found))
    as_int, as_uint = _read(parse_int, source, 0), _read(parse_uint, source, 0)
    if as_int == 0:
        as_uint = 0  # `-0` too, though it has a sign
    whole = as_uint if as_int is None else as_int
    looks_like_float = any(mark in source for mark in ".eEpP")
    if whole is not None:
        # Go overlooks that the `E` of `-0x1E` is a digit when a sign stands before the `0x`.
        is_float = looks_like_float and not source.lower().startswith("0x")
        return Readings(as_int, as_uint, float(whole), None, float(whole) if is_float else as_int)
    if found is None:
        raise GoError(f"illegal number syntax: {quoted(source)}")
    if not looks_like_float:
        raise GoError(f"integer overflow: {quoted(source)}")
    return _of_float(found)._replace(default=found)


def complex_number(source: str) -> Readings:
    """Return the readings of a real and an imaginary number, side by side.

    Raises:
        GoError: One of them is none.
    """
    middle, _ = end_of_number(source, 0)
    real, imaginary = source[:middle], source[middle:-1]
    if real.endswith("i") or imaginary in ("+", "-") or _is_binary(real) or _is_binary(imaginary):
        raise GoError("syntax error scanning complex number")
    return _of_complex(complex(parse_float(real), parse_float(imaginary)))


def _read(parse: Callable[..., Number], source: str, *base: int) -> Number | None:
    try:
        return parse(source, *base)
    except GoError:
        return None


def _of_complex(value: complex) -> Readings:
    readings = Readings() if value.imag else _of_float(value.real)
    return readings._replace(as_complex=value, default=value)


def _of_float(value: float) -> Readings:
    whole = int(value) if value.is_integer() else None
    as_int = whole if whole is not None and -(2**63) <= whole < 2**63 else None
    as_uint = whole if whole is not None and 0 <= whole < 2**64 else None
    return Readings(as_int, as_uint, value)


def _is_binary(source: str) -> bool:
    return source.lstrip("+-")[:2].lower() in ("0b", "0o")


def _escaped(text: str, at: int, quote: str) -> tuple[int, bool, int]:
    """Read the escape that goes on at an index behind its backslash.

    Returns:
        The code, whether it is that of a byte rather than of a character, and the index after it.
    """
    kind = text[at : at + 1]
    if kind in _ESCAPES or kind == quote:
        return _ESCAPES.get(kind, ord(kind)), False, at + 1
    size, allowed, base = _HEX_SIZES.get(kind, 0), _HEX, 16
    start = at + 1
    if kind in _OCTAL:
        size, allowed, base, start = 3, _OCTAL, 8, at
    digits = text[start : start + size]
    if not size or len(digits) < size or not allowed.issuperset(digits):
        raise GoError("invalid syntax")
    code, is_byte = int(digits, base), kind not in ("u", "U")
    if code > (0xFF if is_byte else 0x10FFFF) or (not is_byte and 0xD800 <= code < 0xE000):
        raise GoError("invalid syntax")
    return code, is_byte, start + size


def _without_bad_bytes(text: str) -> str:
    """Replace bytes that are no UTF-8, as Go does where a constant is not raw."""
    if text.isascii():
        return text
    return "".join(["\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text])
