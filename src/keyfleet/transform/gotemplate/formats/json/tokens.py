# SPDX-License-Identifier: Apache-2.0
"""The pieces of a JSON text, one after another: strings, numbers and literals.

Go reports the first byte that cannot go on, and at the end of the text acts as if a space
followed. Every piece of the text in an error is `Data`.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.quoting import escaped
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import encoded

_SPACES: Final = " \t\r\n"
_DIGITS: Final = "0123456789"
_ESCAPED: Final = dict(zip('"\\/bfnrt', '"\\/\b\f\n\r\t', strict=True))
_INVALID_BYTES: Final = dict.fromkeys(range(0xDC80, 0xDD00), "\ufffd")
_HEXADECIMALS: Final = frozenset("0123456789abcdefABCDEF")


class Tokens:
    """A place in a text; every method takes what it returns."""

    def __init__(self, run: Run, text: str) -> None:
        """Begin at the begin."""
        self._run = run
        self._text = text
        self._at = 0

    def literal(self, word: str, value: Any) -> Any:
        """Take a word that stands for a value."""
        for index, character in enumerate(word):
            if self.peek() != character:
                raise self.unexpected(
                    f"in literal {word} (expecting '{character}')", is_in_token=index > 0
                )
            self._at += 1
        return value

    def number(self) -> str:
        """Take a number."""
        start = self._at
        self.takes("-")
        if not self.takes("0"):
            self._digits("in numeric literal")
        if self.takes("."):
            self._digits("after decimal point in numeric literal")
        if self.takes("eE"):
            self.takes("+-")
            self._digits("in exponent of numeric literal")
        return self._text[start : self._at]

    def _digits(self, where: str) -> None:
        start = self._at
        while self.takes(_DIGITS):
            pass
        if self._at == start:
            raise self.unexpected(where, is_in_token=True)

    def string(self) -> str:
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
                    raise self.unexpected("in string literal")
            piece = piece.translate(_INVALID_BYTES)
        self._at = end
        return piece

    def _escape(self) -> str:
        """Take a backslash and what follows; halves of a pair that stand alone become U+FFFD."""
        self._at += 1
        name = self.peek()
        if name in _ESCAPED:
            self._at += 1
            return _ESCAPED[name]
        if name != "u":
            raise self.unexpected("in string escape code", is_in_token=True)
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
            if self.peek() not in _HEXADECIMALS:
                raise self.unexpected("in \\u hexadecimal character escape", is_in_token=True)
            self._at += 1
        return int(self._text[start : self._at], 16)

    def skip_spaces(self) -> None:
        """Take white space."""
        text, at = self._text, self._at
        while at < len(text) and text[at] in _SPACES:
            at += 1
        self._at = at

    def peek(self) -> str:
        """Return the next character, nothing at the end; takes none."""
        return self._text[self._at : self._at + 1]

    def takes(self, characters: str) -> bool:
        """Take one of these characters if it is next."""
        if self._at < len(self._text) and self._text[self._at] in characters:
            self._at += 1
            return True
        return False

    def unexpected(self, where: str, *, is_in_token: bool = False) -> GoError:
        """Return the error for the next character; the end of a text ends its last token too."""
        found = self.peek()
        if not found and not is_in_token:
            return _ended()
        byte = chr(encoded(found or " ")[0])
        shown = byte if byte == '"' else "\\'" if byte == "'" else escaped(byte)
        return GoError("invalid character '", Data(shown), f"' {where}")


def _ended() -> GoError:
    return GoError("unexpected end of JSON input")
