# SPDX-License-Identifier: Apache-2.0
"""A template's error for people: where it stands, and the line with a caret below."""

from collections.abc import Iterable

from keyfleet.base.errors import TransformError
from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.values import decoded, encoded

WIDTH = 100
"""Of the shown part of a line."""

_STAGES = {"parse": "parsed", "exec": "executed"}
_HINTS = {
    "parse": "correct the template",
    "exec": "correct the template, or what it looks at; docs/guides/templates.md",
}


class TemplateFailedError(TransformError):
    """A template of an intent cannot be parsed or executed; says which, and where in it."""

    def __init__(
        self,
        message: str,
        *,
        place: str,
        key: str,
        hint: str,
        excerpt: tuple[str, ...],
        words: str = "",
    ) -> None:
        super().__init__("transform.template", message, "", hint, key=key)
        self.place = place
        self.words = words or message
        """What is wrong, without where the template stands."""
        self.excerpt = excerpt


def failed(error: TemplateError, *, text: str, place: str, is_secret: bool) -> TemplateFailedError:
    """Return an error of the engine as that of an intent.

    Args:
        error: What the engine says: Go's words, without values.
        text: The template.
        place: Where it stands, for people.
        is_secret: Nothing of the text may be shown, so neither may Go's words, which quote it.
    """
    where = f"line {error.line}" + (f", column {error.column + 1}" if error.column else "")
    words = f"{where} (its text is secret)" if is_secret else error.message
    return TemplateFailedError(
        f"{place} cannot be {_STAGES[error.stage]}: {words}",
        place=place,
        key=error.name,
        hint=_HINTS[error.stage],
        excerpt=() if is_secret else excerpt(text, error.line, error.column),
        words=words,
    )


def together(failures: Iterable[TemplateFailedError]) -> TransformError:
    """Return the errors of several templates as one: what is wrong, and with which keys.

    Source: compat/sealed-secrets.md 1.4; sorted, so that it stays the same.
    """
    groups: dict[str, list[TemplateFailedError]] = {}
    for failure in sorted(failures, key=lambda one: (one.words, one.key)):
        groups.setdefault(failure.words, []).append(failure)
    told = (f"{words} ({', '.join(one.key for one in found)})" for words, found in groups.items())
    first = next(iter(groups.values()))[0]
    return TransformError("transform.template", "\n".join(told), "", first.hint, key=first.key)


def excerpt(text: str, line: int, column: int) -> tuple[str, ...]:
    r"""Return a line of a template and, where a column is known, a caret below it.

    Args:
        text: The template.
        line: From 1.
        column: In bytes, from 0, which says nothing.

    >>> excerpt("a\nb {{ .c }}", 2, 5)
    ('  2 | b {{ .c }}', '    |      ^')
    """
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return ()
    # What moves a terminal, or turns its letters around, is not shown.
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in lines[line - 1])
    # The column counts bytes; what is replaced stays one character.
    at = len(decoded(encoded(lines[line - 1])[:column]))
    begin = max(0, at - WIDTH // 2)
    number = f"{line:>3} | "
    first = number + shown[begin : begin + WIDTH]
    if not column:
        return (first.rstrip(),)
    return (first.rstrip(), f"{'|':>{len(number) - 1}} {' ' * (at - begin)}^")
