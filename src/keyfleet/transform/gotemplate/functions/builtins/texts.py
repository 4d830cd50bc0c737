# SPDX-License-Identifier: Apache-2.0
"""Printing, and escaping for HTML, JavaScript and queries."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote_from_bytes

from keyfleet.transform.gotemplate.formatting import sprintf
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.printing import NO_VALUE, sprint, sprintln
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import encoded, length

TEXTS = Table()


class _JavaScript(dict[int, str]):
    """What stands for a code point in a JavaScript string, as `str.translate` asks."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isprintable() or code == 0x7F or 0xDC80 <= code <= 0xDCFF:
            return character
        return f"\\u{code:04X}"


_HTML: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\0": "\ufffd"}
)
_JS: Final = _JavaScript(
    {ord("\\"): "\\\\", ord("'"): "\\'", ord('"'): '\\"'}
    | {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&="}
)


@TEXTS.function("print", variadic=ANY, run=True)
def print_(run: Run, *arguments: Any) -> str:
    """Return the arguments' text; a space stands between two that are no strings."""
    return sprint(run, arguments)


@TEXTS.function("println", variadic=ANY, run=True)
def println(run: Run, *arguments: Any) -> str:
    """Return the arguments' text with spaces between them and a newline."""
    return sprintln(run, arguments)


@TEXTS.function("printf", params=(STRING,), variadic=ANY, run=True)
def printf(run: Run, form: str, *arguments: Any) -> str:
    """Return the arguments in that format."""
    return sprintf(run, form, list(arguments))


@TEXTS.function("html", variadic=ANY, run=True)
def html(run: Run, *arguments: Any) -> str:
    """Return the arguments' text escaped for HTML."""
    return _escaped(run, arguments, lambda text: text.translate(_HTML), 5)


@TEXTS.function("js", variadic=ANY, run=True)
def js(run: Run, *arguments: Any) -> str:
    """Return the arguments' text escaped for JavaScript."""
    return _escaped(run, arguments, _javascript, 6)


def _javascript(text: str) -> str:
    # Each character that occurs is looked at once, however often it does.
    return text.translate({code: _JS[code] for code in map(ord, set(text))})


@TEXTS.function("urlquery", variadic=ANY, run=True)
def urlquery(run: Run, *arguments: Any) -> str:
    """Return the arguments' text escaped for the query of a URL."""
    return _escaped(run, arguments, _query, 3)


def _escaped(
    run: Run, arguments: tuple[Any, ...], escape: Callable[[str], str], growth: int
) -> str:
    text = sprint(run, [NO_VALUE if value is None else value for value in arguments])
    run.walk(len(text))
    run.will_make(growth * length(text))
    return escape(text)


def _query(text: str) -> str:
    return quote_from_bytes(encoded(text), safe=" ").replace(" ", "+")
