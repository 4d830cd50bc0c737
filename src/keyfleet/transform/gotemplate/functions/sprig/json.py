# SPDX-License-Identifier: Apache-2.0
"""Sprig's JSON functions; their `must` twins fail where they give nil or an empty string.

Source: docs/compat/go-templates.md 16.5.
"""

from collections.abc import Callable
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.json import (
    decode_json,
    decode_json_leniently,
    encode_json,
)
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.run import Run

JSON: Final = Table()

JSON.function("fromJson", params=(STRING,), run=True)(decode_json_leniently)


@JSON.function("mustFromJson", params=(STRING,), run=True)
def must_from_json(run: Run, text: str) -> Any:
    """Return the value of a JSON text."""
    return decode_json(run, text)


@JSON.function("toJson", params=(ANY,), run=True)
def to_json(run: Run, value: Any) -> str:
    """Return the value as compact JSON; an empty string when it has none."""
    return _or_empty(must_to_json, run, value)


@JSON.function("toPrettyJson", params=(ANY,), run=True)
def to_pretty_json(run: Run, value: Any) -> str:
    """Return the value as indented JSON; an empty string when it has none."""
    return _or_empty(must_to_pretty_json, run, value)


def _or_empty(encode: Callable[[Run, Any], str], run: Run, value: Any) -> str:
    try:
        return encode(run, value)
    except BudgetError:
        raise
    except GoError:
        return ""


@JSON.function("mustToJson", params=(ANY,), run=True)
def must_to_json(run: Run, value: Any) -> str:
    """Return the value as compact JSON."""
    return encode_json(run, value)


@JSON.function("mustToPrettyJson", params=(ANY,), run=True)
def must_to_pretty_json(run: Run, value: Any) -> str:
    """Return the value as JSON indented by two spaces."""
    return encode_json(run, value, indent="  ")


@JSON.function("toRawJson", "mustToRawJson", params=(ANY,), run=True)
def to_raw_json(run: Run, value: Any) -> str:
    """Return the value as compact JSON with `<`, `>` and `&` as they are."""
    return encode_json(run, value, escapes_html=False)
