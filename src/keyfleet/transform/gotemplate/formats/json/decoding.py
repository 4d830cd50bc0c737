# SPDX-License-Identifier: Apache-2.0
"""JSON text as Go values.

Go reports the first byte that cannot go on, and at the end of the text acts as if a space
followed. Every piece of the text in an error is `Data`.
Source: docs/compat/go-templates.md 20.1.
"""

import math
from collections.abc import Callable
from typing import Any, Final, Literal

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.formats.quoting import escaped
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import JsonNumber, encoded

Numbers = Literal["float64", "json.Number", "int"]
"""What a number becomes; under "int" a whole one that is written without point and exponent."""

_LONGEST: Final = 2 << 20
"""Characters of one document."""
_SPACES: Final = " \t\r\n"
_DIGITS: Final = "0123456789"
_ESCAPED: Final = dict(zip('"\\/bfnrt', '"\\/\b\f\n\r\t', strict=True))
_LITERALS: Final = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_INVALID_BYTES: Final = dict.fromkeys(range(0xDC80, 0xDD00), "\ufffd")
_HEXADECIMALS: Final = frozenset("0123456789abcdefABCDEF")
_MOST_DIGITS: Final = 640
"""Of a number that becomes an integer; Go's have at most 19."""


def decode_json(run: Run, text: str, *, numbers: Numbers = "float64") -> Any:
    """Return the value that a JSON document holds.

    Raises:
        GoError: It is not JSON, or a number in it is too large; in Go's words.
        BudgetError: It is too long, too deep or holds too many values.
    """
    decoder = _Decoder(run, text, numbers)
    value = decoder.whole()
    if decoder.problem is not None:
        raise decoder.problem
    return value


def decode_json_leniently(run: Run, text: str) -> Any:
    """Return the same, nil in place of each number that is too large, nil for what is no JSON.

    Raises:
        BudgetError: It is too long, too deep or holds too many values.
    """
    try:
        return _Decoder(run, text, "float64").whole()
    except BudgetError:
        raise
    except GoError:
        return None


