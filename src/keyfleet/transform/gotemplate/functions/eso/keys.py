# SPDX-License-Identifier: Apache-2.0
"""External Secrets' functions of keys: JSON Web Keys into PEM, and decryption with RSA.

Source: docs/compat/go-templates.md 17.
"""

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.keys import jwk, pem
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing, within
from keyfleet.transform.gotemplate.formats.keys.private_keys import from_any, pay_for_use
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded, encoded

KEYS = Table()

_HASHES: Final = {"SHA1": hashes.SHA1, "SHA512": hashes.SHA512}


@KEYS.function("jwkPublicKeyPem", params=(STRING,), run=True)
def public_pem(run: Run, text: str) -> str:
    """Return a public JSON Web Key in PEM."""
    raw = jwk.public_der(run, jwk.parse(run, text))
    return decoded(pem.encoded(pem.Block(b"PUBLIC KEY", raw)))


@KEYS.function("jwkPrivateKeyPem", params=(STRING,), run=True)
def private_pem(run: Run, text: str) -> str:
    """Return a private JSON Web Key in PEM."""
    raw = jwk.private_der(run, jwk.parse(run, text))
    return decoded(pem.encoded(pem.Block(b"PRIVATE KEY", raw)))


@KEYS.function("rsaDecrypt", params=(STRING, STRING, STRING, STRING), run=True)
def decrypt(run: Run, scheme: str, hashing: str, secret: str, key: str) -> str:
    """Return what was encrypted for an RSA key."""
    if scheme == "None":
        return secret
    if scheme != "RSA-OAEP":
        raise GoError("decryption scheme ", Data(scheme), " is not supported")
    private = _private(run, key)
    pay_for_use(run, private)
    kind = _HASHES.get(hashing, hashes.SHA256)
    with refusing("error decrypting data with RSA: crypto/rsa: decryption error"):
        padding = OAEP(mgf=MGF1(kind()), algorithm=kind(), label=None)
        return decoded(private.decrypt(encoded(secret), padding))


def _private(run: Run, text: str) -> RSAPrivateKey:
    block, _ = pem.next_block(run, encoded(text))
    if block is None:
        raise GoError("failed to decode PEM block")
    with within("could not parse private key: "):
        found = from_any(run, block.body)
    if not isinstance(found, RSAPrivateKey):
        raise GoError("could not parse RSA private key")
    return found
