# SPDX-License-Identifier: Apache-2.0
"""Subjects of certificates as Go's `pkix.Name` prints them: known attributes in its own order.

Source: RFC 4514.
"""

from collections import defaultdict
from typing import Final

from keyfleet.transform.gotemplate.formats.keys import der
from keyfleet.transform.gotemplate.formats.keys.der import Element

_SHORT: Final = {
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.3": "CN",
    "2.5.4.11": "OU",
    "2.5.4.10": "O",
    "2.5.4.17": "POSTALCODE",
    "2.5.4.9": "STREET",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.6": "C",
}
"""Attributes by their identifiers, in the order in which they are printed."""
_ONLY_LAST: Final = frozenset({"2.5.4.3", "2.5.4.5"})
_ESCAPED: Final = frozenset(',+"\\<>;')


def name_text(raw: bytes) -> str:
    """Return an encoded name as text.

    Raises:
        DerError: It is no name.
    """
    values, others = defaultdict[str, list[Element]](list), []
    for relative in der.read(raw).children():
        for attribute in relative.children(der.SET):
            kind, value = attribute.children()
            if (oid := kind.oid()) in _SHORT:
                values[oid].append(value)
            else:
                others.append(_other(oid, value))
    known = ["+".join(_known(oid, values[oid])) for oid in _SHORT if oid in values]
    return ",".join(known + others[::-1])


def _known(oid: str, values: list[Element]) -> list[str]:
    used = values[-1:] if oid in _ONLY_LAST else values
    return [f"{_SHORT[oid]}={_escaped(_text(value))}" for value in used]


def _other(oid: str, value: Element) -> str:
    """Return an attribute without a short name: its value encoded anew, in hexadecimal."""
    is_text = value.tag in (der.UTF8_STRING, der.PRINTABLE_STRING)
    raw = der.text(_text(value)) if is_text else der.encode(value.tag, value.content)
    return f"{oid}=#{raw.hex()}"


def _text(value: Element) -> str:
    if value.tag == der.BMP_STRING:
        return value.content.decode("utf-16-be", "replace")
    return value.content.decode("utf-8", "replace")


def _escaped(text: str) -> str:
    last = len(text) - 1
    return "".join(
        f"\\{character}" if _is_special(character, at, last) else character
        for at, character in enumerate(text)
    )


def _is_special(character: str, at: int, last: int) -> bool:
    if character == " ":
        return at in (0, last)
    return character in _ESCAPED or (character == "#" and at == 0)
