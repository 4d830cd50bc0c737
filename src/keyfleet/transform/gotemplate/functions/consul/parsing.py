# SPDX-License-Identifier: Apache-2.0
"""consul-template's parsers and writers of numbers and documents.

An empty text is zero, false or an empty map. Source: docs/compat/go-templates.md 19.
"""

from typing import Final

from keyfleet.transform.gotemplate.formats import strconv
from keyfleet.transform.gotemplate.formats.naming import named
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.values import Int64, Uint64

PARSING: Final = Table()


@PARSING.function("parseBool", params=(STRING,))
def parse_bool(text: str) -> bool:
    """Return the boolean that is written there."""
    return bool(text) and bool(named("parseBool", strconv.parse_bool, text))


@PARSING.function("parseFloat", params=(STRING,))
def parse_float(text: str) -> float:
    """Return the float that is written there."""
    return float(named("parseFloat", strconv.parse_float, text)) if text else 0.0


@PARSING.function("parseInt", params=(STRING,))
def parse_int(text: str) -> Int64:
    """Return the integer that is written there."""
    return Int64(named("parseInt", strconv.parse_int, text) if text else 0)


@PARSING.function("parseUint", params=(STRING,))
def parse_uint(text: str) -> Uint64:
    """Return the unsigned integer that is written there."""
    return Uint64(named("parseUint", strconv.parse_uint, text) if text else 0)
