# SPDX-License-Identifier: Apache-2.0
"""What `range` goes through.

Source: docs/compat/go-templates.md 10.
"""

from collections.abc import Iterable
from typing import Any

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.ordering import sorted_keys
from keyfleet.transform.gotemplate.printing import printed
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import INVALID, GoObject, GoSequence, Uint8


def pairs(run: Run, value: Any, *, variables: int) -> Iterable[tuple[Any, Any]]:
    """Return positions or keys with their elements, one after the other.

    Args:
        run: The budget.
        value: The loop's value.
        variables: How many it declares; numbers have no positions and allow one.
    Raises:
        GoError: Nothing can be taken out of it.
    """
    if value is None or value is INVALID:
        return ()
    if isinstance(value, list | GoSequence):
        return enumerate(value)
    if isinstance(value, dict):
        run.walk(len(value))
        run.will_hold(len(value))
        return [(key, value[key]) for key in sorted_keys(value)]
    if isinstance(value, bytes):
        return enumerate(map(Uint8, value))
    if isinstance(value, int) and not isinstance(value, bool | GoObject):
        return _numbers(run, value, variables)
    raise GoError("range can't iterate over ", Data(printed(value, run)))


def _numbers(run: Run, stop: int, variables: int) -> Iterable[tuple[Any, int]]:
    if variables > 1:
        shown = Data(printed(stop, run))
        raise GoError("can't use ", shown, " to iterate over more than one variable")
    return ((INVALID, type(stop)(number)) for number in range(stop))
