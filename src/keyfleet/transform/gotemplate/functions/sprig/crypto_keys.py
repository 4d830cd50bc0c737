# SPDX-License-Identifier: Apache-2.0
"""Sprig's private keys: new ones, and those that a template hands in.

Source: docs/compat/go-templates.md 16.11.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.keys import pem
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing, within
from keyfleet.transform.gotemplate.formats.keys.private_keys import (
    PrivateKey,
    block_of,
    from_pkcs1,
    from_pkcs8,
    from_sec1,
)
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded, encoded

KEYS = Table()

_BITS: Final = 4096


@KEYS.function("genPrivateKey", params=(STRING,), run=True)
def generate_private_key(run: Run, kind: str) -> str:
    """Return a new key's PEM block, or as text that there is no such kind."""
    match kind:
        case "" | "rsa":
            return text_of(new_rsa(run, _BITS))
        case "ecdsa":
            run.generate_key()
            return text_of(ec.generate_private_key(ec.SECP256R1()))
        case "ed25519":
            run.generate_key()
            return text_of(ed25519.Ed25519PrivateKey.generate())
        case "dsa":
            raise GoError("keys of type dsa are not supported")
        case _:
            return f"Unknown type {kind}"


def new_rsa(run: Run, bits: int) -> rsa.RSAPrivateKey:
    """Return a new RSA key."""
    run.generate_key()
    with refusing("failed to generate private key"):
        return rsa.generate_private_key(65537, bits)


def text_of(key: PrivateKey) -> str:
    """Return a key's PEM block."""
    return decoded(pem.encoded(block_of(key)))


def key_of(run: Run, text: str) -> PrivateKey:
    """Return the key of a text's first PEM block.

    Raises:
        GoError: There is no block, or no key in it.
    """
    block, _ = pem.next_block(run, encoded(text))
    if block is None:
        raise GoError("no PEM data in input")
    found = _STRUCTURES.get(block.kind)
    if found is None:
        raise GoError("no private key data in PEM block of type ", Data(decoded(block.kind)))
    what, parse = found
    with within(what):
        return parse(run, block.body)


_STRUCTURES: Final[Mapping[bytes, tuple[str, Callable[[Run, bytes], PrivateKey]]]] = {
    b"PRIVATE KEY": ("decoding PEM as PKCS#8: ", from_pkcs8),
    b"RSA PRIVATE KEY": ("parsing RSA private key from PEM: ", from_pkcs1),
    b"EC PRIVATE KEY": ("parsing EC private key from PEM: ", from_sec1),
}
