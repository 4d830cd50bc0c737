# SPDX-License-Identifier: Apache-2.0
"""Standard base64 exactly as Go's decoder takes it, with the position that it tells.

Line ends may stand anywhere and trailing bits may be any; nothing else may be wrong.
"""

import binascii
import re

from keyfleet.base.errors import InvalidInputError

_LINE_ENDS = re.compile(rb"[\r\n]*")
_GOOD = re.compile(rb"[A-Za-z0-9+/\r\n]*")
_QUANTUM = 4
_PAD = b"="


def decode_base64(text: str) -> bytes:
    """Return the bytes.

    Raises:
        InvalidInputError: `sealing.base64`, with the position that Go tells, in bytes of UTF-8.
    """
    raw = text.encode("utf-8", "surrogatepass")
    fault = _fault(raw)
    if fault is None:
        return binascii.a2b_base64(raw.translate(None, b"\r\n"))
    message = f"illegal base64 data at input byte {fault}"
    raise InvalidInputError("sealing.base64", message)


def _fault(raw: bytes) -> int | None:
    """Return where Go sees what cannot be; None where all can be."""
    end = _end(_GOOD, raw, 0)
    over = (end - raw.count(b"\r", 0, end) - raw.count(b"\n", 0, end)) % _QUANTUM
    if end == len(raw):
        return end - over if over else None
    if raw[end : end + 1] != _PAD or over < 2:
        return end
    return _fault_of_padding(raw, end, missing=_QUANTUM - over)


def _fault_of_padding(raw: bytes, first: int, missing: int) -> int | None:
    after = _end(_LINE_ENDS, raw, first + 1)
    if missing > 1:
        if raw[after : after + 1] != _PAD:
            return after if after == len(raw) else after - 1
        after = _end(_LINE_ENDS, raw, after + 1)
    return None if after == len(raw) else after


def _end(pattern: re.Pattern[bytes], raw: bytes, start: int) -> int:
    found = pattern.match(raw, start)
    return found.end() if found else start
