# SPDX-License-Identifier: Apache-2.0
"""Strings and brackets in a path, and texts as JSON strings."""

from typing import Final

from keyfleet.base.gojson import HTML_ESCAPES
from keyfleet.base.jsontext import STRANGERS

_ESCAPES: Final = HTML_ESCAPES | STRANGERS


def string_end(path: bytes, at: int) -> int:
    """Return where the string ends that begins here; the path's end where it does not."""
    at += 1
    while at < len(path):
        if path[at] == ord('"'):
            return at + 1
        at += 2 if path[at] == ord("\\") else 1
    return len(path)


def bracket_end(path: bytes, at: int) -> int:
    """Return where the brackets or the string end that begin here; the path's end else."""
    depth = 0
    while at < len(path):
        letter = path[at]
        if letter == ord('"'):
            at = string_end(path, at) - 1
        elif letter in b"{[(":
            depth += 1
        elif letter in b"}])":
            depth -= 1
        if depth == 0:
            return at + 1
        at += 1
    return len(path)


def quoted(text: bytes) -> bytes:
    """Return a text as a JSON string; foreign bytes become U+FFFD."""
    characters = text.decode("utf-8", "surrogateescape").translate(_ESCAPES)
    return f'"{characters}"'.encode()
