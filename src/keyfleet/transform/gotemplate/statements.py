# SPDX-License-Identifier: Apache-2.0
"""Compiles a template's text, actions and control structures.

A statement is a closure that writes into its frame's output. It returns how the loop around it
goes on: `ON` in the usual case, else `BREAK` or `CONTINUE`.
Source: docs/compat/go-templates.md 10.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from keyfleet.transform.gotemplate.definitions import Definition, execute, find, too_deep
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.expressions import Expressions
from keyfleet.transform.gotemplate.fields import holds_any
from keyfleet.transform.gotemplate.frame import Evaluate, FailureError, Frame
from keyfleet.transform.gotemplate.looping import pairs
from keyfleet.transform.gotemplate.nodes import (
    Action,
    Break,
    Continue,
    If,
    Item,
    List,
    Range,
    TemplateCall,
    Text,
    With,
)
from keyfleet.transform.gotemplate.printing import printed_action
from keyfleet.transform.gotemplate.truth import is_true
from keyfleet.transform.gotemplate.values import INVALID

ON: Final = 0
BREAK: Final = 1
CONTINUE: Final = 2

Statement = Callable[[Frame], int]


class Branch(NamedTuple):
    """One condition of an `if` or a `with`, and what it leads to."""

    evaluate: Evaluate
    sets_dot: bool
    body: Statement


class Statements:
    """Compiles the statements of one definition."""

    def __init__(self, expressions: Expressions, definitions: Mapping[str, Definition]) -> None:
        """Begin.

        Args:
            expressions: Compiles those of the same definition.
            definitions: All templates of the source, complete when one is executed.
        """
        self._expressions = expressions
        self._slots = expressions.slots
        self._definitions = definitions

    def body(self, node: List) -> Statement:
        """Compile a list.

        Each execution pays for all that it may do, except in the bodies within it.
        """
        outer_cost = self._expressions.cost
        self._expressions.cost = len(node.nodes) + 1
        statements = [self._statement(item) for item in node.nodes]
        cost = self._expressions.cost
        self._expressions.cost = outer_cost
        place = self._expressions.place(node.nodes[0] if node.nodes else node)

        def execute(frame: Frame) -> int:
            try:
                frame.run.step(cost)
            except GoError as error:
                raise FailureError(place, error) from None
            for statement in statements:
                signal = statement(frame)
                if signal:
                    return signal
            return ON

        return execute

    def _statement(self, node: Item) -> Statement:
        match node:
            case Text():
                return self._text(node)
            case Action():
                return self._action(node)
            case If() | With():
                return self._choice(node)
            case Range():
                return self._loop(node)
            case TemplateCall():
                return self._template(node)
            case Break() | Continue():
                signal = BREAK if isinstance(node, Break) else CONTINUE
                return lambda _: signal

    def _text(self, node: Text) -> Statement:
        text = node.text
        place = self._expressions.place(node)

        def write(frame: Frame) -> int:
            try:
                frame.out.add(text)
            except GoError as error:
                raise FailureError(place, error) from None
            return ON

        return write

    def _action(self, node: Action) -> Statement:
        evaluate, last = self._expressions.pipeline(node.pipeline)
        place = self._expressions.place(last)
        prints = not node.pipeline.declarations

        def act(frame: Frame) -> int:
            value = evaluate(frame)
            if prints:
                try:
                    frame.out.add(value if type(value) is str else printed_action(value, frame.run))
                except GoError as error:
                    raise FailureError(place, error) from None
            return ON

        return act

    # If and with.

    def _choice(self, node: If | With) -> Statement:
        mark = self._slots.mark()
        branches: list[Branch] = []
        following: If | With | None = node
        while following is not None:
            node = following
            branches.append(self._branch(node))
            following = _only_choice(node.otherwise)
        otherwise = self.body(node.otherwise) if node.otherwise else _go_on
        self._slots.leave(mark)

        def choose(frame: Frame) -> int:
            for evaluate, sets_dot, body in branches:
                value = evaluate(frame)
                if is_true(value):
                    return _execute_with(frame, value, body) if sets_dot else body(frame)
            return otherwise(frame)

        return choose

    def _branch(self, node: If | With) -> Branch:
        evaluate = self._expressions.pipeline(node.pipeline).evaluate
        return Branch(evaluate, isinstance(node, With), self._inner(node.body))

    def _inner(self, node: List) -> Statement:
        """Compile a list whose variables nobody sees outside of it."""
        mark = self._slots.mark()
        body = self.body(node)
        self._slots.leave(mark)
        return body

    # Range.

    def _loop(self, node: Range) -> Statement:
        mark = self._slots.mark()
        evaluate, last = self._expressions.pipeline(node.pipeline)
        slots = self._loop_slots(node)
        body = self._inner(node.body)
        otherwise = self._inner(node.otherwise) if node.otherwise else _go_on
        self._slots.leave(mark)
        place = self._expressions.place(last)
        first = 2 - len(slots)  # one variable is for the element

        def loop(frame: Frame) -> int:
            value = evaluate(frame)
            dot, dot_is_any = frame.dot, frame.dot_is_any
            is_empty = True
            try:
                found = pairs(frame.run, value, variables=len(slots))
            except GoError as error:
                raise FailureError(place, error) from None
            frame.dot_is_any = holds_any(value)
            frame.hold(slots[-1:], is_any=frame.dot_is_any)
            for pair in found:
                is_empty = False
                frame.dot = pair[1]
                for slot, part in zip(slots, pair[first:], strict=True):
                    frame.slots[slot] = part
                if body(frame) == BREAK:
                    break
            frame.dot, frame.dot_is_any = dot, dot_is_any
            return otherwise(frame) if is_empty else ON

        return loop

    def _loop_slots(self, node: Range) -> list[int]:
        """Return where the element goes or, of two, where the position and the element go."""
        declarations = node.pipeline.declarations
        if not node.pipeline.is_assignment:
            return self._slots.latest(len(declarations))
        found = [self._slots.find(variable.name) for variable in declarations]
        return [slot for slot in found if slot is not None]  # else the pipeline itself fails

    # Templates.

    def _template(self, node: TemplateCall) -> Statement:
        place = self._expressions.place(node)
        pipeline = node.pipeline
        evaluate = self._expressions.pipeline(pipeline).evaluate if pipeline else _nothing
        definitions, name = self._definitions, node.name

        def call(frame: Frame) -> int:
            try:
                definition = find(definitions, name, frame.run)
                execute(definition, frame.run, frame.out, frame.missing, evaluate(frame))
            except GoError as error:
                raise FailureError(place, error) from None
            except RecursionError:
                raise FailureError(place, too_deep(frame.run)) from None
            return ON

        return call


def _only_choice(node: List | None) -> If | With | None:
    """Return what `{{else if}}` leads to, None where there is anything else."""
    if node is None or len(node.nodes) != 1:
        return None
    only = node.nodes[0]
    return only if isinstance(only, If | With) else None


def _execute_with(frame: Frame, value: Any, body: Statement) -> int:
    dot, dot_is_any = frame.dot, frame.dot_is_any
    frame.dot, frame.dot_is_any = value, False
    signal = body(frame)
    frame.dot, frame.dot_is_any = dot, dot_is_any
    return signal


def _go_on(_: Frame) -> int:
    return ON


def _nothing(_: Frame) -> Any:
    return INVALID
