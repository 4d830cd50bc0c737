# SPDX-License-Identifier: Apache-2.0
"""Parses what stands in an action: pipelines, commands, operands.

Source: docs/compat/go-templates.md 6.
"""

from collections.abc import Callable, Container, Mapping
from typing import Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.parsing import constants, lexer, nodes
from keyfleet.transform.gotemplate.parsing.cursor import Cursor
from keyfleet.transform.gotemplate.parsing.lexer import Token
from keyfleet.transform.gotemplate.parsing.scope import Scope

MAX_DEPTH: Final = 100
"""Of parentheses and control structures together; what is compiled from more would not fit into
Python's own limit."""

_NUMBERS: Final = {
    lexer.NUMBER: constants.number,
    lexer.COMPLEX: constants.complex_number,
    lexer.CHARACTER: constants.character,
}
_SIMPLE: Final[Mapping[str, Callable[[Token], nodes.Operand]]] = {
    lexer.FIELD: lambda token: nodes.Field(token.line, token.column, (token.text[1:],)),
    lexer.DOT: lambda token: nodes.Dot(token.line, token.column),
    lexer.NIL: lambda token: nodes.Nil(token.line, token.column),
    lexer.BOOL: lambda token: nodes.Bool(token.line, token.column, token.text == "true"),
}
_OPERANDS: Final = frozenset(
    (*_NUMBERS, *_SIMPLE, lexer.STRING, lexer.IDENTIFIER, lexer.VARIABLE, lexer.OPEN)
)
_VALUES: Final = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)
"""What cannot be called, nor asked for a field without a look at what it is."""


class Pipelines:
    """Parses pipelines."""

    __slots__ = ("_cursor", "_functions", "depth", "scope")

    def __init__(self, cursor: Cursor, functions: Container[str]) -> None:
        """Begin.

        Args:
            cursor: Where the tokens are taken from.
            functions: The names that may be called.
        """
        self._cursor = cursor
        self._functions = functions
        self.scope = Scope()
        self.depth = 0
        """Of parentheses and control structures, now."""

    def pipeline(self, context: str, end: str = lexer.RIGHT) -> nodes.Pipeline:
        """Take a pipeline and the token that ends it.

        Args:
            context: What it stands in, for messages.
            end: The kind of token that ends it.
        """
        cursor = self._cursor
        first = cursor.peek()
        declarations, is_assignment = self._declarations(context)
        commands: list[nodes.Command] = []
        while (token := cursor.peek()).kind in _OPERANDS:
            commands.append(self._command())
        cursor.take()
        if token.kind != end:
            raise cursor.refusal(token, context)
        self._check(commands, context)
        return nodes.Pipeline(
            first.line, first.column, declarations, is_assignment, tuple(commands)
        )

    def _declarations(self, context: str) -> tuple[tuple[nodes.Variable, ...], bool]:
        """Take `$x :=`, `$x =` and what `range` has of them."""
        cursor = self._cursor
        declared: list[nodes.Variable] = []
        while cursor.peek().kind == lexer.VARIABLE:
            sign = cursor.peek(1)
            is_list = sign.text == ","
            if sign.kind not in (lexer.ASSIGN, lexer.DECLARE) and not is_list:
                break
            name = cursor.take()
            cursor.take()
            declared.append(nodes.Variable(name.line, name.column, name.text))
            self.scope.declare(name.text)
            if not is_list:
                return tuple(declared), sign.kind == lexer.ASSIGN
            self._check_list(context, len(declared))
        return tuple(declared), False

    def _check_list(self, context: str, count: int) -> None:
        if context != "range" or count > 1:
            raise self._cursor.error(f"too many declarations in {context}")
        if self._cursor.peek().kind not in (lexer.VARIABLE, lexer.RIGHT, lexer.CLOSE):
            raise self._cursor.error("range can only initialize variables")

    def _check(self, commands: list[nodes.Command], context: str) -> None:
        if not commands:
            raise self._cursor.error(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.operands[0], _VALUES):
                raise self._cursor.error(f"non executable command in pipeline stage {stage}")

    def _command(self) -> nodes.Command:
        """Take operands, up to the end of the pipeline or behind the `|` that ends the command."""
        cursor = self._cursor
        operands: list[nodes.Operand] = []
        first = token = cursor.peek()
        while token.kind in _OPERANDS and (token.is_spaced or token is first):
            operands.append(self._operand())
            token = cursor.peek()
        if token.kind == lexer.PIPE:
            cursor.take()
        elif token.kind not in (lexer.RIGHT, lexer.CLOSE):
            raise cursor.refusal(token, "operand")
        return nodes.Command(first.line, first.column, tuple(operands))

    def _operand(self) -> nodes.Operand:
        """Take a term and the fields that are joined to it."""
        cursor = self._cursor
        token = cursor.take()
        if token.kind == lexer.OPEN:
            self.enter("max expression depth exceeded")
            term: nodes.Operand = self.pipeline("parenthesized pipeline", lexer.CLOSE)
            self.depth -= 1
        else:
            term = self._term(token)
        if not cursor.next_is_joined(lexer.FIELD):
            return term
        first = cursor.peek()
        names: list[str] = []
        while cursor.next_is_joined(lexer.FIELD):
            names.append(cursor.take().text[1:])
        return self._chain(term, first, tuple(names))

    def enter(self, complaint: str) -> None:
        """Go one level deeper."""
        if self.depth >= MAX_DEPTH:
            raise self._cursor.error(complaint)
        self.depth += 1

    def _chain(self, term: nodes.Operand, first: Token, names: tuple[str, ...]) -> nodes.Operand:
        """Join fields to the term before them; the place is that of the first of them, as in Go."""
        place = (first.line, first.column)
        if isinstance(term, nodes.Field):
            return nodes.Field(*place, term.names + names)
        if isinstance(term, nodes.Variable):
            return nodes.Variable(*place, term.name, names)
        if isinstance(term, nodes.Pipeline | nodes.Identifier):
            return nodes.Chain(*place, term, names)
        raise self._cursor.error(f"unexpected . after term {quoted(str(term))}")

    def _term(self, token: Token) -> nodes.Operand:
        if token.kind in _SIMPLE:
            return _SIMPLE[token.kind](token)
        if token.kind == lexer.STRING:
            return nodes.String(token.line, token.column, token.text, self.unquoted(token))
        if token.kind == lexer.IDENTIFIER:
            if token.text not in self._functions:
                raise self._cursor.error(f"function {quoted(token.text)} not defined")
            return nodes.Identifier(token.line, token.column, token.text)
        if token.kind == lexer.VARIABLE:
            if token.text not in self.scope:
                raise self._cursor.error(f"undefined variable {quoted(token.text)}")
            return nodes.Variable(token.line, token.column, token.text)
        return self._number(token)

    def _number(self, token: Token) -> nodes.Number:
        try:
            readings = _NUMBERS[token.kind](token.text)
        except GoError as error:
            raise self._cursor.error(error.go_text()) from None
        return nodes.Number(token.line, token.column, token.text, *readings)

    def unquoted(self, token: Token) -> str:
        """Return the text of a string constant.

        Raises:
            TemplateError: It has an escape that there is none of.
        """
        try:
            return constants.unquoted(token.text)
        except GoError as error:
            raise self._cursor.error(error.go_text()) from None
