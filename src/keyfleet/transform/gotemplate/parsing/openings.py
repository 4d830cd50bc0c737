# SPDX-License-Identifier: Apache-2.0
"""What the parser has begun and not yet ended: control structures and definitions.

Source: docs/compat/go-templates.md 6.
"""

from collections.abc import Mapping
from typing import Final

from keyfleet.transform.gotemplate.parsing import nodes
from keyfleet.transform.gotemplate.parsing.lexer import Token
from keyfleet.transform.gotemplate.parsing.scope import Scope

CONTROLS: Final[Mapping[str, type[nodes.If | nodes.With | nodes.Range]]] = {
    "if": nodes.If,
    "with": nodes.With,
    "range": nodes.Range,
}


class Opening:
    """A structure whose `{{end}}` is still to come; the whole template is one as well."""

    __slots__ = (
        "_first", "body", "is_chained", "items", "kind", "line", "mark", "name", "outer",
        "pipeline",
    )  # fmt: skip

    def __init__(self, kind: str, first: Token) -> None:
        """Begin.

        Args:
            kind: The keyword; empty for the whole template.
            first: The first token after what begins it.
        """
        self.kind = kind
        self.items: list[nodes.Item] = []
        """What was taken since the beginning or the `{{else}}`."""
        self.body: nodes.List | None = None
        """All before the `{{else}}`, once that was there."""
        self.pipeline = nodes.Pipeline(first.line, first.column, (), False, ())
        """Of a control structure."""
        self.mark = 0
        """The variables before it, as `Scope` counts them."""
        self.is_chained = False
        """It came with `{{else if}}` or `{{else with}}`, and shares its `{{end}}`."""
        self.name = ""
        """Of a definition."""
        self.outer = (Scope(), 0)
        """The variables and the number of loops around a definition."""
        self.line = 0
        """Where messages about a block are; 0 for where the parser is."""
        self._first = first

    def begin_else(self, first: Token) -> None:
        """Go on with what follows `{{else}}`."""
        self.body = self.rest()
        self.items = []
        self._first = first

    def rest(self) -> nodes.List:
        """Return what was taken since the beginning or the `{{else}}`."""
        return nodes.List(self._first.line, self._first.column, tuple(self.items))

    def control(self) -> nodes.If | nodes.With | nodes.Range:
        """Return a control structure that is whole."""
        parts = (self.rest(), None) if self.body is None else (self.body, self.rest())
        pipeline = self.pipeline
        return CONTROLS[self.kind](pipeline.line, pipeline.column, pipeline, *parts)
