# SPDX-License-Identifier: Apache-2.0
"""What the constants in a template's source mean.

Source: docs/compat/go-templates.md 5.
"""

from math import inf, isinf
from typing import Final, NamedTuple

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.scanning import end_of_number

_ESCAPES: Final = {
    "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92,
}  # fmt: skip
_HEX_SIZES: Final = {"x": 2, "u": 4, "U": 8}
_OCTAL: Final = frozenset("01234567")
_DECIMAL: Final = frozenset("0123456789")
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_BASES: Final = {"0x": 16, "0o": 8, "0b": 2}
_MOST_DIGITS: Final = 64
"""Of an integer that 64 bits hold, in base 2."""


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
    found = _float(source.removesuffix("i"))
    if found is not None and source.endswith("i"):
        return _of_complex(complex(0, found))
    whole = _integer(source)
    if whole is not None:
        return Readings(_as_int(whole), _as_uint(whole), float(whole), None, _as_int(whole))
    if found is None:
        raise GoError(f"illegal number syntax: {quoted(source)}")
    if not any(mark in source for mark in ".eEpP"):
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
    return _of_complex(complex(_scanned(real), _scanned(imaginary)))


def _scanned(source: str) -> float:
    found = _float(source)
    if found is None:
        reason = "value out of range" if _float(source, is_bounded=False) else "invalid syntax"
        raise GoError(f"strconv.ParseFloat: parsing {quoted(source)}: {reason}")
    return found


def _of_complex(value: complex) -> Readings:
    readings = Readings() if value.imag else _of_float(value.real)
    return readings._replace(as_complex=value, default=value)


def _of_float(value: float) -> Readings:
    whole = int(value) if value.is_integer() else None
    return Readings(_as_int(whole), _as_uint(whole), value)


def _as_int(whole: int | None) -> int | None:
    return whole if whole is not None and -(2**63) <= whole < 2**63 else None


def _as_uint(whole: int | None) -> int | None:
    return whole if whole is not None and 0 <= whole < 2**64 else None


def _integer(source: str) -> int | None:
    """Read an integer of at most 64 bits."""
    digits = source.lstrip("+-")
    prefix = digits[:2].lower()
    base = _BASES.get(prefix, 8 if prefix.startswith("0") else 10)
    digits = digits.replace("_", "")[2 if prefix in _BASES else 0 :]
    digits = digits.lstrip("0") or digits[:1]
    if len(digits) > _MOST_DIGITS or not _has_good_underscores(source):
        return None
    try:
        whole = int(digits, base)
    except ValueError:
        return None
    whole = -whole if source.startswith("-") else whole
    # Only what has no sign is tried as `uint64`.
    is_held = _as_int(whole) is not None or (source[0] != "+" and _as_uint(whole) is not None)
    return whole if is_held else None


def _float(source: str, *, is_bounded: bool = True) -> float | None:
    """Read a decimal or hexadecimal floating-point number."""
    digits = source.replace("_", "").lower()
    try:
        if digits.lstrip("+-").startswith("0x"):
            found = float.fromhex(digits) if "p" in digits else None
        else:
            found = float(digits)
    except ValueError:
        found = None
    except OverflowError:
        found = inf
    if found is None or (is_bounded and isinf(found)) or not _has_good_underscores(source):
        return None
    return found


def _has_good_underscores(source: str) -> bool:
    """Tell whether all stand between digits; the prefix of a base is one too."""
    if "_" not in source:
        return True
    digits = source.lstrip("+-")
    if digits[:2].lower() in _BASES:
        digits = "0" + digits[2:]
    allowed = _HEX if source.lower().lstrip("+-").startswith("0x") else _DECIMAL
    pieces = digits.split("_")
    return all(piece[-1:] in allowed for piece in pieces[:-1]) and all(
        piece[:1] in allowed for piece in pieces[1:]
    )


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
