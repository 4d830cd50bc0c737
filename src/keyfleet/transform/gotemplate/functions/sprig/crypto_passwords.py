# SPDX-License-Identifier: Apache-2.0
"""Sprig's hashes for password files, and passwords derived from one master password.

Source: docs/compat/go-templates.md 16.11.
"""

from base64 import b64encode
from hashlib import scrypt, sha256
from hmac import digest
from typing import Final

from bcrypt import hashpw

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing
from keyfleet.transform.gotemplate.functions.table import INT, STRING, Param, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import encoded, joined, length

PASSWORDS = Table()

_LONGEST: Final = 72
_BCRYPT_PREFIX: Final = b"$2a$10$"
_BCRYPT_DIGITS: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)


@PASSWORDS.function("bcrypt", params=(STRING,), run=True)
def bcrypt(run: Run, password: str) -> str:
    """Return the password's bcrypt hash, or as text why there is none."""
    if length(password) > _LONGEST:
        return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
    run.hash_slowly()
    salt = b64encode(run.random.randbytes(16)).translate(_BCRYPT_DIGITS, b"=")
    with refusing("failed to encrypt string with bcrypt"):
        return hashpw(encoded(password), _BCRYPT_PREFIX + salt).decode()


@PASSWORDS.function("htpasswd", params=(STRING, STRING), run=True)
def htpasswd(run: Run, user: str, password: str) -> str:
    """Return a line of a password file, or as text that the name cannot stand in one."""
    if ":" in user:
        return f"invalid username: {user}"
    return joined(user, ":", bcrypt(run, password))


@PASSWORDS.function("randBytes", params=(INT,), run=True)
def random_bytes(run: Run, count: int) -> str:
    """Return random bytes in base64."""
    if count < 0:
        raise GoError("runtime error: makeslice: len out of range")
    run.will_make(count + count // 3 + 4)
    return b64encode(run.random.randbytes(count)).decode()


UINT32 = Param("uint32", (int, float))
_SCOPE: Final = b"com.lyndir.masterpassword"

_LONG = """
    CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno
    CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno
    CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno
    CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno
"""
_TEMPLATES: Final = {
    "maximum": ("anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"),
    "long": tuple(_LONG.split()),
    "medium": ("CvcnoCvc", "CvcCvcno"),
    "short": ("Cvcn",),
    "basic": ("aaanaaan", "aannaaan", "aaannaaa"),
    "pin": ("nnnn",),
}
_LETTERS: Final = "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_CLASSES: Final = {
    "V": "AEIOU",
    "C": "BCDFGHJKLMNPQRSTVWXYZ",
    "v": "aeiou",
    "c": "bcdfghjklmnpqrstvwxyz",
    "A": "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
    "a": _LETTERS,
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": _LETTERS + "0123456789!@#$%^&*()",
}


@PASSWORDS.function("derivePassword", params=(UINT32, STRING, STRING, STRING, STRING), run=True)
def derive_password(
    run: Run, counter: float, kind: str, password: str, user: str, site: str
) -> str:
    """Return the password for a site, of the Master Password algorithm."""
    templates = _TEMPLATES.get(kind)
    if templates is None:
        return f"cannot find password template {kind}"
    number = _uint32(counter)
    run.hash_slowly()
    salt = _SCOPE + _counted(encoded(user))
    with refusing("failed to derive key"):
        key = scrypt(encoded(password), salt=salt, n=1 << 15, r=8, p=2, maxmem=64 << 20, dklen=64)
    seed = digest(key, _SCOPE + _counted(encoded(site)) + number.to_bytes(4), sha256)
    template = templates[seed[0] % len(templates)]
    classes = (_CLASSES[letter] for letter in template)
    return "".join(found[seed[at] % len(found)] for at, found in enumerate(classes, 1))


def _counted(raw: bytes) -> bytes:
    return len(raw).to_bytes(4) + raw


def _uint32(number: float) -> int:
    if number < 0 or not float(number).is_integer():
        raise GoError("expected unsigned integer; found ", Data(str(number)))
    return int(number) & 0xFFFF_FFFF
