# SPDX-License-Identifier: Apache-2.0
"""Sprout's base64, base32, hashes, random bytes, JSON and YAML.

Source: docs/compat/go-templates.md 18.
"""

import hashlib
from base64 import b64encode
from dataclasses import replace
from functools import partial
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.base64 import decode_standard
from keyfleet.transform.gotemplate.formats.encodings import base32_decoded
from keyfleet.transform.gotemplate.formats.json import decode_json, encode_json
from keyfleet.transform.gotemplate.formats.naming import named
from keyfleet.transform.gotemplate.formats.yaml import V3, decode_yaml_mapping, encode_yaml
from keyfleet.transform.gotemplate.functions.table import ANY, INT, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded, encoded

ENCODINGS: Final = Table()
_INDENTS: Final = range(2, 10)
"""What the YAML library takes as indentation; for all else it has one of its own."""


@ENCODINGS.function("base64Decode", params=(STRING,))
def base64_decode(text: str) -> str:
    """Return what is written in base64."""
    return decoded(named("base64 decode error", decode_standard, text))


@ENCODINGS.function("base32Decode", params=(STRING,), run=True)
def base32_decode(run: Run, text: str) -> str:
    """Return what is written in base32."""
    return str(named("base32 decode error", base32_decoded, run, text))


@ENCODINGS.function("md5Sum", "md5sum", params=(STRING,))
def md5_sum(text: str) -> str:
    """Return the text's MD5, which protects nothing."""
    return hashlib.md5(encoded(text), usedforsecurity=False).hexdigest()


@ENCODINGS.function("randBytes", params=(INT,), run=True)
def rand_bytes(run: Run, count: int) -> str:
    """Return so many random bytes in base64."""
    if count < 1:
        return ""
    run.will_make(2 * count)
    return b64encode(run.random.randbytes(count)).decode()


@ENCODINGS.function("fromJSON", "fromJson", "mustFromJson", params=(STRING,), run=True)
def from_json(run: Run, text: str) -> Any:
    """Return the value of a JSON document."""
    return named("json decode error", decode_json, run, text)


def _enter_json(*names: str, indent: str = "", escapes_html: bool = True) -> None:
    encode = partial(encode_json, indent=indent, escapes_html=escapes_html)

    @ENCODINGS.function(*names, params=(ANY,), run=True)
    def to_json(run: Run, value: Any) -> str:
        return str(named("json encode error", encode, run, value))


_enter_json("toJSON", "toJson", "mustToJson")
_enter_json("toPrettyJSON", "toPrettyJson", "mustToPrettyJson", indent="  ")
_enter_json("toRawJSON", "toRawJson", "mustToRawJson", escapes_html=False)


@ENCODINGS.function("fromYAML", "fromYaml", "mustFromYaml", params=(STRING,), run=True)
def from_yaml(run: Run, text: str) -> Any:
    """Return the mapping of a YAML document."""
    return named("yaml decode error", decode_yaml_mapping, run, text, V3)


@ENCODINGS.function("toYAML", "toYaml", "mustToYaml", params=(ANY,), run=True)
def to_yaml(run: Run, value: Any) -> str:
    """Return the value as YAML."""
    return to_indent_yaml(run, V3.indent, value)


@ENCODINGS.function("toIndentYAML", params=(INT, ANY), run=True)
def to_indent_yaml(run: Run, indent: int, value: Any) -> str:
    """Return the value as YAML with an indentation."""
    if indent < 0:
        raise GoError("yaml encode error: yaml: cannot indent to a negative number of spaces")
    width = indent if indent in _INDENTS else 2 if indent else V3.indent
    dialect = replace(V3, indent=width)
    text = str(named("yaml encode error", encode_yaml, run, value, dialect))
    return text.removesuffix("\n")
