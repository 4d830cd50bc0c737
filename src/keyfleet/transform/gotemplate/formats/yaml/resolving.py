# SPDX-License-Identifier: Apache-2.0
"""What a plain scalar means: nil, a boolean, a number, a time, or just its text.

Source: docs/compat/go-templates.md 20.2, 20.3.
"""

import math
import re
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.time.layout_reading import parse_time
from keyfleet.transform.gotemplate.formats.time.times import GoTime
from keyfleet.transform.gotemplate.formats.yaml.dialect import Dialect
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import Uint64


def _cased(*words: str) -> tuple[str, ...]:
    return tuple(form for word in words for form in (word, word.capitalize(), word.upper()))


_CONSTANTS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", *_cased("null"))),
    **dict.fromkeys(_cased("true"), True),
    **dict.fromkeys(_cased("false"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((f"{s}.{w}" for s in ("", "+") for w in ("inf", "Inf", "INF")), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_OLD_BOOLEANS: Final[dict[str, bool]] = {
    **dict.fromkeys(("y", "Y", *_cased("yes", "on")), True),
    **dict.fromkeys(("n", "N", *_cased("no", "off")), False),
}
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASE_60: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_NUMBER_STARTS: Final = frozenset("+-.0123456789")
_LONGEST: Final = 512
"""Characters of a number; what is longer is text here."""
_BASES: Final = {
    "0x": (16, frozenset("0123456789abcdefABCDEF")),
    "0o": (8, frozenset("01234567")),
    "0b": (2, frozenset("01")),
}
_TIME_LAYOUTS: Final = (
    "2006-1-2T15:4:5.999999999Z07:00",
    "2006-1-2t15:4:5.999999999Z07:00",
    "2006-1-2 15:4:5.999999999",
    "2006-1-2",
)


def resolved(run: Run, text: str, dialect: Dialect) -> Any:
    """Return the value of a plain scalar; the text itself where it means nothing else."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if dialect.has_old_booleans and text in _OLD_BOOLEANS:
        return _OLD_BOOLEANS[text]
    if text[0] not in _NUMBER_STARTS or len(text) > _LONGEST or not text.isascii():
        return text
    if text[0] == ".":
        return _float(text)
    return _time(run, text) or _number(text)


def is_plain(run: Run, text: str, dialect: Dialect) -> bool:
    """Return whether the text is read back as this text without quotes."""
    return (
        type(resolved(run, text, dialect)) is str
        and text not in _OLD_BOOLEANS
        and not (text[0] in _NUMBER_STARTS and len(text) <= _LONGEST and _BASE_60.fullmatch(text))
    )


def _number(text: str) -> int | float | str:
    digits = text.replace("_", "")
    for number in (_integer(digits), _float(digits)):
        if isinstance(number, int | float):
            return number
    return text


def _integer(text: str) -> int | None:
    """Return what Go's ParseInt and ParseUint read with base 0, None for anything else."""
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    base, allowed = _BASES.get(digits[:2].lower(), (10, frozenset("0123456789")))
    if base != 10:
        digits = digits[2:]
    elif len(digits) > 1 and digits[0] == "0":
        base, allowed, digits = 8, frozenset("01234567"), digits[1:]
    if not digits or not allowed.issuperset(digits):
        return None
    number = int(digits, base)
    if sign == "-":
        return -number if number <= 2**63 else None
    if number < 2**63:
        return number
    return Uint64(number) if number < 2**64 and not sign else None


def _float(text: str) -> float | str:
    if not _FLOAT.fullmatch(text):
        return text
    number = float(text)
    return text if math.isinf(number) else number


def _time(run: Run, text: str) -> GoTime | None:
    if text[4:5] != "-" or not text[:4].isdecimal() or len(text) > 64:
        return None
    for layout in _TIME_LAYOUTS:
        try:
            return parse_time(run, layout, text)
        except BudgetError:
            raise
        except GoError:
            continue
    return None
