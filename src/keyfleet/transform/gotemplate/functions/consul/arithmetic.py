# SPDX-License-Identifier: Apache-2.0
"""consul-template's arithmetic: the second argument comes first, so that the piped one leads.

Two unsigned integers give `uint64`, a float makes the result `float64`, all else is `int64`; all
of them overflow as Go's do. Source: docs/compat/go-templates.md 19.
"""

import operator
from collections.abc import Callable
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.division import float_quotient, quotient, remainder
from keyfleet.transform.gotemplate.formatting import sprintf
from keyfleet.transform.gotemplate.functions.table import ANY, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import Int64, Uint64, kind_of, type_of

ARITHMETIC: Final = Table()

Number = int | float
Operation = Callable[[Any, Any], Number]


def _enter(name: str, calculate: Operation, *, only_integers: bool = False) -> None:
    """Enter a function of two numbers; they are of the type of the result."""

    @ARITHMETIC.function(name, params=(ANY, ANY), run=True)
    def function(run: Run, b: Any, a: Any) -> Number:
        kinds = [_kind(run, name, value, only_integers=only_integers) for value in (a, b)]
        result = _result_type(kinds)
        return result(calculate(result(a), result(b)))


def _kind(run: Run, name: str, value: Any, *, only_integers: bool) -> str:
    kind = kind_of(value)
    if kind.startswith(("int", "uint")) or (kind == "float64" and not only_integers):
        return kind
    shown = "<invalid reflect.Value>" if kind == "invalid" else sprintf(run, "%q", [value])
    raise GoError(f"{name}: unknown type for ", Data(shown), f" ({type_of(value)})")


def _result_type(kinds: list[str]) -> Callable[[Any], Number]:
    if "float64" in kinds:
        return float
    return Uint64.wrap if all(kind.startswith("uint") for kind in kinds) else Int64.wrap


def _quotient(a: Any, b: Any) -> Number:
    return float_quotient(a, b) if isinstance(a, float) else quotient(a, b)


_enter("add", operator.add)
_enter("subtract", operator.sub)
_enter("multiply", operator.mul)
_enter("divide", _quotient)
_enter("modulo", remainder, only_integers=True)


@ARITHMETIC.function("minimum", params=(ANY, ANY), run=True)
def minimum(run: Run, b: Any, a: Any) -> Number:
    """Return the lesser one, b where they are equal."""
    return _chosen(run, "minimum", (a, b), operator.lt)


@ARITHMETIC.function("maximum", params=(ANY, ANY), run=True)
def maximum(run: Run, b: Any, a: Any) -> Number:
    """Return the greater one, b where they are equal."""
    return _chosen(run, "maximum", (a, b), operator.gt)


def _chosen(run: Run, name: str, pair: tuple[Any, Any], is_wanted: Operation) -> Number:
    kinds = [_kind(run, name, value, only_integers=False) for value in pair]
    common = _result_type(kinds)
    index = 0 if is_wanted(common(pair[0]), common(pair[1])) else 1
    return _result_type(kinds[index : index + 1])(pair[index])
