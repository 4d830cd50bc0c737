# SPDX-License-Identifier: Apache-2.0
"""Parses a template: text, actions, control structures and the definitions among them.

Source: docs/compat/go-templates.md 6.
"""

from collections.abc import Callable, Container, Mapping
from typing import Final

from keyfleet.transform.gotemplate import lexer, nodes
from keyfleet.transform.gotemplate.cursor import Cursor
from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.lexer import Token, tokens_of
from keyfleet.transform.gotemplate.pipelines import Pipelines
from keyfleet.transform.gotemplate.scope import Scope
from keyfleet.transform.gotemplate.values import length

MAX_SOURCE_BYTES: Final = 1 << 20

_END: Final = "{{end}}"
_ELSE: Final = "{{else}}"
_CONTROLS: Final[dict[str, type[nodes.If | nodes.With | nodes.Range]]] = {
    "if": nodes.If,
    "with": nodes.With,
    "range": nodes.Range,
}
_SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go takes for white space in Unicode."""


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
    parser = _Parser(Cursor(tokens, name), functions)
    parser.template(name)
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
    def __init__(self, cursor: Cursor, functions: Container[str]) -> None:
        self.definitions: dict[str, nodes.List] = {}
        self._cursor = cursor
        self._pipelines = Pipelines(cursor, functions)
        self._loops = 0
        """Bodies of `range` around the place, in the same definition."""

    def template(self, name: str) -> None:
        """Take everything, and enter it under the template's name."""
        cursor = self._cursor
        first = cursor.peek()
        items: list[nodes.Item] = []
        while (token := cursor.peek()).kind != lexer.END_OF_SOURCE:
            if token.kind == lexer.LEFT and cursor.peek(1).kind == "define":
                self._definition()
                continue
            item = self._item()
            if isinstance(item, str):
                raise cursor.error(f"unexpected {item}")
            items.append(item)
        self._define(name, nodes.List(first.line, first.column, tuple(items)))

    def _definition(self) -> None:
        self._cursor.take()
        self._cursor.take()
        context = "define clause"
        name = self._name(self._cursor.take(), context)
        self._cursor.expect(lexer.RIGHT, context)
        body, closing = self._body()
        if closing != _END:
            raise self._cursor.error(f"unexpected {closing} in {context}")
        self._define(name, body)

    def _define(self, name: str, body: nodes.List) -> None:
        """Enter a definition; of two under one name, one must be empty."""
        known = self.definitions.get(name)
        if known is None or _is_empty(known):
            self.definitions[name] = body
        elif not _is_empty(body):
            raise self._cursor.error(f"template: multiple definition of template {quoted(name)}")

    def _body(self) -> tuple[nodes.List, str]:
        """Take what a definition holds; it knows no variable and no loop of what is around it."""
        pipelines = self._pipelines
        outer = pipelines.scope, self._loops
        pipelines.scope, self._loops = Scope(), 0
        self._cursor.action_line = 0
        found = self._items()
        pipelines.scope, self._loops = outer
        return found

    def _items(self) -> tuple[nodes.List, str]:
        """Take everything up to an `{{end}}` or `{{else}}`, and that too."""
        cursor = self._cursor
        first = cursor.peek()
        items: list[nodes.Item] = []
        while cursor.peek().kind != lexer.END_OF_SOURCE:
            item = self._item()
            if isinstance(item, str):
                return nodes.List(first.line, first.column, tuple(items)), item
            items.append(item)
        raise cursor.error("unexpected EOF")

    def _item(self) -> nodes.Item | str:
        """Take a text or an action; `{{end}}` and `{{else}}` come as their text."""
        cursor = self._cursor
        token = cursor.take()
        if token.kind == lexer.TEXT:
            return nodes.Text(token.line, token.column, token.text)
        if token.kind != lexer.LEFT:
            raise cursor.refusal(token, "input")
        cursor.action_line = token.line
        item = self._action()
        cursor.action_line = 0
        return item

    def _action(self) -> nodes.Item | str:
        token = self._cursor.peek()
        if token.kind not in lexer.KEYWORDS or token.kind in ("define", "nil"):
            pipeline = self._pipelines.pipeline("command")
            return nodes.Action(token.line, token.column, pipeline)
        self._cursor.take()
        if token.kind in _CONTROLS:
            return self._control(token)
        take: Mapping[str, Callable[[Token], nodes.Item | str]] = {
            "break": self._jump,
            "continue": self._jump,
            "template": self._call,
            "block": self._block,
            "else": self._else,
            "end": self._end,
        }
        return take[token.kind](token)

    def _end(self, _: Token) -> str:
        self._cursor.expect(lexer.RIGHT, "end")
        return _END

    def _else(self, _: Token) -> str:
        # What follows `else` is parsed by the control structure that it belongs to.
        if self._cursor.peek().kind not in ("if", "with"):
            self._cursor.expect(lexer.RIGHT, "else")
        return _ELSE

    def _jump(self, token: Token) -> nodes.Break | nodes.Continue:
        shown = f"{{{{{token.kind}}}}}"
        self._cursor.expect(lexer.RIGHT, shown)
        if not self._loops:
            raise self._cursor.error(f"{shown} outside {{{{range}}}}")
        kind = nodes.Break if token.kind == "break" else nodes.Continue
        return kind(token.line, token.column)

    def _control(self, keyword: Token) -> nodes.If | nodes.With | nodes.Range:
        """Take a control structure whose keyword was taken, up to its `{{end}}`."""
        cursor, pipelines = self._cursor, self._pipelines
        pipelines.enter("control structures nested too deeply")
        mark = pipelines.scope.mark()
        kind = keyword.kind
        is_loop = kind == "range"
        pipeline = pipelines.pipeline(kind)
        self._loops += is_loop
        body, closing = self._items()
        self._loops -= is_loop
        otherwise = None
        if closing == _ELSE:
            follower = cursor.peek()
            if follower.kind == kind and not is_loop:
                cursor.take()
                chained = self._control(follower)
                otherwise = nodes.List(follower.line, follower.column, (chained,))
            else:
                otherwise, closing = self._items()
                if closing != _END:
                    raise cursor.error(f"expected end; found {closing}")
        pipelines.scope.forget(mark)
        pipelines.depth -= 1
        return _CONTROLS[kind](pipeline.line, pipeline.column, pipeline, body, otherwise)

    def _call(self, _: Token) -> nodes.TemplateCall:
        context = "template clause"
        token = self._cursor.take()
        name = self._name(token, context)
        pipeline = None
        if self._cursor.peek().kind == lexer.RIGHT:
            self._cursor.take()
        else:
            pipeline = self._pipelines.pipeline(context)
        return nodes.TemplateCall(token.line, token.column, name, quoted(name), pipeline)

    def _block(self, _: Token) -> nodes.TemplateCall:
        """Take a definition that is called where it stands."""
        context = "block clause"
        token = self._cursor.take()
        name = self._name(token, context)
        pipeline = self._pipelines.pipeline(context)
        self._pipelines.enter("control structures nested too deeply")
        line = self._cursor.line
        body, closing = self._body()
        if closing != _END:
            raise self._cursor.error(f"unexpected {closing} in {context}", line=line)
        self._define(name, body)
        self._pipelines.depth -= 1
        return nodes.TemplateCall(token.line, token.column, name, quoted(name), pipeline)

    def _name(self, token: Token, context: str) -> str:
        if token.kind != lexer.STRING:
            raise self._cursor.refusal(token, context)
        return self._pipelines.unquoted(token)


def _is_empty(body: nodes.List) -> bool:
    return all(isinstance(i, nodes.Text) and not i.text.strip(_SPACES) for i in body.nodes)
