# SPDX-License-Identifier: Apache-2.0
"""External Secrets' YAML, which never fails.

Source: docs/compat/go-templates.md 17, 20.2 and 20.3.
"""

from typing import Any

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.keys.jwk import json_type
from keyfleet.transform.gotemplate.formats.yaml import from_kubernetes_yaml, to_kubernetes_yaml
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.run import Run

YAML = Table()


@YAML.function("toYaml", params=(ANY,), run=True)
def to_yaml(run: Run, value: Any) -> str:
    """Return the value as YAML, nothing where it cannot be written."""
    try:
        return to_kubernetes_yaml(run, value).removesuffix("\n")
    except BudgetError:
        raise
    except GoError:
        return ""


@YAML.function("fromYaml", params=(STRING,), run=True)
def from_yaml(run: Run, text: str) -> dict[str, Any]:
    """Return the map that a YAML document holds, or one that says why there is none."""
    try:
        found = from_kubernetes_yaml(run, text)
    except BudgetError:
        raise
    except GoError as error:
        return {"Error": error.go_text()}
    if found is None:
        return {}
    return found if isinstance(found, dict) else {"Error": _no_map(found)}


def _no_map(found: Any) -> str:
    return (
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
        f"{json_type(found)} into Go value of type map[string]interface {{}}"
    )
