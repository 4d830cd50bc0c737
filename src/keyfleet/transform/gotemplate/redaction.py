# SPDX-License-Identifier: Apache-2.0
"""Takes values out of an error's message: the net under functions that forget `Data`.

Source: docs/compat/go-templates.md 14.
"""

from collections.abc import Iterator
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import REDACTED
from keyfleet.transform.gotemplate.formats.quoting import escaped
from keyfleet.transform.gotemplate.values import GoObject

_SHORTEST: Final = 4
"""Characters of a value that is looked for; shorter ones stand in any text."""


def redacted(message: str, root: Any, source: str) -> str:
    """Return the message without the data's values, except those that the source holds too."""
    for value in sorted(set(_texts(root, len(message))), key=len, reverse=True):
        if value in message and value not in source:
            message = message.replace(value, REDACTED)
    return message


def _texts(root: Any, longest: int) -> Iterator[str]:
    """Give the text of every value, as it is and as Go quotes it."""
    rest, seen = [root], set[int]()
    while rest:
        value = rest.pop()
        if isinstance(value, list | dict | GoObject):
            if id(value) not in seen:
                seen.add(id(value))
                rest.extend(_parts(value))
        elif value is not None and _SHORTEST <= len(text := str(value)) <= longest:
            yield from {text, escaped(text)}


def _parts(value: list[Any] | dict[Any, Any] | GoObject) -> Iterator[Any]:
    if isinstance(value, GoObject):
        value = dict(value.fields())
    return iter(value.values() if isinstance(value, dict) else value)
