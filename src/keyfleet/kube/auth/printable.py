# SPDX-License-Identifier: Apache-2.0
"""Texts from kubeconfigs, made safe for a terminal."""

import re

HINT_MAX = 500

_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]?"  # colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links
    r"|\x1b[ -/]*[0-~]?"
)


def printable(name: str) -> str:
    """Return a name with every character that a terminal would act on replaced.

    >>> printable("a" + chr(27) + "[31m")
    'a?[31m'
    """
    return "".join(char if char.isprintable() else "?" for char in name)


def without_escapes(text: str) -> str:
    r"""Return a hint as one or more plain lines: no escapes, no control or direction characters.

    >>> without_escapes("install\x1b[31m it\x07\n  now ")
    'install it\n  now'
    """
    plain = _ESCAPE.sub("", text)
    return "".join(char for char in plain if char == "\n" or char.isprintable())[:HINT_MAX].strip()
