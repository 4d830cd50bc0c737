# SPDX-License-Identifier: Apache-2.0
"""Compiles pipelines: each operand, command and pipeline becomes a closure over a frame.

Go looks at the tree whenever a template runs. What that look tells every time is found out once,
here: which function a name means, how many arguments it gets, where variables live. What fails in
Go only when it is reached fails here then too.
Source: docs/compat/go-templates.md 7.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from keyfleet.transform.gotemplate.compiling.arguments import (
    Constant,
    constant_argument,
    constant_value,
)
from keyfleet.transform.gotemplate.compiling.calls import Argument, function_call, short_circuit
from keyfleet.transform.gotemplate.compiling.chains import MethodArgument, Start, chain
from keyfleet.transform.gotemplate.compiling.frame import (
    Evaluate,
    Expression,
    FailureError,
    Frame,
    Place,
)
from keyfleet.transform.gotemplate.compiling.slots import Slots
from keyfleet.transform.gotemplate.compiling.variables import assignment, declaration, pipe, reading
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.builtins.items import call, named_call
from keyfleet.transform.gotemplate.functions.builtins.logic import SHORT_CIRCUITS
from keyfleet.transform.gotemplate.functions.table import VALUE, Function, Param
from keyfleet.transform.gotemplate.parsing.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Node,
    Number,
    Operand,
    Pipeline,
    String,
    Variable,
)
from keyfleet.transform.gotemplate.values import INVALID


class Expressions:
    """Compiles the expressions of one definition."""

    def __init__(self, definition: str, functions: Mapping[str, Function], slots: Slots) -> None:
        """Begin.

        Args:
            definition: Its name, for errors.
            functions: Those it may call.
            slots: Of its variables.
        """
        self.cost = 0
        """How many operands, calls and fields were compiled: a step is taken for each."""
        self.slots = slots
        self._definition = definition
        self._functions = functions

    def place(self, node: Node) -> Place:
        """Return where a node's errors are reported."""
        return Place(self._definition, node)

    def pipeline(self, node: Pipeline) -> Expression:
        """Compile a pipeline and declare its variables, which later expressions see."""
        first, *rest = node.commands
        evaluate, last = self._command(first, None)
        if rest:
            evaluate, last = self._piped(evaluate, rest)
        if node.is_assignment:
            variables = [(self.slots.find(name.name), name.name) for name in node.declarations]
            return Expression(assignment(evaluate, variables, self.place(last)), last)
        slots = [self.slots.declare(variable.name) for variable in node.declarations]
        return Expression(declaration(evaluate, slots), last)

    def _piped(self, first: Evaluate, commands: Sequence[Command]) -> Expression:
        slot = self.slots.reserve()
        stages = [self._command(command, lambda frame: frame.slots[slot]) for command in commands]
        return Expression(pipe(first, [stage.evaluate for stage in stages], slot), stages[-1].last)

    def _command(self, node: Command, piped: Evaluate | None) -> Expression:
        first, *arguments = node.operands
        if isinstance(first, Identifier):
            return self._call(node, first, arguments, piped)
        if not arguments and piped is None:
            if isinstance(first, Nil):
                return self._failing("nil is not a command", first)
            return self.operand(first)
        if isinstance(first, Field | Chain) or (isinstance(first, Variable) and first.fields):
            return self._chain(first, arguments, piped)
        reported = node if isinstance(first, Pipeline) else first
        return self._failing(f"can't give argument to non-function {first}", reported)

    def operand(self, node: Operand) -> Expression:
        """Compile what stands alone, or is an argument."""
        self.cost += 1
        match node:
            case Dot() | Nil():
                return Expression(_dot if isinstance(node, Dot) else nothing, node)
            case Bool() | Number() | String():
                return self._constant(node)
            case Identifier():
                return self._call(node, node, (), None)
            case Pipeline():
                return self.pipeline(node)
            case Variable(fields=()):
                place = self.place(node)
                return Expression(reading(self.slots.find(node.name), node.name, place), node)
            case _:
                return self._chain(node, (), None)

    def _constant(self, node: Bool | Number | String) -> Expression:
        try:
            value = constant_value(node)
        except GoError as error:
            return self._failing(error.go_text(), node)
        return Expression(lambda _: value, node)

    def _call(
        self,
        node: Command | Identifier,
        name: Identifier,
        operands: Sequence[Operand],
        piped: Evaluate | None,
    ) -> Expression:
        """Compile the call of a function."""
        self.cost += 1
        function = self._functions[name.name]
        try:
            function.check_count(len(operands), piped=piped is not None)
        except GoError as error:
            return self._failing(error.go_text(), name)
        arguments = [self._argument(function.param(i), one) for i, one in enumerate(operands)]
        last = arguments[-1].place.node if arguments else name
        if piped is not None:
            param = function.param(len(operands))
            arguments.append(Argument(piped, _conversion(param), self.place(last)))
        return Expression(self._evaluation(function, node, arguments), last)

    def _evaluation(
        self, function: Function, node: Command | Identifier, arguments: Sequence[Argument]
    ) -> Evaluate:
        stops_at = SHORT_CIRCUITS.get(function.call)
        if stops_at is not None:
            return short_circuit(arguments, stops_at=stops_at)
        if function.call is call and isinstance(node, Command) and len(node.operands) > 1:
            function = named_call(str(node.operands[1]))
        return function_call(function, arguments, self.place(node))

    def _argument(self, param: Param, node: Operand) -> Argument:
        if isinstance(node, Constant):
            return Argument(self._constant_argument(param, node), None, self.place(node))
        evaluate, last = self.operand(node)
        return Argument(evaluate, _conversion(param), self.place(last))

    def _constant_argument(self, param: Param, node: Constant) -> Evaluate:
        self.cost += 1
        try:
            value = constant_argument(node, param)
        except GoError as error:
            return self._failing(error.go_text(), node).evaluate
        return lambda _: value

    def _chain(
        self,
        node: Field | Variable | Chain,
        operands: Sequence[Operand],
        piped: Evaluate | None,
    ) -> Expression:
        """Compile fields, with arguments if the last one names a method."""
        start = self._start(node)
        arguments = [self._method_argument(operand) for operand in operands]
        if piped is not None:
            last = arguments[-1].place if arguments else start.place
            arguments.append(MethodArgument(piped, last))
        names = node.fields if isinstance(node, Variable) else node.names
        self.cost += len(names)
        return Expression(chain(start, names, arguments, self.place(node)), start.place.node)

    def _method_argument(self, node: Operand) -> MethodArgument:
        evaluate, last = self.operand(node)
        constant = node if isinstance(node, Constant) else None
        return MethodArgument(evaluate, self.place(last), constant)

    def _start(self, node: Field | Variable | Chain) -> Start:
        if isinstance(node, Field):
            return Start(_dot, _dot_is_any, self.place(node))
        if isinstance(node, Chain):
            evaluate, last = self.operand(node.operand)
            return Start(evaluate, _never, self.place(last))
        slot = self.slots.find(node.name)
        evaluate = reading(slot, node.name, self.place(node))
        return Start(evaluate, lambda frame: slot in frame.any_slots, self.place(node))

    def _failing(self, message: str, node: Node) -> Expression:
        place = self.place(node)

        def fail(_: Frame) -> NoReturn:
            raise FailureError(place, GoError(message))

        return Expression(fail, node)


def _dot(frame: Frame) -> Any:
    return frame.dot


def nothing(_: Frame) -> Any:
    """Give what `nil` is, and what a `{{template}}` without a pipeline gets."""
    return INVALID


def _dot_is_any(frame: Frame) -> bool:
    return frame.dot_is_any


def _never(_: Frame) -> bool:
    return False


def _conversion(param: Param) -> Callable[[Any], Any] | None:
    return None if param is VALUE else param.of
