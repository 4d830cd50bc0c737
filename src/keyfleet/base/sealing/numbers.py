# SPDX-License-Identifier: Apache-2.0
"""What the numbers of an RSA key have to be, and the name that they give it.

The library reads any numbers, to be used at one's own risk, or searches primes for 220 ms.
"""

import base64
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import rsa

from keyfleet.base.sealing.envelope import seal
from keyfleet.base.secret import SecretValue

BITS_MIN = 1024
"""Go refuses shorter keys, and so do we."""
BITS_MAX = 16384
"""A longer one takes seconds for each value."""
EXPONENT_MAX = 2**31 - 1
"""Go's greatest."""

_PROBE = SecretValue(b"probe")


def fingerprint_of(key: rsa.RSAPublicKey) -> str:
    """Return what `ssh-keygen -l` calls a key: `SHA256:` and 43 characters."""
    numbers = key.public_numbers()
    blob = b"".join(map(_field, (b"ssh-rsa", _mpint(numbers.e), _mpint(numbers.n))))
    return "SHA256:" + base64.b64encode(sha256(blob).digest()).decode().rstrip("=")


def is_usable(key: rsa.RSAPublicKey) -> bool:
    """Tell whether values can be sealed with a key."""
    numbers = key.public_numbers()
    if not BITS_MIN <= key.key_size <= BITS_MAX or not 1 < numbers.e <= EXPONENT_MAX:
        return False
    try:
        seal(key, _PROBE, b"")
    except ValueError:
        return False
    return True


def fit(key: rsa.RSAPrivateKey) -> bool:
    """Tell whether a key's numbers fit each other, and it opens what is sealed for it.

    Where only some fit, OpenSSL still opens, by a detour that takes four times as long.
    """
    public = key.public_key()
    return is_usable(public) and _agree(key.private_numbers()) and _opens(key, public)


def _agree(numbers: rsa.RSAPrivateNumbers) -> bool:
    p, q, d = numbers.p, numbers.q, numbers.d
    n, e = numbers.public_numbers.n, numbers.public_numbers.e
    return (
        min(p, q) > 1
        and n == p * q
        and d < n
        and e * d % (p - 1) == 1
        and e * d % (q - 1) == 1
        and (numbers.dmp1, numbers.dmq1) == (d % (p - 1), d % (q - 1))
        and numbers.iqmp * q % p == 1
    )


def _opens(key: rsa.RSAPrivateKey, public: rsa.RSAPublicKey) -> bool:
    return seal(public, _PROBE, b"").open(key, b"") == _PROBE


def _mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _field(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content
