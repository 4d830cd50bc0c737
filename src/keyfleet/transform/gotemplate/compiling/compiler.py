# SPDX-License-Identifier: Apache-2.0
"""Turns a parsed template into closures, and executes it.

Source: docs/compat/go-templates.md 7 to 10.
"""

from collections.abc import Mapping
from typing import Any, Final

from keyfleet.transform.gotemplate.compiling.definitions import (
    Definition,
    execute,
    executor,
    find,
    too_deep,
)
from keyfleet.transform.gotemplate.compiling.expressions import Expressions
from keyfleet.transform.gotemplate.compiling.frame import FailureError, Place
from keyfleet.transform.gotemplate.compiling.slots import Slots
from keyfleet.transform.gotemplate.compiling.statements import Statements
from keyfleet.transform.gotemplate.errors import GoError, TemplateError
from keyfleet.transform.gotemplate.fields import MissingKey
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.functions.table import Function
from keyfleet.transform.gotemplate.parsing.nodes import List, Template
from keyfleet.transform.gotemplate.redaction import redacted
from keyfleet.transform.gotemplate.run import Run, Text

_BYTES_PER_STEP: Final = 1000
"""What is compiled from a piece of source that costs a step; measured."""
_LONGEST_CONTEXT: Final = 400
"""Characters of the source that an error repeats, twice where a template's name is its text."""
_LONGEST_MESSAGE: Final = 2000
"""Characters of what a function says: values are looked for in all of them."""


class Compiled:
    """A template that may be rendered many times, by several threads too."""

    def __init__(self, tree: Template, functions: Mapping[str, Function]) -> None:
        """Compile.

        Raises:
            TemplateError: It is nested too deeply.
        """
        self.name = tree.name
        self.source = tree.source
        self._main = Place(tree.name, tree.definitions[tree.name])
        self._definitions: dict[str, Definition] = {}
        self.size_bytes = 4 * len(tree.source)
        """About how much memory it takes."""
        try:
            for name, body in tree.definitions.items():
                self._define(name, body, functions)
        except RecursionError:
            # Only where the caller stands deep already: the parser's bound fits otherwise.
            text = f"template: {tree.name}:1: nested too deeply"
            raise TemplateError(text, stage="parse", line=1, name=tree.name) from None

    def _define(self, name: str, body: List, functions: Mapping[str, Function]) -> None:
        slots = Slots()
        statements = Statements(Expressions(name, functions, slots), self._definitions)
        self._definitions[name] = Definition(statements.body(body), slots.size)
        self.size_bytes += _BYTES_PER_STEP * statements.cost

    def execute(self, root: Any, run: Run, *, missing: MissingKey = "default") -> str:
        """Return the template's text.

        Args:
            root: A Go value, which the template may change.
            run: The budget, not used by any other render.
            missing: What a missing key gives.
        Raises:
            TemplateError: It fails.
        """
        out = Text(run, run.limits.output_bytes)
        run.execute = executor(self._definitions, self.name, run, missing)
        try:
            execute(find(self._definitions, self.name, run), run, out, missing, root)
            return out.whole()
        except FailureError as failure:
            failed = failure
        except GoError as error:
            failed = FailureError(self._main, error)
        except RecursionError:
            failed = FailureError(self._main, too_deep(run))
        raise self._error(failed, root)  # out here, or its context would hold the values

    def _error(self, failure: FailureError, root: Any) -> TemplateError:
        definition, node = failure.place
        shown = _shortened(failure.error.shown(self.source), _LONGEST_MESSAGE)
        message = redacted(shown, root, self.source)
        where = f"{_shortened(self.name)}:{node.line}:{node.column}"
        context = f"executing {_shortened(quoted(definition))} at <{_shortened(str(node))}>"
        return TemplateError(
            f"template: {where}: {context}: {message}",
            stage="exec", line=node.line, column=node.column, name=self.name,
        )  # fmt: skip


def _shortened(text: str, longest: int = _LONGEST_CONTEXT) -> str:
    return text if len(text) <= longest else text[:longest] + "..."
