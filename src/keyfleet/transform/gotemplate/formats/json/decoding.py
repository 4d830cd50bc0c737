# SPDX-License-Identifier: Apache-2.0
"""JSON text as Go values.

Source: docs/compat/go-templates.md 20.1.
"""

import math
from collections.abc import Callable
from typing import Any, Final, Literal

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.formats.json.tokens import Tokens
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import JsonNumber

Numbers = Literal["float64", "json.Number", "int"]
"""What a number becomes; under "int" a whole one that is written without point and exponent."""

_LONGEST: Final = 2 << 20
"""Characters of one document."""
_DIGITS: Final = "0123456789"
_LITERALS: Final = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
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
        self._tokens = Tokens(run, text)
        kinds: dict[str, Callable[[str], Any]] = {
            "float64": self._float,
            "json.Number": JsonNumber,
            "int": self._int_or_float,
        }
        self._number_of = kinds[numbers]

    def whole(self) -> Any:
        value = self._value(0)
        self._tokens.skip_spaces()
        if self._tokens.peek():
            raise self._tokens.unexpected("after top-level value")
        return value

    def _value(self, depth: int) -> Any:
        self._run.step()
        self._run.check_depth(depth)
        self._tokens.skip_spaces()
        first = self._tokens.peek()
        if first == "{":
            return self._object(depth)
        if first == "[":
            return self._array(depth)
        if first == '"':
            return self._tokens.string()
        if first == "-" or (first and first in _DIGITS):
            return self._number_of(self._tokens.number())
        if first in _LITERALS:
            return self._tokens.literal(*_LITERALS[first])
        raise self._tokens.unexpected("looking for beginning of value")

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._tokens.takes("{")
        while not self._closes("}", is_first=not found, where="after object key:value pair"):
            self._tokens.skip_spaces()
            if self._tokens.peek() != '"':
                raise self._tokens.unexpected("looking for beginning of object key string")
            name = self._tokens.string()
            self._tokens.skip_spaces()
            if not self._tokens.takes(":"):
                raise self._tokens.unexpected("after object key")
            found[name] = self._value(depth + 1)
        self._run.will_hold(len(found))
        return found

    def _array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self._tokens.takes("[")
        while not self._closes("]", is_first=not found, where="after array element"):
            found.append(self._value(depth + 1))
        self._run.will_hold(len(found))
        return found

    def _closes(self, bracket: str, *, is_first: bool, where: str) -> bool:
        """Take the bracket if the container ends here, else the comma before its next member."""
        self._tokens.skip_spaces()
        if self._tokens.takes(bracket):
            return True
        if not is_first and not self._tokens.takes(","):
            raise self._tokens.unexpected(where)
        return False

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
