# SPDX-License-Identifier: Apache-2.0
"""Compiles a template's text, actions and control structures.

Source: docs/compat/go-templates.md 7 and 10.
"""

from keyfleet.transform.gotemplate.compiling.controls import (
    BREAK,
    CONTINUE,
    ON,
    Branch,
    Statement,
    choice,
    loop,
    sequence,
    signal_of,
)
from keyfleet.transform.gotemplate.compiling.definitions import Definitions, template_call
from keyfleet.transform.gotemplate.compiling.expressions import Expressions, nothing
from keyfleet.transform.gotemplate.compiling.frame import FailureError, Frame
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.parsing.nodes import (
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

_GO_ON = signal_of(ON)


class Statements:
    """Compiles the statements of one definition."""

    def __init__(self, expressions: Expressions, definitions: Definitions) -> None:
        """Begin.

        Args:
            expressions: Compiles those of the same definition.
            definitions: All templates of the source, complete when one is executed.
        """
        self._expressions = expressions
        self._slots = expressions.slots
        self._definitions = definitions
        self.cost = 0
        """The steps of all bodies together."""

    def body(self, node: List) -> Statement:
        """Compile a list, whose variables nobody sees outside of it.

        Each execution pays for all that it may do, except in the bodies within it.
        """
        mark, outer_cost = self._slots.mark(), self._expressions.cost
        self._expressions.cost = len(node.nodes) + 1
        statements = [self._statement(item) for item in node.nodes]
        cost = self._expressions.cost
        self.cost += cost
        self._expressions.cost = outer_cost
        self._slots.leave(mark)
        place = self._expressions.place(node.nodes[0] if node.nodes else node)
        return sequence(statements, cost, place)

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
                return signal_of(BREAK if isinstance(node, Break) else CONTINUE)

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
        evaluate, _ = self._expressions.pipeline(node.pipeline)
        place = self._expressions.place(node)
        prints = not node.pipeline.declarations

        def act(frame: Frame) -> int:
            value = evaluate(frame)
            if prints:
                try:
                    is_text = type(value) is str
                    frame.out.add(value if is_text else printed_action(value, frame.run, node))
                except GoError as error:
                    raise FailureError(place, error) from None
            return ON

        return act

    def _choice(self, node: If | With) -> Statement:
        mark = self._slots.mark()
        branches: list[Branch] = []
        following: If | With | None = node
        while following is not None:
            node = following
            evaluate = self._expressions.pipeline(node.pipeline).evaluate
            branches.append(Branch(evaluate, isinstance(node, With), self.body(node.body)))
            following = _only_choice(node.otherwise)
        otherwise = self._otherwise(node.otherwise)
        self._slots.leave(mark)
        return choice(branches, otherwise)

    def _loop(self, node: Range) -> Statement:
        mark = self._slots.mark()
        evaluate, last = self._expressions.pipeline(node.pipeline)
        slots = self._loop_slots(node)
        body, otherwise = self.body(node.body), self._otherwise(node.otherwise)
        self._slots.leave(mark)
        return loop(evaluate, slots, body, otherwise, self._expressions.place(last))

    def _loop_slots(self, node: Range) -> list[int]:
        declarations = node.pipeline.declarations
        if not node.pipeline.is_assignment:
            return self._slots.latest(len(declarations))
        found = [self._slots.find(variable.name) for variable in declarations]
        return [slot for slot in found if slot is not None]  # else the pipeline itself fails

    def _otherwise(self, node: List | None) -> Statement:
        return _GO_ON if node is None else self.body(node)

    def _template(self, node: TemplateCall) -> Statement:
        pipeline = node.pipeline
        evaluate = self._expressions.pipeline(pipeline).evaluate if pipeline else nothing
        return template_call(self._definitions, node, evaluate, self._expressions.place(node))


def _only_choice(node: List | None) -> If | With | None:
    """Return what `{{else if}}` leads to, None where there is anything else."""
    if node is None or len(node.nodes) != 1:
        return None
    only = node.nodes[0]
    return only if isinstance(only, If | With) else None
