# SPDX-License-Identifier: Apache-2.0
"""consul-template's JSON, YAML and TOML. Source: docs/compat/go-templates.md 19 and 20."""

from functools import partial
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.json import decode_json, encode_json
from keyfleet.transform.gotemplate.formats.letters import SPACE
from keyfleet.transform.gotemplate.formats.naming import named
from keyfleet.transform.gotemplate.formats.toml import to_toml
from keyfleet.transform.gotemplate.formats.yaml import V2, decode_yaml, encode_yaml
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.run import Run

DOCUMENTS: Final = Table()
_INDENT: Final = "  "


@DOCUMENTS.function("parseJSON", params=(STRING,), run=True)
def parse_json(run: Run, text: str) -> Any:
    """Return the value of a JSON document; an empty map of an empty text."""
    return decode_json(run, text) if text else {}


def _enter_json(name: str, *, indent: str, escapes_html: bool) -> None:
    encode = partial(encode_json, indent=indent, escapes_html=escapes_html)

    @DOCUMENTS.function(name, params=(ANY,), run=True)
    def to_json(run: Run, value: Any) -> str:
        return str(named(name, encode, run, value))


_enter_json("toJSON", indent="", escapes_html=True)
_enter_json("toJSONPretty", indent=_INDENT, escapes_html=True)
_enter_json("toUnescapedJSON", indent="", escapes_html=False)
_enter_json("toUnescapedJSONPretty", indent=_INDENT, escapes_html=False)


@DOCUMENTS.function("parseYAML", params=(STRING,), run=True)
def parse_yaml(run: Run, text: str) -> Any:
    """Return the value of a YAML document; an empty map of an empty text."""
    return decode_yaml(run, text, V2) if text else {}


@DOCUMENTS.function("toYAML", params=(ANY,), run=True)
def to_yaml(run: Run, value: Any) -> str:
    """Return the value as YAML."""
    return str(named("toYAML", encode_yaml, run, value, V2)).strip(SPACE)


@DOCUMENTS.function("toTOML", params=(ANY,), run=True)
def as_toml(run: Run, value: Any) -> str:
    """Return the value as TOML."""
    if value is None:
        raise GoError("reflect: call of reflect.Value.Type on zero Value")
    return str(named("toTOML", to_toml, run, value)).strip(SPACE)
