# SPDX-License-Identifier: Apache-2.0
"""Help pages: plain text in two columns, readable in any terminal and in a pipe."""

import textwrap
from typing import TYPE_CHECKING, Any

from keyfleet.cli.terminal import printing

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

WIDTH_MAX = 100
LABEL_MAX = 26
INDENT = 2


class PlainHelp:
    """Formats the pages of the command line; the interface is cyclopts'."""

    def __call__(self, console: "Console", options: "ConsoleOptions", panel: "HelpPanel") -> None:
        """Print one group of commands or flags."""
        if not panel.entries:
            return
        labels = [_label(entry) for entry in panel.entries]
        column = min(max(map(len, labels)), LABEL_MAX) + INDENT + 2
        lines = [f"{panel.title}:"] if panel.title else []
        for label, entry in zip(labels, panel.entries, strict=True):
            text = _described(entry)
            lines += _two_columns(label, text, column, min(console.width, WIDTH_MAX))
        _print(console, "\n".join([*lines, ""]))

    def render_usage(self, console: "Console", options: "ConsoleOptions", usage: Any) -> None:
        """Print the usage line."""
        text = _text(usage).strip()
        _print(console, f"{text if text.startswith('Usage:') else f'Usage: {text}'}\n")

    def render_description(
        self, console: "Console", options: "ConsoleOptions", description: Any
    ) -> None:
        """Print what the command does, paragraph by paragraph."""
        width = min(console.width, WIDTH_MAX)
        for paragraph in _text(description).strip().split("\n\n"):
            _print(console, textwrap.fill(" ".join(paragraph.split()), width) + "\n")


def _label(entry: "HelpEntry") -> str:
    return ", ".join(entry.display_labels_with_metavar)


def _described(entry: "HelpEntry") -> str:
    parts = [" ".join(_text(entry.description).split())]
    if entry.choices:
        parts.append(f"[{'|'.join(entry.choices)}]")
    if entry.default is not None:
        parts.append(f"[default: {entry.default}]")
    if entry.required:
        parts.append("[required]")
    return " ".join(part for part in parts if part)


def _two_columns(label: str, text: str, column: int, width: int) -> list[str]:
    wrapped = textwrap.wrap(text, width - column) or [""]
    head = f"{' ' * INDENT}{label}"
    if len(head) + 2 <= column:
        head = f"{head:<{column}}{wrapped.pop(0)}".rstrip()
    return [head, *(f"{' ' * column}{line}" for line in wrapped if line)]


def _text(value: Any) -> str:
    return str(getattr(value, "plain", None) or _rendered(value))


def _rendered(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=10_000, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(value, end="")
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _print(console: "Console", text: str) -> None:
    with printing():
        console.print(text, highlight=False, markup=False, soft_wrap=True)
