# SPDX-License-Identifier: Apache-2.0
"""The tree of a parsed template: what the parser makes and the compiler reads.

`str()` of a node is what Go prints of it in `at <...>`. A node's place is the line and column of
the token that Go reports for it, which for chains is the first field after the first term.
Source: docs/compat/go-templates.md 6 and 14.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A piece of a template, and where it stands."""

    line: int
    """From 1."""
    column: int
    """In bytes, from 0."""

    def _parts(self) -> "Parts":
        """Return what `str()` of this node is made of."""
        return ()

    def __str__(self) -> str:
        # Not by recursion: a pipeline may stand in 200 pairs of parentheses.
        pieces: list[str] = []
        waiting: list[str | Node] = [self]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                pieces.append(part)
            else:
                waiting.extend(reversed(part._parts()))
        return "".join(pieces)


Parts = Sequence[str | Node]


# Operands: what a command is made of.


@dataclass(frozen=True, slots=True, eq=False)
class Dot(Node):
    """`.`, the value at hand."""

    def _parts(self) -> Parts:
        return (".",)


@dataclass(frozen=True, slots=True, eq=False)
class Nil(Node):
    """`nil`."""

    def _parts(self) -> Parts:
        return ("nil",)


@dataclass(frozen=True, slots=True, eq=False)
class Bool(Node):
    """`true` or `false`."""

    value: bool

    def _parts(self) -> Parts:
        return ("true" if self.value else "false",)


@dataclass(frozen=True, slots=True, eq=False)
class Number(Node):
    """A number or character constant, with every reading that it has exactly."""

    source: str
    as_int: int | None
    """As `int64`."""
    as_uint: int | None
    """As `uint64`."""
    as_float: float | None
    as_complex: complex | None
    default: int | float | complex | None
    """As it is where no type is asked for; None where an `int` cannot hold it."""

    def _parts(self) -> Parts:
        return (self.source,)


@dataclass(frozen=True, slots=True, eq=False)
class String(Node):
    """A string constant."""

    source: str
    """With its quotes."""
    value: str

    def _parts(self) -> Parts:
        return (self.source,)


@dataclass(frozen=True, slots=True, eq=False)
class Identifier(Node):
    """The name of a function."""

    name: str

    def _parts(self) -> Parts:
        return (self.name,)


@dataclass(frozen=True, slots=True, eq=False)
class Field(Node):
    """`.A.B`: fields of the value at hand."""

    names: tuple[str, ...]

    def _parts(self) -> Parts:
        return (_dotted(self.names),)


@dataclass(frozen=True, slots=True, eq=False)
class Variable(Node):
    """`$x` or `$x.A.B`: a variable, and perhaps fields of it."""

    name: str
    """With its `$`."""
    fields: tuple[str, ...] = ()

    def _parts(self) -> Parts:
        return (self.name + _dotted(self.fields),)


@dataclass(frozen=True, slots=True, eq=False)
class Chain(Node):
    """`(pipeline).A.B`, or `function.A.B`: fields of what an operand gives."""

    operand: "Pipeline | Identifier"
    names: tuple[str, ...]

    def _parts(self) -> Parts:
        return (*_argument(self.operand), _dotted(self.names))


@dataclass(frozen=True, slots=True, eq=False)
class Command(Node):
    """Operands side by side: a value, or a function with its arguments."""

    operands: "tuple[Operand, ...]"

    def _parts(self) -> Parts:
        found: list[str | Node] = []
        for operand in self.operands:
            found += (" ", *_argument(operand))
        return found[1:]


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline(Node):
    """Commands, each of which gives its value to the next, and the variables that get the last."""

    declarations: tuple[Variable, ...]
    is_assignment: bool
    """`=` rather than `:=`."""
    commands: tuple[Command, ...]

    def _parts(self) -> Parts:
        names = ", ".join([variable.name for variable in self.declarations])
        found: list[str | Node] = [f"{names} {'=' if self.is_assignment else ':='} "]
        for command in self.commands:
            found += (command, " | ")
        return found[0 if names else 1 : -1]


Operand = Dot | Nil | Bool | Number | String | Identifier | Field | Variable | Chain | Pipeline


# What a template's text is made of.


@dataclass(frozen=True, slots=True, eq=False)
class Text(Node):
    """Text outside of actions; never empty."""

    text: str

    def _parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True, eq=False)
class Action(Node):
    """`{{pipeline}}`: prints its value, unless that goes into a variable."""

    pipeline: Pipeline

    def _parts(self) -> Parts:
        return ("{{", self.pipeline, "}}")


@dataclass(frozen=True, slots=True, eq=False)
class TemplateCall(Node):
    """`{{template "name" pipeline}}`, and what a `{{block}}` leaves at its place."""

    name: str
    quoted_name: str
    """As Go quotes it."""
    pipeline: Pipeline | None

    def _parts(self) -> Parts:
        argument = (" ", self.pipeline) if self.pipeline else ()
        return ("{{template ", self.quoted_name, *argument, "}}")


@dataclass(frozen=True, slots=True, eq=False)
class Break(Node):
    """`{{break}}`."""

    def _parts(self) -> Parts:
        return ("{{break}}",)


@dataclass(frozen=True, slots=True, eq=False)
class Continue(Node):
    """`{{continue}}`."""

    def _parts(self) -> Parts:
        return ("{{continue}}",)


@dataclass(frozen=True, slots=True, eq=False)
class List(Node):
    """One after the other."""

    nodes: "tuple[Item, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class Control(Node):
    """A pipeline that decides about the text up to its `{{end}}`."""

    pipeline: Pipeline
    body: List
    otherwise: List | None
    """After `{{else}}`; after `{{else if}}` that `If` alone, after `{{else with}}` that `With`."""


@dataclass(frozen=True, slots=True, eq=False)
class If(Control):
    """`{{if pipeline}}`."""


@dataclass(frozen=True, slots=True, eq=False)
class With(Control):
    """`{{with pipeline}}`."""


@dataclass(frozen=True, slots=True, eq=False)
class Range(Control):
    """`{{range pipeline}}`."""


Item = Text | Action | TemplateCall | Break | Continue | If | With | Range


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A parsed source: all templates that it defines, the main one under its own name."""

    name: str
    definitions: Mapping[str, List]
    source: str


def _dotted(names: tuple[str, ...]) -> str:
    return "".join(["." + name for name in names])


def _argument(node: Node) -> Parts:
    return ("(", node, ")") if isinstance(node, Pipeline) else (node,)
