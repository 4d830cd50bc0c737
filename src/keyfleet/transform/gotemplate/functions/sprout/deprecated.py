# SPDX-License-Identifier: Apache-2.0
"""Sprout's old names: functions of any values, which look at types only when they are called.

So nil becomes the zero value of whatever type is wanted, a wrong number of arguments is an error of
the call, and panics are told of in other words.
Source: docs/compat/go-templates.md 18.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.time.times import TIME, ZERO
from keyfleet.transform.gotemplate.functions.table import ANY, Function, Param, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import INVALID, type_of, zero_of

NAMES: Final = (
    "add1f", "addf", "adler32sum", "fromJson", "fromYaml", "md5sum", "mustAppend", "mustChunk",
    "mustCompact", "mustDateModify", "mustDeepCopy", "mustFirst", "mustFromJson", "mustFromYaml",
    "mustHas", "mustInitial", "mustLast", "mustMerge", "mustMergeOverwrite", "mustPrepend",
    "mustRegexFind", "mustRegexFindAll", "mustRegexMatch", "mustRegexReplaceAll",
    "mustRegexReplaceAllLiteral", "mustRegexSplit", "mustRest", "mustReverse", "mustSlice",
    "mustToDate", "mustToJson", "mustToPrettyJson", "mustToRawJson", "mustToYaml", "mustUniq",
    "mustWithout", "sha1sum", "sha256sum", "subf", "toJson", "toPrettyJson", "toRawJson", "toYaml",
)  # fmt: skip
_UNSAFE: Final = "cannot safecall function: "
_PANIC: Final = f"{_UNSAFE}recovered from a panic: "
_PANICS: Final = ("runtime error: ", "reflect", "hash of unhashable type")
"""How errors begin that are panics in Go."""


def deprecated(functions: Mapping[str, Function]) -> Table:
    """Return the functions with old names, as those behave."""
    return Table({name: _loosened(functions[name]) for name in NAMES})


def _loosened(function: Function) -> Function:
    def call(run: Run, *arguments: Any) -> Any:
        _check_count(function, len(arguments))
        taken = [_taken(function, index, value) for index, value in enumerate(arguments)]
        return _called(run, function, taken)

    return Function(function.name, call, variadic=ANY, takes_run=True)


def _check_count(function: Function, count: int) -> None:
    wanted = len(function.params)
    if function.variadic is None and count != wanted:
        raise GoError(
            f"{_UNSAFE}number of arguments does not match function's input arity: "
            f"expected {wanted}, got {count}"
        )
    if count < wanted:
        raise GoError(f"{_PANIC}reflect: Call with too few input arguments")


def _taken(function: Function, index: int, value: Any) -> Any:
    param = function.param(index)
    if value is None:
        return _zero(param)
    try:
        return param.of(value)
    except GoError:
        found, wanted = type_of(value), param.go_type
        problem = (
            f"Call using {found} as type {wanted}"
            if index < len(function.params)
            else f"cannot use {found} as type {wanted} in Call"
        )
        raise GoError(f"{_PANIC}reflect: {problem}") from None


def _zero(param: Param) -> Any:
    if param.nil is not INVALID:
        return param.of(INVALID)
    return ZERO if param is TIME else zero_of(param.go_type)


def _called(run: Run, function: Function, arguments: Sequence[Any]) -> Any:
    try:
        return function.call(run, *arguments) if function.takes_run else function.call(*arguments)
    except BudgetError:
        raise
    except GoError as error:
        first = error.parts[0]
        if isinstance(first, str) and first.startswith(_PANICS):
            raise GoError(_PANIC, *error.parts) from None
        raise
