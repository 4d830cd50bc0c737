# SPDX-License-Identifier: Apache-2.0
"""Tables as kubectl prints them: aligned columns, no lines, nothing cut off; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keyfleet.cli.terminal import Look

GAP = "   "

_STATE_COLOURS = {
    "InSync": "green",
    "True": "green",
    "Ready": "green",
    "Pending": "yellow",
    "Held": "yellow",
    "Paused": "yellow",
    "Refused": "red",
    "Conflict": "red",
    "Failed": "red",
    "Unreachable": "red",
    "False": "red",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    is_wide: bool = False
    """Only with `-o wide`."""


Row = Sequence[str]


def table(columns: Sequence[Column], rows: Iterable[Row], look: Look, *, wide: bool) -> str:
    """Return the lines of a table, each ending in a line break; the last column is not padded.

    >>> print(table([Column("NAME"), Column("STATE")], [("db", "InSync")], Look(), wide=False))
    NAME   STATE
    db     InSync
    <BLANKLINE>
    """
    shown = [index for index, column in enumerate(columns) if wide or not column.is_wide]
    head = [columns[index].name for index in shown]
    body = [[_cell(row[index], look) for index in shown] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(head, *body, strict=True)]
    return "".join(f"{_line(cells, widths, look)}\n" for cells in (head, *body))


def _cell(text: str, look: Look) -> str:
    return look.clean(" ".join(text.split())) or "-"


def _line(cells: Sequence[str], widths: Sequence[int], look: Look) -> str:
    padded = [
        look.paint(cell, _STATE_COLOURS.get(cell, "")) + " " * (width - len(cell))
        for cell, width in zip(cells, widths, strict=True)
    ]
    return GAP.join(padded).rstrip()
