# SPDX-License-Identifier: Apache-2.0
"""The format of `printf`: its directives, and what is reported inside the text when one is wrong.

Source: docs/compat/go-templates.md 13.
"""

from collections.abc import Sequence
from typing import Any, Final

from keyfleet.transform.gotemplate.formatting.directive import Directive
from keyfleet.transform.gotemplate.formatting.printer import Printer
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import INVALID, type_of

_FLAGS: Final = {"+": "plus", "-": "minus", "#": "sharp", " ": "space", "0": "zero"}
_DIGITS: Final = "0123456789"
_LARGEST: Final = 1_000_000
"""No argument is a greater width or precision; a literal may have one digit more."""


def sprintf(run: Run, form: str, arguments: Sequence[Any]) -> str:
    """Return the format with its directives replaced by the arguments.

    Raises:
        BudgetError: The text would be too long, or the values too many or too deep.
    """
    run.walk(len(form))
    return _Formatting(run, form, arguments).whole()


class _Formatting:
    """One call of `printf`."""

    def __init__(self, run: Run, form: str, arguments: Sequence[Any]) -> None:
        self._run = run
        self._form = form
        self._at = 0
        self._last_bracket = form.rfind("]")
        self._arguments = arguments
        self._next = 0
        """The argument that the next directive takes."""
        self._is_reordered = False
        """An index such as `[2]` was used anywhere: then surplus arguments are fine."""
        self._is_good_index = True
        """In the present directive."""
        self._out = Text(run)
        self._printer = Printer(run, self._out)

    def whole(self) -> str:
        while (percent := self._form.find("%", self._at)) >= 0:
            self._out.add(self._form[self._at : percent])
            self._at = percent + 1
            self._write_directive()
        self._out.add(self._form[self._at :])
        if not self._is_reordered and self._next < len(self._arguments):
            self._write_surplus()
        return self._out.whole()

    def _write_directive(self) -> None:
        self._run.step()
        self._is_good_index = True
        how = Directive()
        while flag := _FLAGS.get(self._peek()):
            setattr(how, flag, True)
            self._at += 1
        is_after_index = self._read_width(how, is_after_index=self._read_index())
        is_after_index = self._read_precision(how, is_after_index=is_after_index)
        if not is_after_index:
            self._read_index()
        verb = self._peek()
        if not verb:
            self._out.add("%!(NOVERB)")
            return
        self._at += 1
        self._write_verb("\ufffd" if "\udc80" <= verb <= "\udcff" else verb, how)

    def _write_verb(self, verb: str, how: Directive) -> None:
        if verb == "%":
            self._out.add("%")
        elif not self._is_good_index:
            self._out.add(f"%!{verb}(BADINDEX)")
        elif self._next >= len(self._arguments):
            self._out.add(f"%!{verb}(MISSING)")
        else:
            # Announced here, once: no element of a list then makes a longer text than this.
            self._run.will_make((how.width or 0) + (how.precision or 0))
            how.take_verb(verb)
            self._printer.write_argument(self._arguments[self._next], how)
            self._next += 1

    def _write_surplus(self) -> None:
        self._out.add("%!(EXTRA ")
        for index, argument in enumerate(self._arguments[self._next :]):
            if index:
                self._out.add(", ")
            if argument is not None and argument is not INVALID:
                self._out.add(f"{type_of(argument)}=")
            self._printer.write_argument(argument, Directive())
        self._out.add(")")

    def _read_width(self, how: Directive, *, is_after_index: bool) -> bool:
        """Read a width if there is one; return whether an index stands before what follows."""
        if self._takes("*"):
            how.width = self._number_from_argument()
            if how.width is None:
                self._out.add("%!(BADWIDTH)")
            elif how.width < 0:
                how.width, how.minus, how.zero = -how.width, True, False
            return False
        how.width = self._read_number()
        if is_after_index and how.width is not None:
            self._is_good_index = False
        return is_after_index

    def _read_precision(self, how: Directive, *, is_after_index: bool) -> bool:
        """Read a precision if there is one; return whether an index stands before the verb."""
        # A point that ends the format is a verb, and a bad one.
        if self._at + 1 == len(self._form) or not self._takes("."):
            return is_after_index
        if is_after_index:
            self._is_good_index = False
        is_after_index = self._read_index()
        if not self._takes("*"):
            how.precision = self._read_number() or 0
            return is_after_index
        how.precision = self._number_from_argument()
        if how.precision is None or how.precision < 0:
            how.precision = None
            self._out.add("%!(BADPREC)")
        return False

    def _read_index(self) -> bool:
        """Read an argument's index such as `[2]`; return whether there was a readable one."""
        if self._peek() != "[":
            return False
        self._is_reordered = True
        start = self._at + 1
        if start > self._last_bracket:
            self._at = start
            self._is_good_index = False
            return False
        end = self._form.find("]", start)
        self._at = start
        index = self._read_number()
        is_number = index is not None and self._at == end
        self._at = end + 1
        if is_number and index is not None and 0 < index <= len(self._arguments):
            self._next = index - 1
        else:
            self._is_good_index = False
        return is_number

    def _read_number(self) -> int | None:
        """Read digits; None without any, and at the format's end if they are too many."""
        start, number = self._at, 0
        while (digit := self._peek()) and digit in _DIGITS:
            if number > _LARGEST:
                self._at = len(self._form)
                return None
            number = 10 * number + int(digit)
            self._at += 1
        return number if self._at > start else None

    def _number_from_argument(self) -> int | None:
        if self._next >= len(self._arguments):
            return None
        number = self._arguments[self._next]
        self._next += 1
        if not isinstance(number, int) or isinstance(number, bool):
            return None
        return int(number) if abs(number) <= _LARGEST else None

    def _peek(self) -> str:
        return self._form[self._at : self._at + 1]

    def _takes(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self._at += 1
        return True
