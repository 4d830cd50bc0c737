# SPDX-License-Identifier: Apache-2.0
"""Go's `fmt`: the text of any value under any verb, and formats made of verbs.

`directive` is one verb with its flags; `integers`, `floats` and `texts` say what a verb makes of a
plain value, `printer` what it makes of any value; `formats` is `printf`.
"""

from keyfleet.transform.gotemplate.formatting.formats import sprintf

__all__ = ["sprintf"]
