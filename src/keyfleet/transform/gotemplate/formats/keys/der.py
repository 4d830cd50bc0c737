# SPDX-License-Identifier: Apache-2.0
"""ASN.1 in its distinguished encoding, as far as keys, certificates and PKCS#12 need it.

Written here so that what an untrusted file asks for (iterations of a key derivation, sizes of
numbers) is known before a library is let loose on it.
Source: ITU-T X.690.
"""

from string import ascii_letters, digits
from typing import Final, NamedTuple

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
BMP_STRING: Final = 0x1E
SEQUENCE: Final = 0x30
SET: Final = 0x31

_PRINTABLE: Final = frozenset(ascii_letters + digits + " '()+,-./:=?")


class DerError(ValueError):
    """Bytes that are not what they should be; without a piece of them."""


class Element(NamedTuple):
    """One value: its tag and its content."""

    tag: int
    content: bytes

    def children(self, tag: int = SEQUENCE, *, most: int = 64) -> list["Element"]:
        """Return the parts of a constructed value.

        Raises:
            DerError: It has another tag, is malformed or has too many parts.
        """
        content, at = self.expect(tag), 0
        found: list[Element] = []
        while at < len(content):
            if len(found) == most:
                raise DerError("too many elements")
            element, at = _read(content, at)
            found.append(element)
        return found

    def expect(self, tag: int) -> bytes:
        """Return the content of a value that has this tag.

        Raises:
            DerError: It has another.
        """
        if self.tag != tag:
            raise DerError("another type was expected")
        return self.content

    def number(self) -> int:
        """Return an INTEGER.

        Raises:
            DerError: It is none.
        """
        content = self.expect(INTEGER)
        if not content:
            raise DerError("an integer without digits")
        return int.from_bytes(content, signed=True)

    def oid(self) -> str:
        """Return an OBJECT IDENTIFIER in its dotted form.

        Raises:
            DerError: It is none.
        """
        return _dotted(self.expect(OID))


def context(number: int, *, is_constructed: bool = True) -> int:
    """Return the tag `[number]` of the context-specific class."""
    return (0xA0 if is_constructed else 0x80) | number


def read(raw: bytes) -> Element:
    """Return the one value that these bytes hold.

    Raises:
        DerError: They hold none, or more.
    """
    element, end = _read(raw, 0)
    if end != len(raw):
        raise DerError("trailing data")
    return element


def _read(raw: bytes, at: int) -> tuple[Element, int]:
    header = raw[at : at + 2]
    if len(header) < 2 or header[0] & 0x1F == 0x1F:
        raise DerError("syntax error")
    start, size = at + 2, header[1]
    if size & 0x80:
        octets = size & 0x7F
        if not 1 <= octets <= 4:  # 0 is the indefinite form of BER
            raise DerError("syntax error")
        size = int.from_bytes(raw[start : start + octets])
        start += octets
    if start + size > len(raw):
        raise DerError("data truncated")
    return Element(header[0], raw[start : start + size]), start + size


def _dotted(content: bytes) -> str:
    if not 0 < len(content) <= 64 or content[-1] & 0x80:
        raise DerError("not an object identifier")
    numbers, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def encode(tag: int, *contents: bytes) -> bytes:
    """Return a value with this tag, whose content is these bytes in a row."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = (size.bit_length() + 7) // 8
    return bytes((tag, 0x80 | octets)) + size.to_bytes(octets) + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE."""
    return encode(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """Return a SET OF, its parts in order."""
    return encode(SET, *sorted(parts))


def integer(number: int) -> bytes:
    """Return an INTEGER."""
    return encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, signed=True))


def octets(raw: bytes) -> bytes:
    """Return an OCTET STRING."""
    return encode(OCTET_STRING, raw)


def bits(raw: bytes, *, unused: int = 0) -> bytes:
    """Return a BIT STRING whose last bits may be unused."""
    return encode(BIT_STRING, bytes((unused,)), raw)


def null() -> bytes:
    """Return NULL."""
    return encode(NULL)


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second, *others = map(int, dotted.split("."))
    return encode(OID, b"".join(_base_128(n) for n in (40 * first + second, *others)))


def text(content: str) -> bytes:
    """Return a PrintableString, or a UTF8String where that does not do.

    Raises:
        DerError: The text is no UTF-8.
    """
    tag = PRINTABLE_STRING if _PRINTABLE.issuperset(content) else UTF8_STRING
    try:
        return encode(tag, content.encode())
    except UnicodeEncodeError:
        raise DerError("not valid UTF-8") from None


def _base_128(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(number & 0x7F | 0x80)
    return bytes(reversed(octets))
