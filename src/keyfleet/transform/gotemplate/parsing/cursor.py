# SPDX-License-Identifier: Apache-2.0
"""The parser's place among the tokens, and the errors that it finds there.

Source: docs/compat/go-templates.md 6.
"""

from collections.abc import Sequence
from typing import Final

from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.formats.quoting import escaped
from keyfleet.transform.gotemplate.parsing import lexer
from keyfleet.transform.gotemplate.parsing.lexer import Token
from keyfleet.transform.gotemplate.values import length

_SHOWN: Final = 10
"""Characters of a token that a message shows."""
_LONGEST: Final = 1000
"""Characters of a message; some quote a whole name or number."""


class Cursor:
    """Where the parser is."""

    __slots__ = ("_at", "_name", "_seen", "_tokens", "action_line")

    def __init__(self, tokens: Sequence[Token], name: str) -> None:
        """Begin with the first of the tokens; the last is an error or the end of the source."""
        self._tokens = tokens
        self._name = name
        self._at = 0
        self._seen = 0
        """How far the parser has looked ahead: messages name the line there, as in Go."""
        self.action_line = 0
        """Where the action began that is being parsed; 0 outside of actions."""

    def peek(self, ahead: int = 0) -> Token:
        """Return the next token, or one after it, and stay."""
        index = min(self._at + ahead, len(self._tokens) - 1)
        self._seen = max(self._seen, index)
        return self._tokens[index]

    def next_is_joined(self, kind: str) -> bool:
        """Tell whether the next token is of this kind, with no space before it."""
        token = self._tokens[self._at]
        return token.kind == kind and not token.is_spaced

    def take(self) -> Token:
        """Return the next token and go on; stays at the last one."""
        token = self.peek()
        if self._at < len(self._tokens) - 1:
            self._at += 1
        return token

    def expect(self, kind: str, context: str) -> Token:
        """Take a token of this kind.

        Raises:
            TemplateError: It is of another one.
        """
        token = self.take()
        if token.kind != kind:
            raise self.refusal(token, context)
        return token

    def refusal(self, token: Token, context: str) -> TemplateError:
        """Return why the token has no place in this context, or why there is none."""
        if token.kind != lexer.ERROR:
            return self.error(f"unexpected {_shown(token)} in {context}")
        started = ""
        if self.action_line not in (0, token.line):
            started = f" started at {self._name}:{self.action_line}"
            if not token.text.endswith(" action"):
                started = f" in action{started}"
        return self.error(token.text + started)

    @property
    def line(self) -> int:
        """The line of the furthest token that the parser has looked at."""
        return self._tokens[self._seen].line

    def error(self, message: str, *, line: int = 0) -> TemplateError:
        """Return an error at a line, by default the furthest that the parser has seen."""
        line = line or self.line
        text = f"template: {self._name}:{line}: {message[:_LONGEST]}"
        return TemplateError(text, stage="parse", line=line, name=self._name)


def _shown(token: Token) -> str:
    if token.kind == lexer.END_OF_SOURCE:
        return token.text
    if token.kind in lexer.KEYWORDS or token.kind == lexer.DOT:
        return f"<{token.text}>"
    text = f'"{escaped(token.text[:_SHOWN])}"'
    return f"{text}..." if length(token.text) > _SHOWN else text
