# SPDX-License-Identifier: Apache-2.0
"""Lines of YAML: where the writer stands, and scalars in each style, folded where they are long.

Source: docs/compat/go-templates.md 20.2.
"""

import re
from typing import Final

from keyfleet.transform.gotemplate.formats.yaml.dialect import Dialect
from keyfleet.transform.gotemplate.formats.yaml.styles import BREAKS, Style
from keyfleet.transform.gotemplate.run import Run, Text

_ESCAPES: Final = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r",
    "\x1b": "e", '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
_ESCAPED: Final = re.compile(
    r"[^\x20\x21\x23-\x5b\x5d-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
)
_LINE: Final = re.compile(f"([^{BREAKS}]*)([{BREAKS}]|\\Z)")


class Writer:
    """Writes YAML and knows the column."""

    def __init__(self, run: Run, dialect: Dialect) -> None:
        """Begin an empty text."""
        self.text = Text(run)
        self.indent = 0
        self._run = run
        self._dialect = dialect
        self._column = 0
        self._is_line_begun = False
        """By more than indentation and the marks of list items."""
        self._is_after_space = True

    def begin_line(self) -> None:
        """Go to the indentation, on a new line unless only indentation is on this one."""
        is_at = self._column == self.indent
        if (
            self._is_line_begun
            or self._column > self.indent
            or (is_at and not self._is_after_space)
        ):
            self._write("\n")
            self._column = 0
        self._write(" " * (self.indent - self._column))
        self._is_after_space = True
        self._is_line_begun = False

    def mark(self, mark: str, *, glued: bool = False, is_indentation: bool = False) -> None:
        """Write an indicator, after a space unless it is glued to what stands before it."""
        if not glued and not self._is_after_space:
            self._write(" ")
        self._write(mark)
        self._is_after_space = False
        self._is_line_begun = self._is_line_begun or not is_indentation

    @property
    def is_line_begun(self) -> bool:
        """Whether the line holds more than indentation and the marks of list items."""
        return self._is_line_begun

    def scalar(self, text: str, style: Style, *, is_key: bool = False) -> None:
        """Write a scalar; the lines that it goes on to stand at the indentation."""
        width = 0 if is_key else self._dialect.line_width
        self._run.walk(len(text))
        match style:
            case Style.PLAIN:
                self.mark("")
                self._fold(text, width)
            case Style.SINGLE:
                self.mark("'")
                self._single(text.replace("'", "''"), width)
                self.mark("'", glued=True)
            case Style.DOUBLE:
                self.mark('"')
                self._fold(escaped(text), width, continues=True)
                self.mark('"', glued=True)
            case Style.LITERAL:
                self._literal(text)

    def _fold(self, text: str, width: int, *, continues: bool = False) -> None:
        """Write text and go to a new line at the first space after the width.

        Args:
            text: Without line breaks.
            width: 0 for never.
            continues: Where two spaces follow each other the second may begin a line, escaped.
        """
        words = text.split(" ") if width else [text]
        self._write(words[0])
        last = len(words) - 1
        for index, word in enumerate(words[1:], start=1):
            is_before_space = not word and index < last
            is_at_edge = (index == 1 and not words[0]) or (index == last and not word)
            is_after_space = index > 1 and not words[index - 1]
            if (
                self._column <= width or is_at_edge or is_after_space
                or (is_before_space and not continues)
            ):  # fmt: skip
                self._write(" " + word)
            else:
                self.begin_line()
                self._write("\\" if is_before_space else "")
                self._write(word)
            self._is_line_begun = True

    def _single(self, text: str, width: int) -> None:
        for content, line_break in _LINE.findall(text):
            if content:
                if not self._is_line_begun:
                    self.begin_line()
                self._is_line_begun = True
                self._fold(content, width)
            self._break(line_break)

    def _literal(self, text: str) -> None:
        self.mark("|")
        self._write(str(self._dialect.indent) if text[0] in " " + BREAKS else "")
        if text[-1] not in BREAKS:
            self._write("-")
        elif len(text) == 1 or text[-2] in BREAKS:
            self._write("+")
        self._break("\n")
        for content, line_break in _LINE.findall(text):
            if content:
                self.begin_line()
                self._write(content)
                self._is_line_begun = True
            self._break(line_break)
        self._is_after_space = True

    def _break(self, line_break: str) -> None:
        if line_break:
            self._write(line_break)
            self._column = 0
            self._is_line_begun = False

    def _write(self, text: str) -> None:
        self.text.add(text)
        self._column += len(text)


def escaped(text: str) -> str:
    """Return what stands between double quotes."""
    if text.startswith("\ufeff"):  # then Go escapes all of it
        return "".join(map(_escape, text))
    return _ESCAPED.sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    short = _ESCAPES.get(character)
    if short:
        return "\\" + short
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
