# SPDX-License-Identifier: Apache-2.0
"""Why a template cannot be parsed or executed, in Go's words and without a value.

Functions raise `GoError`. Its text is made of constant pieces and of `Data`, so that the one who
reports it knows what came from a value. `TemplateError` shows `Data` only where the template's own
source holds that text, which its author wrote and everybody who reads the manifest knows.
"""

from dataclasses import dataclass
from typing import Literal

from keyfleet.base.errors import TransformError

REDACTED = "[redacted]"

Stage = Literal["parse", "exec"]


@dataclass(frozen=True, slots=True)
class Data:
    """Text that came from a value, or may have: the part of an error that not everybody sees."""

    text: str


class GoError(Exception):
    """What a Go function returns as its error, or panics with."""

    def __init__(self, *parts: str | Data) -> None:
        """Make it of constant text and `Data`."""
        super().__init__("a Go error")  # never the text: it may quote a value
        self.parts = parts

    def go_text(self) -> str:
        """Return the text with its data: only for functions that give it as their *result*."""
        return "".join(part.text if isinstance(part, Data) else part for part in self.parts)

    def shown(self, source: str) -> str:
        """Return the text with the data that `source` holds, and without all other."""
        return "".join(
            part if isinstance(part, str) else part.text if part.text in source else REDACTED
            for part in self.parts
        )


class BudgetError(GoError):
    """The template wants more steps, depth or memory than it is given."""


class TemplateError(TransformError):
    """A template that cannot be parsed or executed.

    `str()` is Go's text, for example `template: t:1:3: executing "t" at <.a>: map has no entry for
    key "a"`, with `[redacted]` in place of values.
    """

    def __init__(
        self, text: str, *, stage: Stage, line: int, column: int = 0, name: str = "", key: str = ""
    ) -> None:
        """Say what failed.

        Args:
            text: Go's text; without values.
            stage: "parse" or "exec".
            line: In the template's source, from 1.
            column: Byte offset in that line, from 0; 0 for parse errors, as in Go.
            name: The template's name.
            key: The Secret's key that the template makes, where there is one.
        """
        super().__init__(f"template.{stage}", text, "", "correct the template", key=key)
        self.stage: Stage = stage
        self.line = line
        self.column = column
        self.name = name
