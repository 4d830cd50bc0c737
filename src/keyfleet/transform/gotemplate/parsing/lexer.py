# SPDX-License-Identifier: Apache-2.0
"""Cuts a template's source into tokens.

Source: docs/compat/go-templates.md 4.
"""

from collections.abc import Container
from typing import Final, NamedTuple, NoReturn

from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.parsing.scanning import (
    SPACES,
    end_of_number,
    end_of_quoted,
    end_of_spaces,
    end_of_word,
    is_letter_or_digit,
)
from keyfleet.transform.gotemplate.values import length

MAX_TOKENS: Final = 50_000
"""Of one template: parsing and compiling cost time too, about 10 microseconds for each."""

TEXT: Final = "text"
LEFT: Final = "left delimiter"
RIGHT: Final = "right delimiter"
ERROR: Final = "error"
END_OF_SOURCE: Final = "end of source"
NUMBER: Final = "number"
COMPLEX: Final = "complex"
CHARACTER: Final = "character"
STRING: Final = "string"
BOOL: Final = "bool"
IDENTIFIER: Final = "identifier"
FIELD: Final = "field"
VARIABLE: Final = "variable"
ASSIGN: Final = "="
DECLARE: Final = ":="
PIPE: Final = "|"
OPEN: Final = "("
CLOSE: Final = ")"
OTHER: Final = "other"
"""A character that no rule wants, such as a comma."""

DOT: Final = "."
NIL: Final = "nil"
KEYWORDS: Final = frozenset(
    ("block", "break", "continue", "define", "else", "end", "if", "range", NIL, "template", "with")
)
"""A keyword is its own kind of token; so is the dot."""

_QUOTED: Final = {
    '"': (STRING, "unterminated quoted string"),
    "`": (STRING, "unterminated raw quoted string"),
    "'": (CHARACTER, "unterminated character constant"),
}
_AFTER_WORDS: Final = frozenset(("", *SPACES, *".,|:()"))
_OPERATORS: Final = frozenset((ASSIGN, PIPE, OPEN, CLOSE))
_DIGITS_OR_END: Final = frozenset(("", *"0123456789"))
_MARKER: Final = 2
"""Length of a trim marker: a minus and a space."""
_LEFT_MARKERS: Final = tuple("-" + space for space in SPACES)
_RIGHT_MARKERS: Final = tuple(space + "-" for space in SPACES)


class Token(NamedTuple):
    """A piece of the source."""

    kind: str
    text: str
    """As in the source; of an error its message."""
    line: int
    """From 1."""
    column: int
    """In bytes, from 0."""
    is_spaced: bool
    """White space stands before it, in the same action."""


class _LexError(Exception):
    """What follows is not lexed any more."""


def tokens_of(
    source: str, *, left: str = "{{", right: str = "}}", functions: Container[str] = ()
) -> list[Token]:
    """Return the tokens of a source; the last is its end, or the error that the rest is left for.

    Args:
        source: The template.
        left: What begins an action; not empty.
        right: What ends it; not empty.
        functions: `break` and `continue` are no keywords where there are functions of these names.
    """
    keywords = {word for word in KEYWORDS if word not in ("break", "continue")}
    keywords |= {word for word in ("break", "continue") if word not in functions}
    lexer = _Lexer(source, (left, right), keywords)
    lexer.run()
    return lexer.tokens


