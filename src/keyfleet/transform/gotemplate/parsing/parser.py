# SPDX-License-Identifier: Apache-2.0
"""Parses a template: text, actions, control structures and the definitions among them.

Source: docs/compat/go-templates.md 6.
"""

from collections.abc import Callable, Container, Mapping
from typing import Final

from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.formats.letters import SPACE
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.parsing import lexer, nodes
from keyfleet.transform.gotemplate.parsing.cursor import Cursor
from keyfleet.transform.gotemplate.parsing.lexer import Token, tokens_of
from keyfleet.transform.gotemplate.parsing.openings import CONTROLS, Opening
from keyfleet.transform.gotemplate.parsing.pipelines import Pipelines
from keyfleet.transform.gotemplate.parsing.scope import Scope
from keyfleet.transform.gotemplate.values import length

MAX_SOURCE_BYTES: Final = 1 << 20


def parse(
    source: str, *, name: str, left: str = "{{", right: str = "}}", functions: Container[str] = ()
) -> nodes.Template:
    """Return the tree of a template.

    Args:
        source: The template.
        name: Its name, for messages.
        left: What begins an action; empty means the default.
        right: What ends it.
        functions: The names that it may call.

    Raises:
        TemplateError: As Go words it, with `stage` "parse".
    """
    _check_source(source, name)
    tokens = tokens_of(source, left=left or "{{", right=right or "}}", functions=functions)
    cursor = Cursor(tokens, name)
    parser = _Parser(cursor, functions)
    try:
        parser.template(name)
    except RecursionError:
        # Parentheses are parsed by recursion; a caller may have left little room for it.
        raise cursor.error("max expression depth exceeded") from None
    return nodes.Template(name, parser.definitions, source)


def _check_source(source: str, name: str) -> None:
    try:
        is_long = length(source) > MAX_SOURCE_BYTES
        complaint = f"the template has more than {MAX_SOURCE_BYTES} bytes" if is_long else ""
    except UnicodeEncodeError:
        complaint = "the template is no text: it holds half of a surrogate pair"
    if complaint:
        text = f"template: {name}:1: {complaint}"
        raise TemplateError(text, stage="parse", line=1, name=name) from None


