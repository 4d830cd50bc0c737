# SPDX-License-Identifier: Apache-2.0
"""Chains of fields: `.A.B`, `$x.A`, `(...).A`, and a method's arguments at their end.

Source: docs/compat/go-templates.md 8.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from keyfleet.transform.gotemplate.calls import invoke
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.fields import field_of, holds_any, method_of
from keyfleet.transform.gotemplate.frame import Evaluate, FailureError, Frame, Place
from keyfleet.transform.gotemplate.values import GoMap, GoObject

_MAPS: Final = frozenset({dict, GoMap})


class Start(NamedTuple):
    """What a chain begins with."""

    evaluate: Evaluate
    is_any: Callable[[Frame], bool]
    """Whether that value was taken out of a container of `any`."""


def chain(
    start: Start, names: Sequence[str], arguments: Sequence[Evaluate], place: Place
) -> Evaluate:
    """Return a closure that follows the names; what the last one names takes the arguments."""
    evaluate, is_any = start
    plain = names[:-1] if arguments else names

    def follow(frame: Frame) -> Any:
        value = evaluate(frame)
        container = None
        for name in plain:
            if type(value) in _MAPS and name in value:
                container, value = value, value[name]
            else:
                held = is_any(frame) if container is None else holds_any(container)
                container, value = value, _reach(frame, value, name, (), held, place)
        if not arguments:
            return value
        held = is_any(frame) if container is None else holds_any(container)
        given = [argument(frame) for argument in arguments]
        return _reach(frame, value, names[-1], given, held, place)

    return follow


def _reach(
    frame: Frame, receiver: Any, name: str, arguments: Sequence[Any], is_any: bool, place: Place
) -> Any:
    """Return a field that is no entry of a map, or what a method returns."""
    try:
        method = method_of(receiver, name)
        if method is None:
            return _field(frame, receiver, name, bool(arguments), is_any)
        method.check_count(len(arguments))
        taken = [method.param(index).of(value) for index, value in enumerate(arguments)]
    except GoError as error:
        raise FailureError(place, error) from None
    return invoke(frame.run, method, [receiver, *taken], place)


def _field(frame: Frame, receiver: Any, name: str, has_arguments: bool, is_any: bool) -> Any:
    value = field_of(receiver, name, frame.missing, is_any=is_any)
    if has_arguments and isinstance(receiver, dict):
        raise GoError(f"{name} is not a method but has arguments")
    if has_arguments and isinstance(receiver, GoObject):
        raise GoError(f"{name} has arguments but cannot be invoked as function")
    return value