class _Decoder:
    """Reads one document from its begin to its end."""

    def __init__(self, run: Run, text: str, numbers: Numbers) -> None:
        if len(text) > _LONGEST:
            raise BudgetError(f"a JSON document longer than {_LONGEST} bytes")
        run.walk(len(text))
        self.problem: GoError | None = None
        """The first number that is too large; Go reads on after it."""
        self._run = run
        self._text = text
        self._at = 0
        kinds: dict[str, Callable[[str], Any]] = {
            "float64": self._float,
            "json.Number": JsonNumber,
            "int": self._int_or_float,
        }
        self._number_of = kinds[numbers]

    def whole(self) -> Any:
        value = self._value(0)
        self._skip_spaces()
        if self._at < len(self._text):
            raise self._unexpected("after top-level value")
        return value

    def _value(self, depth: int) -> Any:
        self._run.step()
        self._run.check_depth(depth)
        self._skip_spaces()
        first = self._peek()
        if first == "{":
            return self._object(depth)
        if first == "[":
            return self._array(depth)
        if first == '"':
            return self._string()
        if first == "-" or (first and first in _DIGITS):
            return self._number_of(self._number())
        if first in _LITERALS:
            return self._literal(*_LITERALS[first])
        raise self._unexpected("looking for beginning of value")

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._at += 1
        while not self._closes("}", is_first=not found, where="after object key:value pair"):
            self._skip_spaces()
            if self._peek() != '"':
                raise self._unexpected("looking for beginning of object key string")
            name = self._string()
            self._skip_spaces()
            if self._peek() != ":":
                raise self._unexpected("after object key")
            self._at += 1
            found[name] = self._value(depth + 1)
        self._run.will_hold(len(found))
        return found

    def _array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self._at += 1
        while not self._closes("]", is_first=not found, where="after array element"):
            found.append(self._value(depth + 1))
        self._run.will_hold(len(found))
        return found

    def _closes(self, bracket: str, *, is_first: bool, where: str) -> bool:
        """Take the bracket if the container ends here, else the comma before its next member."""
        self._skip_spaces()
        found = self._peek()
        if found == bracket:
            self._at += 1
            return True
        if is_first:
            return False
        if found != ",":
            raise self._unexpected(where)
        self._at += 1
        return False

    def _literal(self, word: str, value: Any) -> Any:
        for index, character in enumerate(word):
            if self._peek() != character:
                raise self._unexpected(
                    f"in literal {word} (expecting '{character}')", is_in_token=index > 0
                )
            self._at += 1
        return value

    def _number(self) -> str:
        start = self._at
        self._takes("-")
        if not self._takes("0"):
            self._digits("in numeric literal")
        if self._takes("."):
            self._digits("after decimal point in numeric literal")
        if self._takes("eE"):
            self._takes("+-")
            self._digits("in exponent of numeric literal")
        return self._text[start : self._at]

    def _digits(self, where: str) -> None:
        start = self._at
        while self._takes(_DIGITS):
            pass
        if self._at == start:
            raise self._unexpected(where, is_in_token=True)

    def _float(self, text: str) -> float | None:
        number = float(text)
        if math.isfinite(number):
            return number
        self.problem = self.problem or GoError(
            "json: cannot unmarshal number ", Data(text), " into Go value of type float64"
        )
        return None

    def _int_or_float(self, text: str) -> int | float | None:
        is_whole = text.removeprefix("-").isdigit() and len(text) < _MOST_DIGITS
        return int(text) if is_whole else self._float(text)

    def _string(self) -> str:
        """Take a string with its quotes."""
        text, at = self._text, self._at + 1
        end = text.find('"', at)
        if end > 0 and text[at:end].isprintable() and text.find("\\", at, end) < 0:
            self._at = end + 1
            return text[at:end]
        return self._string_with_escapes()

    def _string_with_escapes(self) -> str:
        pieces: list[str] = []
        self._at += 1
        end = -1
        while True:
            if end < self._at:
                end = self._text.find('"', self._at)
                end = len(self._text) if end < 0 else end
            escape = self._text.find("\\", self._at, end)
            pieces.append(self._plain(end if escape < 0 else escape))
            if escape < 0:
                break
            if not len(pieces) % 16:
                self._run.step()
            pieces.append(self._escape())
        if end == len(self._text):
            raise _ended()
        self._at = end + 1
        return "".join(pieces)

    def _plain(self, end: int) -> str:
        """Take characters without escapes."""
        piece = self._text[self._at : end]
        if not piece.isprintable():
            for index, character in enumerate(piece):
                if character < " ":
                    self._at += index
                    raise self._unexpected("in string literal")
            piece = piece.translate(_INVALID_BYTES)
        self._at = end
        return piece

    def _escape(self) -> str:
        """Take a backslash and what follows; halves of a pair that stand alone become U+FFFD."""
        self._at += 1
        name = self._peek()
        if name in _ESCAPED:
            self._at += 1
            return _ESCAPED[name]
        if name != "u":
            raise self._unexpected("in string escape code", is_in_token=True)
        code = self._code_unit()
        if not 0xD800 <= code < 0xE000:
            return chr(code)
        if code < 0xDC00 and self._text.startswith("\\u", self._at):
            start = self._at
            self._at += 1
            low = self._code_unit()
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00)
            self._at = start
        return "\ufffd"

    def _code_unit(self) -> int:
        self._at += 1
        start = self._at
        for _ in range(4):
            if self._peek() not in _HEXADECIMALS:
                raise self._unexpected("in \\u hexadecimal character escape", is_in_token=True)
            self._at += 1
        return int(self._text[start : self._at], 16)

    def _skip_spaces(self) -> None:
        text, at = self._text, self._at
        while at < len(text) and text[at] in _SPACES:
            at += 1
        self._at = at

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _takes(self, characters: str) -> bool:
        if self._at < len(self._text) and self._text[self._at] in characters:
            self._at += 1
            return True
        return False

    def _unexpected(self, where: str, *, is_in_token: bool = False) -> GoError:
        found = self._peek()
        if not found and not is_in_token:
            return _ended()
        byte = chr(encoded(found or " ")[0])
        shown = byte if byte == '"' else "\\'" if byte == "'" else escaped(byte)
        return GoError("invalid character '", Data(shown), f"' {where}")


def _ended() -> GoError:
    return GoError("unexpected end of JSON input")
