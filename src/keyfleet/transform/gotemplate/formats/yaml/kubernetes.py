# SPDX-License-Identifier: Apache-2.0
"""YAML as sigs.k8s.io/yaml does it: whatever is written or read has been JSON in between.

Source: docs/compat/go-templates.md 17, 20.2, 20.3.
"""

import math
from typing import Any, Final

from keyfleet.base.gofloats import float_text
from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.json import encode_json
from keyfleet.transform.gotemplate.formats.yaml.decoding import decode_yaml
from keyfleet.transform.gotemplate.formats.yaml.dialect import V2
from keyfleet.transform.gotemplate.formats.yaml.encoding import encode_yaml
from keyfleet.transform.gotemplate.printing import printed
from keyfleet.transform.gotemplate.run import Run

_READING: Final = "error converting YAML to JSON: "


def to_kubernetes_yaml(run: Run, value: Any) -> str:
    """Return the value as YAML, with a newline at the end.

    Raises:
        GoError: JSON cannot hold it.
    """
    return encode_yaml(run, decode_yaml(run, encode_json(run, value), V2), V2)


def from_kubernetes_yaml(run: Run, text: str) -> Any:
    """Return the value of the first document, with the types of JSON: every number a float.

    Raises:
        GoError: It is not YAML, or JSON cannot hold it.
    """
    try:
        return _json_value(run, decode_yaml(run, text, V2))
    except GoError as error:
        raise type(error)(_READING, *error.parts) from None


def _json_value(run: Run, value: Any) -> Any:
    if isinstance(value, dict):
        run.step(len(value))
        return {_json_key(run, key, item): _json_value(run, item) for key, item in value.items()}
    if isinstance(value, list):
        run.step(len(value))
        return [_json_value(run, item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise GoError("json: unsupported value: ", Data(float_text(value)))
        return float(value)
    return value


def _json_key(run: Run, key: Any, value: Any) -> str:
    match key:
        case str():
            return key
        case bool():
            return "true" if key else "false"
        case int():
            return str(int(key))
        case float():
            return _FLOAT_KEYS.get(float_text(key)) or float_text(key)
    raise GoError(
        "unsupported map key of type: %!s(<nil>), key: <nil>, value: ", Data(printed(value, run))
    )


_FLOAT_KEYS: Final = {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}
