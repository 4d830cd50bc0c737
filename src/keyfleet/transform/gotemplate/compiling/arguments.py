# SPDX-License-Identifier: Apache-2.0
"""Constants as arguments: they take the type that the parameter asks for, if it holds them.

Source: docs/compat/go-templates.md 5 and 7.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.table import ANY, VALUE, Param
from keyfleet.transform.gotemplate.parsing.nodes import Bool, Nil, Number, String
from keyfleet.transform.gotemplate.values import INVALID

Constant = Bool | Number | String | Nil

_NOUNS: Final = {
    "string": "string",
    "bool": "bool",
    "float64": "float",
    **dict.fromkeys(("int", "int32", "int64", "time.Duration"), "integer"),
    **dict.fromkeys(("uint", "uint8", "uint32", "uint64"), "unsigned integer"),
}
"""What Go calls the constants that a parameter of that type takes."""


def constant_argument(node: Constant, param: Param) -> Any:
    """Return a constant as a parameter of that type takes it.

    Raises:
        GoError: It does not fit.
    """
    if isinstance(node, Nil):
        if param.nil is INVALID and param is not VALUE:
            raise GoError(f"cannot assign nil to {param.go_type}")
        return INVALID if param is VALUE else param.of(INVALID)
    if param is ANY or param is VALUE:
        return constant_value(node)
    noun = _NOUNS.get(param.go_type)
    if noun is None:
        raise GoError(f"can't handle {node} for arg of type {param.go_type}")
    value = _reading(node, noun)
    if value is None:
        raise GoError(f"expected {noun}; found {node}")
    return value


def constant_value(node: Bool | Number | String) -> Any:
    """Return a constant with the type that it has by itself.

    Raises:
        GoError: It is too large for an `int`.
    """
    value = node.default if isinstance(node, Number) else node.value
    if value is None:
        raise GoError(f"{node} overflows int")
    return value


def _reading(node: Bool | Number | String, noun: str) -> Any:
    """Return the constant as what that noun names, None where it is something else."""
    if isinstance(node, Number):
        readings = {
            "integer": node.as_int,
            "unsigned integer": node.as_uint,
            "float": node.as_float,
        }
        return readings.get(noun)
    return node.value if noun == ("string" if isinstance(node, String) else "bool") else None
