# SPDX-License-Identifier: Apache-2.0
"""The blocks of a PEM text, as leniently as Go reads them: other text around, headers within."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_BLOCK = re.compile(
    rb"^-----BEGIN (?P<name>[A-Z0-9 ]+)-----[ \t]*\r?\n"
    rb"(?P<headers>(?:[^\n:-][^\n:]*:[^\n]*\n)*)"
    rb"(?P<body>[^-:]*)"
    rb"^-----END (?P=name)-----",
    re.MULTILINE,
)
"""No part can match what the next one does, so that a hostile text takes no longer than another."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block."""

    name: bytes
    """Such as `RSA PRIVATE KEY`."""
    has_headers: bool
    pem: bytes
    """The block alone, without its headers."""


def blocks(text: bytes, names: Collection[bytes]) -> Iterator[Block]:
    """Return the blocks of those names, in order."""
    for found in _BLOCK.finditer(text):
        name, headers, body = found["name"], found["headers"], found["body"]
        if name in names:
            pem = b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (name, body.strip(), name)
            yield Block(name, bool(headers), pem)
