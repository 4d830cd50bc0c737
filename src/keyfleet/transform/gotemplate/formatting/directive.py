# SPDX-License-Identifier: Apache-2.0
"""One directive of a format: a verb with its flags, width and precision."""

from dataclasses import dataclass


@dataclass(slots=True)
class Directive:
    """How to write one argument; `Directive()` is the `%v` of `print`."""

    verb: str = "v"
    width: int | None = None
    precision: int | None = None
    plus: bool = False
    minus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    has_names: bool = False
    """Fields with their names: `%+v`, where the plus means only this."""
    is_syntax: bool = False
    """Go syntax: `%#v`, where the sharp means only this."""

    def take_verb(self, verb: str) -> None:
        """Set the verb; `v`, and the `w` of other calls, read two of the flags in their own way."""
        self.verb = verb
        if verb in "vw":
            self.has_names, self.plus = self.plus, False
            self.is_syntax, self.sharp = self.sharp, False

    @property
    def fills_with_zeros(self) -> bool:
        """Whether zeros stand in front of a number: never at the right of anything."""
        return self.zero and not self.minus

    def padded(self, text: str, *, with_zeros: bool = True) -> str:
        """Return the text, filled up to the width in characters."""
        missing = (self.width or 0) - len(text)
        if missing <= 0:
            return text
        if self.minus:
            return text + " " * missing
        return ("0" if self.zero and with_zeros else " ") * missing + text