class _Parser:
    """Keeps a stack of what is open, rather than calling itself: Python's own stack is short."""

    def __init__(self, cursor: Cursor, functions: Container[str]) -> None:
        self.definitions: dict[str, nodes.List] = {}
        self._cursor = cursor
        self._pipelines = Pipelines(cursor, functions)
        self._loops = 0
        """Bodies of `range` around the place, in the same definition."""
        self._open: list[Opening] = []

    def template(self, name: str) -> None:
        """Take everything, and enter it under the template's name."""
        main = Opening("", self._cursor.peek())
        self._open.append(main)
        while (token := self._cursor.take()).kind != lexer.END_OF_SOURCE:
            self._item(token)
        if self._open[-1] is not main:
            raise self._cursor.error("unexpected EOF")
        self._define(name, main.rest())

    def _item(self, token: Token) -> None:
        """Take a text or an action, or the beginning or end of a structure."""
        cursor = self._cursor
        if token.kind == lexer.TEXT:
            self._add(nodes.Text(token.line, token.column, token.text))
            return
        if token.kind != lexer.LEFT:
            raise cursor.refusal(token, "input")
        keyword = cursor.peek()
        if keyword.kind == "define" and len(self._open) == 1:
            cursor.take()
            self._definition()
            return
        cursor.action_line = token.line
        self._action(keyword)
        # As in Go, whose parser comes back from a structure only at its end.
        if keyword.kind not in CONTROLS:
            cursor.action_line = 0

    def _action(self, token: Token) -> None:
        actions: Mapping[str, Callable[[Token], None]] = {
            **dict.fromkeys(CONTROLS, self._control),
            "else": self._else,
            "end": self._end,
            "break": self._jump,
            "continue": self._jump,
            "template": self._call,
            "block": self._block,
        }
        action = actions.get(token.kind)
        if action is None:
            pipeline = self._pipelines.pipeline("command")
            self._add(nodes.Action(token.line, token.column, pipeline))
            return
        self._cursor.take()
        action(token)

    def _add(self, item: nodes.Item) -> None:
        self._open[-1].items.append(item)

    def _jump(self, token: Token) -> None:
        shown = f"{{{{{token.kind}}}}}"
        self._cursor.expect(lexer.RIGHT, shown)
        if not self._loops:
            raise self._cursor.error(f"{shown} outside {{{{range}}}}")
        kind = nodes.Break if token.kind == "break" else nodes.Continue
        self._add(kind(token.line, token.column))

    def _call(self, _: Token) -> None:
        context = "template clause"
        token, name = self._name(context)
        pipeline = None
        if self._cursor.peek().kind == lexer.RIGHT:
            self._cursor.take()
        else:
            pipeline = self._pipelines.pipeline(context)
        self._add(nodes.TemplateCall(token.line, token.column, name, quoted(name), pipeline))

    def _control(self, keyword: Token, *, is_chained: bool = False) -> None:
        self._enter()
        mark = self._pipelines.scope.mark()
        pipeline = self._pipelines.pipeline(keyword.kind)
        self._loops += keyword.kind == "range"
        opening = Opening(keyword.kind, self._cursor.peek())
        opening.pipeline, opening.mark, opening.is_chained = pipeline, mark, is_chained
        self._open.append(opening)

    def _else(self, _: Token) -> None:
        cursor, opening = self._cursor, self._open[-1]
        follower = cursor.peek()
        if follower.kind not in ("if", "with"):
            cursor.expect(lexer.RIGHT, "else")
        if opening.kind not in CONTROLS:
            raise self._misplaced("{{else}}", opening)
        if opening.body is not None:
            raise cursor.error("expected end; found {{else}}")
        self._loops -= opening.kind == "range"
        opening.begin_else(follower)
        if follower.kind == opening.kind:
            cursor.take()
            cursor.action_line = 0
            self._control(follower, is_chained=True)

    def _end(self, _: Token) -> None:
        self._cursor.expect(lexer.RIGHT, "end")
        opening = self._open[-1]
        if not opening.kind:
            raise self._misplaced("{{end}}", opening)
        while self._close(self._open.pop()):
            pass

    def _close(self, opening: Opening) -> bool:
        """End a structure; tell whether that ends the one around it too."""
        self._pipelines.depth -= 1
        if opening.kind in CONTROLS:
            self._pipelines.scope.forget(opening.mark)
            self._loops -= opening.kind == "range" and opening.body is None
            self._add(opening.control())
            return opening.is_chained
        self._pipelines.scope, self._loops = opening.outer
        self._define(opening.name, opening.rest())
        return False

    def _misplaced(self, shown: str, opening: Opening) -> TemplateError:
        context = f" in {opening.kind} clause" if opening.kind else ""
        return self._cursor.error(f"unexpected {shown}{context}", line=opening.line)

    def _definition(self) -> None:
        context = "define clause"
        _, name = self._name(context)
        self._cursor.expect(lexer.RIGHT, context)
        self._begin("define", name)

    def _block(self, _: Token) -> None:
        """Begin a definition that is called where it stands."""
        context = "block clause"
        token, name = self._name(context)
        pipeline = self._pipelines.pipeline(context)
        self._add(nodes.TemplateCall(token.line, token.column, name, quoted(name), pipeline))
        line = self._cursor.line
        self._begin("block", name)
        self._open[-1].line = line

    def _begin(self, kind: str, name: str) -> None:
        """Begin a definition; it knows no variable and no loop of what is around it."""
        self._enter()
        opening = Opening(kind, self._cursor.peek())
        opening.name, opening.outer = name, (self._pipelines.scope, self._loops)
        self._open.append(opening)
        self._pipelines.scope, self._loops = Scope(), 0
        self._cursor.action_line = 0

    def _define(self, name: str, body: nodes.List) -> None:
        """Enter a definition; of two under one name, one must be empty."""
        known = self.definitions.get(name)
        if known is None or _is_empty(known):
            self.definitions[name] = body
        elif not _is_empty(body):
            raise self._cursor.error(f"template: multiple definition of template {quoted(name)}")

    def _name(self, context: str) -> tuple[Token, str]:
        token = self._cursor.expect(lexer.STRING, context)
        return token, self._pipelines.unquoted(token)

    def _enter(self) -> None:
        self._pipelines.enter("control structures nested too deeply")


def _is_empty(body: nodes.List) -> bool:
    return all(isinstance(i, nodes.Text) and not i.text.strip(SPACE) for i in body.nodes)
