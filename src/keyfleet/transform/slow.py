# SPDX-License-Identifier: Apache-2.0
"""The functions of templates that take seconds: a render with one of them runs in a thread."""

from typing import Final

_KEYS = ("genCA", "genCAWithKey", "genPrivateKey", "genSelfSignedCert", "genSelfSignedCertWithKey")
_SIGNED = ("genSignedCert", "genSignedCertWithKey")
_HASHES = ("bcrypt", "htpasswd", "derivePassword")
_PKCS12 = (
    "fullPemToPkcs12",
    "fullPemToPkcs12Pass",
    "pemToPkcs12",
    "pemToPkcs12Pass",
    "pemTruststoreToPKCS12",
    "pemTruststoreToPKCS12Pass",
    "pkcs12cert",
    "pkcs12certPass",
    "pkcs12key",
    "pkcs12keyPass",
)
_NAMES = (*_KEYS, *_SIGNED, *_HASHES, *_PKCS12)

SLOW: Final = frozenset(_NAMES) | {f"sprig_{name}" for name in _NAMES}
