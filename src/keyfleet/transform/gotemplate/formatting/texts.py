# SPDX-License-Identifier: Apache-2.0
"""Strings, bytes and booleans in `printf`.

Source: docs/compat/go-templates.md 13.
"""

from keyfleet.transform.gotemplate.formats.quoting import can_be_raw, quoted, quoted_ascii
from keyfleet.transform.gotemplate.formatting.directive import Directive
from keyfleet.transform.gotemplate.values import encoded


def boolean_text(flag: bool, how: Directive) -> str | None:
    """Return the boolean as the verb writes it, None if the verb is not for booleans."""
    return how.padded("true" if flag else "false") if how.verb in "tv" else None


def string_text(text: str, how: Directive) -> str | None:
    """Return the string as the verb writes it, None if the verb is not for strings."""
    match how.verb:
        case "v" if how.is_syntax:
            return quoted_text(text, how)
        case "v" | "s":
            return how.padded(text if how.precision is None else text[: how.precision])
        case "q":
            return quoted_text(text, how)
        case "x" | "X":
            return hexadecimal_text(encoded(text), how)
    return None


def quoted_text(text: str, how: Directive) -> str:
    """Return `%q` of a string."""
    text = text if how.precision is None else text[: how.precision]
    if how.sharp and can_be_raw(text):
        return how.padded(f"`{text}`")
    return how.padded(quoted_ascii(text) if how.plus else quoted(text))


def hexadecimal_text(raw: bytes, how: Directive) -> str:
    """Return `%x` or `%X` of bytes."""
    raw = raw if how.precision is None else raw[: how.precision]
    text = raw.hex(" ") if how.space else raw.hex()
    if how.verb == "X":
        text = text.upper()
    if how.sharp and raw:
        prefix = "0" + how.verb
        text = prefix + text.replace(" ", " " + prefix)
    return how.padded(text)
