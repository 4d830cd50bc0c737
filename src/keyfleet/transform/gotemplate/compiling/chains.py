# SPDX-License-Identifier: Apache-2.0
"""Chains of fields: `.A.B`, `$x.A`, `(...).A`, and a method's arguments at their end.

Source: docs/compat/go-templates.md 8.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from keyfleet.transform.gotemplate.compiling.arguments import Constant, constant_argument
from keyfleet.transform.gotemplate.compiling.calls import invoke
from keyfleet.transform.gotemplate.compiling.frame import Evaluate, FailureError, Frame, Place
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.fields import field_of, has_string_keys, holds_any, method_of
from keyfleet.transform.gotemplate.functions.table import Param
from keyfleet.transform.gotemplate.values import GoMap, GoObject

_MAPS: Final = frozenset({dict, GoMap})


class Start(NamedTuple):
    """What a chain begins with."""

    evaluate: Evaluate
    is_any: Callable[[Frame], bool]
    """Whether that value was taken out of a container of `any`."""
    place: Place
    """Of fields that are missing."""


class MethodArgument(NamedTuple):
    """An argument of a method."""

    evaluate: Evaluate
    place: Place
    """Where it is of another type than wanted."""
    constant: Constant | None = None
    """What is written there, which takes the type that is wanted."""


def chain(
    start: Start, names: Sequence[str], arguments: Sequence[MethodArgument], place: Place
) -> Evaluate:
    """Return a closure that follows the names; what the last one names takes the arguments.

    Args:
        start: What has the first one.
        names: Fields and methods.
        arguments: Of the last one, which is a method if there are any.
        place: Of methods that fail.
    """
    evaluate, is_any, _ = start
    plain = names[:-1] if arguments else names

    def follow(frame: Frame) -> Any:
        value = evaluate(frame)
        container = None
        for name in plain:
            if type(value) in _MAPS and name in value:
                container, value = value, value[name]
            else:
                held = is_any(frame) if container is None else holds_any(container)
                container, value = value, reach(frame, value, name, (), held)
        if not arguments:
            return value
        held = is_any(frame) if container is None else holds_any(container)
        return reach(frame, value, names[-1], arguments, held)

    def reach(
        frame: Frame, receiver: Any, name: str, operands: Sequence[MethodArgument], held: bool
    ) -> Any:
        """Return a field that is no entry of a map, or what a method returns."""
        try:
            method = method_of(receiver, name)
            if method is None:
                return _field(frame, receiver, name, has_arguments=bool(operands), is_any=held)
            method.check_count(len(operands))
        except GoError as error:
            raise FailureError(start.place, error) from None
        taken = [
            _taken(frame, method.param(index), operand) for index, operand in enumerate(operands)
        ]
        return invoke(frame.run, method, [receiver, *taken], place)

    return follow


def _taken(frame: Frame, param: Param, operand: MethodArgument) -> Any:
    """Return an argument as a method takes it, which is only now known."""
    try:
        if operand.constant is not None:
            return constant_argument(operand.constant, param)
        return param.of(operand.evaluate(frame))
    except GoError as error:
        raise FailureError(operand.place, error) from None


def _field(frame: Frame, receiver: Any, name: str, *, has_arguments: bool, is_any: bool) -> Any:
    if has_arguments and isinstance(receiver, dict) and has_string_keys(receiver):
        raise GoError(f"{name} is not a method but has arguments")
    value = field_of(receiver, name, frame.missing, is_any=is_any)
    if has_arguments and isinstance(receiver, GoObject):
        raise GoError(f"{name} has arguments but cannot be invoked as function")
    return value
