# SPDX-License-Identifier: Apache-2.0
"""The text of a value where no format says how: in actions, in `print` and inside functions.

Source: docs/compat/go-templates.md 13.
"""

from collections.abc import Sequence
from typing import Any

from keyfleet.base.gofloats import float_text
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formatting.directive import Directive
from keyfleet.transform.gotemplate.formatting.printer import Printer
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import INVALID, GoObject, GoSequence

NO_VALUE = "<no value>"
"""What an action writes for nil and for no value."""


def printed(value: Any, run: Run) -> str:
    """Return the value as `print` writes it (`%v`); `<nil>` for nil.

    Raises:
        BudgetError: The text would be too long, or the value too deep.
    """
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is int:
        return str(value)
    if kind is float:
        return float_text(value)
    out = Text(run)
    Printer(run, out).write_argument(value, Directive())
    return out.whole()


def printed_action(value: Any, run: Run, action: object = "") -> str:
    """Return the value as an action writes it: `<no value>` for nil, pointers dereferenced.

    Args:
        value: What to write.
        run: Pays.
        action: Shows its source as text, for errors.

    Raises:
        GoError: It is a channel, which has no text.
        BudgetError: The text would be too long, or the value too deep.
    """
    if value is None or value is INVALID:
        return NO_VALUE
    if isinstance(value, GoSequence):
        raise GoError(f"can't print {action} of type {value.go_type}")
    text = printed(value, run)
    if isinstance(value, GoObject) and value.go_type.startswith("*") and value.go_string() is None:
        return text.removeprefix("&")
    return text


def sprint(run: Run, arguments: Sequence[Any]) -> str:
    """Return the arguments one after another, with a space between two that are no strings."""
    out = Text(run)
    printer = Printer(run, out)
    was_string = True
    for argument in arguments:
        is_string = isinstance(argument, str)
        if not is_string and not was_string:
            out.add(" ")
        printer.write_argument(argument, Directive())
        was_string = is_string
    return out.whole()


def sprintln(run: Run, arguments: Sequence[Any]) -> str:
    """Return the arguments with a space between any two, and a new line."""
    out = Text(run)
    printer = Printer(run, out)
    for index, argument in enumerate(arguments):
        if index:
            out.add(" ")
        printer.write_argument(argument, Directive())
    out.add("\n")
    return out.whole()
