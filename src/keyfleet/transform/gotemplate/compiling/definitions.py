# SPDX-License-Identifier: Apache-2.0
"""Templates that call one another, within bounds.

Source: docs/compat/go-templates.md 10.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from keyfleet.transform.gotemplate.compiling.frame import Evaluate, FailureError, Frame, Place
from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.fields import MissingKey
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.parsing.nodes import TemplateCall
from keyfleet.transform.gotemplate.run import Run, Text

_MANY: Final = 20
"""Templates at work from which on it is their number that is too large."""


class Definition(NamedTuple):
    """A compiled template."""

    body: Callable[[Frame], int]
    size: int
    """How many slots a frame of it needs."""


Definitions = Mapping[str, Definition]


def find(definitions: Definitions, name: str, run: Run) -> Definition:
    """Return a template that may be called now.

    Raises:
        GoError: There is none of that name.
        BudgetError: Too many templates that call one another are at work.
    """
    definition = definitions.get(name)
    if definition is None:
        raise GoError("template ", Data(quoted(name)), " not defined")
    if run.depth >= run.limits.templates:
        raise BudgetError(f"exceeded maximum template depth ({run.limits.templates})")
    return definition


def template_call(
    definitions: Definitions, node: TemplateCall, evaluate: Evaluate, place: Place
) -> Callable[[Frame], int]:
    """Return a statement that executes a template.

    Args:
        definitions: All of the source, complete when it is executed.
        node: Names the template.
        evaluate: Gives its dot.
        place: Where it cannot be called.
    """

    def call(frame: Frame) -> int:
        try:
            definition = find(definitions, node.name, frame.run)
            execute(definition, frame.run, frame.out, frame.missing, evaluate(frame))
        except GoError as error:
            raise FailureError(place, error) from None
        except RecursionError:
            raise FailureError(place, too_deep(frame.run)) from None
        return 0

    return call


def too_deep(run: Run) -> BudgetError:
    """Return what a template fails with where Python does not nest deeper."""
    if run.depth > _MANY:
        return BudgetError(f"exceeded maximum template depth ({run.depth})")
    return BudgetError("the template or its values are nested too deeply")


def execute(definition: Definition, run: Run, out: Text, missing: MissingKey, dot: Any) -> None:
    """Execute a template, which sees no variables but its own."""
    run.depth += 1
    definition.body(Frame(run, out, missing, dot, definition.size))
    run.depth -= 1


def executor(
    definitions: Definitions, main: str, run: Run, missing: MissingKey
) -> Callable[[str, Any], str]:
    """Return what gives the text of a template, for functions that call one by its name."""

    def execute_named(name: str, dot: Any) -> str:
        if name not in definitions:
            called = Data(quoted(name))
            raise GoError(
                "template: no template ", called, f" associated with template {quoted(main)}"
            )
        out = Text(run)
        execute(find(definitions, name, run), run, out, missing, dot)
        return out.whole()

    return execute_named
