# SPDX-License-Identifier: Apache-2.0
"""Secret values that give themselves away.

Every secret in a test starts with `CANARY_PREFIX`. Whoever then searches an output (a log, a
metric, a status, an answer) for the prefix knows whether a value leaked, whatever the value was. In
a Kubernetes object a value travels as base64, which hides the prefix: encoded forms count too.
"""

import base64

CANARY_PREFIX = "kf-canary-"


def canary(name: str) -> bytes:
    """Return a secret value for a test, the same for the same `name`.

    >>> canary("db-password")
    b'kf-canary-db-password'
    """
    return f"{CANARY_PREFIX}{name}".encode()


def _aligned_base64(text: bytes, before: int) -> str:
    """Return what base64 of `text` looks like behind `before` other bytes, and before any.

    Base64 codes 3 bytes as 4 characters, so there are three alignments. A character that mixes bits
    of the text with bits of its neighbours is cut off: what stays is the same in every context.
    """
    first_bit, last_bit = before * 8, (before + len(text)) * 8
    encoded = base64.b64encode(bytes(before) + text + b"\0\0").decode()
    return encoded[-(-first_bit // 6) : last_bit // 6]


_BASE64 = tuple(_aligned_base64(CANARY_PREFIX.encode(), before) for before in range(3))
_FORMS = (
    CANARY_PREFIX,
    CANARY_PREFIX.encode().hex(),
    *_BASE64,
    *(form.translate(str.maketrans("+/", "-_")) for form in _BASE64),
)


def find_canary(text: str | bytes) -> bool:
    """Return whether a canary shows in `text`: plain, base64 (both alphabets) or hexadecimal.

    White space does not count, so a value wrapped over two lines is found as well.

    >>> find_canary("token=kf-canary-1"), find_canary("InSync 3f2a91c0")
    (True, False)
    """
    shown = text.decode(errors="replace") if isinstance(text, bytes) else text
    squeezed = "".join(shown.split())
    return any(form in squeezed for form in _FORMS)
