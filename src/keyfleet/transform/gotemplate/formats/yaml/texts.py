# SPDX-License-Identifier: Apache-2.0
"""YAML read into a map of texts by sigs.k8s.io/yaml: numbers and truth values become texts.

Source: compat/external-secrets.md 4.3, docs/compat/go-templates.md 20.3.
"""

import struct
from typing import Any, Final

from keyfleet.base.gofloats import float_text
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.yaml.decoding import decode_yaml
from keyfleet.transform.gotemplate.formats.yaml.dialect import V2
from keyfleet.transform.gotemplate.run import Run

_SINGLE_DIGITS: Final = 9
"""So many tell every number of single precision from its neighbours."""
_KEYS: Final = {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}


def text_map(run: Run, text: str) -> dict[str, str]:
    """Return the texts of the first document, by key; empty where there is none.

    Raises:
        GoError: It is no YAML, no mapping, or a value is a mapping or a list.
    """
    found = decode_yaml(run, text, V2)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise GoError("json: cannot unmarshal ", _kind(found), " into Go value of type map")
    run.step(len(found))
    return {_key(key): _value(value) for key, value in found.items()}


def single_text(number: float) -> str:
    """Return a number as Go writes it with single precision.

    >>> single_text(3.14159265), single_text(1e6), single_text(1e300)
    ('3.1415927', '1e+06', '+Inf')
    """
    single = _single(number)
    for digits in range(1, _SINGLE_DIGITS):
        short = float(f"{single:.{digits - 1}e}")
        if _single(short) == single:
            return float_text(short)
    return float_text(float(f"{single:.{_SINGLE_DIGITS - 1}e}"))


def _single(number: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _scalar(value: Any) -> str | None:
    """Return a scalar as text; None for what is none."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(int(value))
        case float():
            return single_text(value)
    return None


def _key(key: Any) -> str:
    found = _scalar(key)
    if found is None:
        raise GoError("unsupported map key of type: %!s(<nil>)")
    return _KEYS.get(found, found) if isinstance(key, float) else found


def _value(value: Any) -> str:
    found = "" if value is None else _scalar(value)
    if found is None:
        raise GoError("json: cannot unmarshal ", _kind(value), " into Go value of type string")
    return found


def _kind(value: Any) -> str:
    kinds = ((dict, "object"), (list, "array"), (str, "string"), (bool, "bool"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "number")
