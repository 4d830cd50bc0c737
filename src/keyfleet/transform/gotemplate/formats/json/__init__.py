# SPDX-License-Identifier: Apache-2.0
"""JSON as Go's `encoding/json` reads and writes it, byte for byte and error for error.

`encode_json` gives the text of a Go value, `decode_json` the Go value of a text.
"""

from keyfleet.transform.gotemplate.formats.json.decoding import decode_json, decode_json_leniently
from keyfleet.transform.gotemplate.formats.json.encoding import encode_json

__all__ = ["decode_json", "decode_json_leniently", "encode_json"]