class _Lexer:
    def __init__(self, source: str, delimiters: tuple[str, str], keywords: set[str]) -> None:
        self.tokens: list[Token] = []
        self._source = source
        self._left, self._right = delimiters
        self._keywords = keywords
        self._at = 0
        self._is_spaced = False
        self._parens = 0
        self._placed = 0
        """The index whose line and column are known."""
        self._line = 1
        self._column = 0

    def run(self) -> None:
        try:
            while self._text():
                self._action()
        except _LexError:
            return

    def _text(self) -> bool:
        """Take the text up to the next action; tell whether there is one."""
        source, start = self._source, self._at
        found = source.find(self._left, start)
        end = len(source) if found < 0 else found
        text = source[start:end]
        if found >= 0 and self._trims_at(found + len(self._left)):
            text = text.rstrip(SPACES)
        if text:
            self._add(TEXT, start, text)
        self._at = end
        if found < 0:
            self._add(END_OF_SOURCE, end, "EOF")
        return found >= 0

    def _action(self) -> None:
        start = self._at
        self._at += len(self._left)
        if self._trims_at(self._at):
            self._at += _MARKER
        if self._source.startswith("/*", self._at):
            self._comment()
            return
        self._add(LEFT, start, self._left)
        self._parens = 0
        while self._token():
            pass

    def _comment(self) -> None:
        end = self._source.find("*/", self._at + 2) + 2
        if end < 2:
            self._fail("unclosed comment")
        marker = self._right_at(end)
        if marker is None:
            self._fail("comment ends before closing delimiter")
        self._leave(end, marker)

    def _token(self) -> bool:
        """Take a token of an action; tell whether the action goes on after it."""
        marker = self._right_at(self._at)
        if marker is not None:
            self._end(marker)
            return False
        character = self._source[self._at : self._at + 1]
        if not character:
            self._fail("unclosed action")
        if character in SPACES:
            self._spaces()
        elif character in _QUOTED:
            self._quoted(character)
        elif character == "$":
            self._dotted(VARIABLE, VARIABLE)
        elif character == "." and not self._has_digit_at(self._at + 1):
            self._dotted(FIELD, DOT)
        elif character in "+-.0123456789":
            self._number()
        elif is_letter_or_digit(character):
            self._word()
        else:
            self._operator(character)
        return True

    def _spaces(self) -> None:
        """Skip white space, but not the one that belongs to a trim marker."""
        self._at = end_of_spaces(self._source, self._at)
        self._is_spaced = True
        if self._right_at(self._at - 1) == _MARKER:
            self._at -= 1

    def _end(self, marker: int) -> None:
        if self._parens:
            self._fail("unclosed left paren")
        self._add(RIGHT, self._at + marker, self._right)
        self._leave(self._at, marker)

    def _leave(self, at: int, marker: int) -> None:
        """Go on behind the action, and behind the white space that its end trims."""
        self._at = at + marker + len(self._right)
        if marker:
            self._at = end_of_spaces(self._source, self._at)
        self._is_spaced = False

    def _quoted(self, quote: str) -> None:
        kind, complaint = _QUOTED[quote]
        end = end_of_quoted(self._source, self._at)
        if end is None:
            self._fail(complaint)
        self._take(kind, end)

    def _dotted(self, kind: str, kind_alone: str) -> None:
        end = self._at + 1
        if self._ends_word(end):
            self._take(kind_alone, end)
            return
        end = end_of_word(self._source, end)
        self._check_end_of_word(end)
        self._take(kind, end)

    def _number(self) -> None:
        start, (end, is_whole) = self._at, end_of_number(self._source, self._at)
        kind = NUMBER
        if is_whole and self._source[end : end + 1] in ("+", "-"):
            kind = COMPLEX
            end, is_whole = end_of_number(self._source, end)
            is_whole = is_whole and self._source[end - 1] == "i"
        if not is_whole:
            self._fail(f"bad number syntax: {quoted(self._source[start:end])}")
        self._take(kind, end)

    def _word(self) -> None:
        end = end_of_word(self._source, self._at)
        self._check_end_of_word(end)
        word = self._source[self._at : end]
        if word in self._keywords:
            self._take(word, end)
        else:
            self._take(BOOL if word in ("true", "false") else IDENTIFIER, end)

    def _operator(self, character: str) -> None:
        if character == ":":
            if not self._source.startswith(DECLARE, self._at):
                self._fail("expected :=")
            self._take(DECLARE, self._at + 2)
            return
        if not " " <= character <= "~":
            self._fail(f"unrecognized character in action: {_described(character)}")
        self._parens += {OPEN: 1, CLOSE: -1}.get(character, 0)
        if self._parens < 0:
            self._fail("unexpected right paren")
        self._take(character if character in _OPERATORS else OTHER, self._at + 1)

    def _check_end_of_word(self, end: int) -> None:
        if not self._ends_word(end):
            self._fail(f"bad character {_described(self._source[end])}")

    def _ends_word(self, at: int) -> bool:
        character = self._source[at : at + 1]
        return character in _AFTER_WORDS or self._source.startswith(self._right, at)

    def _has_digit_at(self, at: int) -> bool:
        # As in Go, a dot at the very end of the source is taken for a number.
        return self._source[at : at + 1] in _DIGITS_OR_END

    def _trims_at(self, at: int) -> bool:
        """Tell whether a left trim marker stands there."""
        return self._source.startswith(_LEFT_MARKERS, at)

    def _right_at(self, at: int) -> int | None:
        """Return the length of the trim marker at the right delimiter there; None without one."""
        source = self._source
        if source.startswith(_RIGHT_MARKERS, at) and source.startswith(self._right, at + _MARKER):
            return _MARKER
        return 0 if source.startswith(self._right, at) else None

    def _take(self, kind: str, end: int) -> None:
        self._add(kind, self._at, self._source[self._at : end])
        self._at = end
        self._is_spaced = False

    def _fail(self, message: str) -> NoReturn:
        self._add(ERROR, self._at, message)
        raise _LexError

    def _add(self, kind: str, start: int, text: str) -> None:
        self._place(start)
        if len(self.tokens) >= MAX_TOKENS:
            kind, text = ERROR, f"the template has more than {MAX_TOKENS} tokens"
        self.tokens.append(Token(kind, text, self._line, self._column, self._is_spaced))
        if len(self.tokens) > MAX_TOKENS:
            raise _LexError

    def _place(self, index: int) -> None:
        """Count lines and columns on to an index."""
        passed = self._source[self._placed : index]
        self._placed = index
        lines = passed.count("\n")
        if lines:
            self._line += lines
            self._column = 0
            passed = passed[passed.rindex("\n") + 1 :]
        self._column += length(passed)


def _described(character: str) -> str:
    """Return a character as Go's `%#U` prints it."""
    if "\ud800" <= character <= "\udfff":
        character = "\ufffd"  # What Go reads in place of a byte that is no UTF-8.
    code = f"U+{ord(character):04X}"
    return f"{code} '{character}'" if character.isprintable() else code
