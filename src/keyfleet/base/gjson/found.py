# SPDX-License-Identifier: Apache-2.0
"""What was found: one JSON value, as it was written."""

from dataclasses import dataclass, field

from keyfleet.base.gofloats import format_float
from keyfleet.base.jsontext import BLANKS, unescaped


@dataclass(frozen=True, slots=True)
class Found:
    """One JSON value, without the blanks before it; it may be a secret, so it is not shown."""

    raw: bytes = field(repr=False)
    """Its source text; of the whole document also the blanks behind it, as in gjson."""

    @property
    def is_container(self) -> bool:
        """Tell whether it is an object or an array."""
        return self.raw[:1] in (b"{", b"[")

    @property
    def is_string(self) -> bool:
        """Tell whether it is a string."""
        return self.raw[:1] == b'"'

    @property
    def is_number(self) -> bool:
        """Tell whether it is a number."""
        return self.raw[:1] in b"-0123456789"

    def text(self) -> bytes:
        """Return a string without its quotes, a container and a whole number as written.

        Other numbers are written without an exponent; null is empty.
        Source: docs/compat/eso.md, "Properties".
        """
        if self.is_string:
            return unescaped(self.raw[1:-1])
        if self.raw == b"null":
            return b""
        if self.is_number and not self.raw.lstrip(b"-").isdigit():
            return format_float(float(self.raw), "f").encode()
        return self.raw


def whole(document: bytes) -> Found | None:
    """Return the value that a JSON document is; None for an empty one."""
    document = document.lstrip(BLANKS)
    if not document:
        return None
    found = Found(document)
    return found if found.is_container else Found(document.rstrip(BLANKS))
