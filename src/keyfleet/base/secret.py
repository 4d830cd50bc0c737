# SPDX-License-Identifier: Apache-2.0
"""The only type that may hold a secret value.

A `SecretValue` refuses every way by which values usually leak: text conversion, formatting,
iteration, pickling, JSON. The one exit is `reveal`, and `scripts/check_reveal.py` lists the modules
that may call it.
"""

import hmac
from typing import Never, NoReturn


class SecretValue:
    """Hold secret bytes that no log, message or encoder can show."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """Return the bytes; only allow-listed modules may call this."""
        return self._value

    @property
    def size(self) -> int:
        """Length in bytes, which is public."""
        return len(self._value)

    def __repr__(self) -> str:
        return "SecretValue(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretValue):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    __hash__ = None  # type: ignore[assignment]  # a hash of a short secret can be searched

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        message = "a secret value cannot be pickled or copied out of the process"
        raise TypeError(message)

    def __getstate__(self) -> Never:
        message = "a secret value has no state to show"
        raise TypeError(message)
