# SPDX-License-Identifier: Apache-2.0
"""Private keys as Go's `crypto/x509` reads and writes them: RSA, ECDSA and Ed25519.

The structures are read here, so that a hostile key is measured before a library calculates with
it: a library checks the primes of an RSA key, which takes minutes where they are long enough.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.keys import der, pem
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing, within
from keyfleet.transform.gotemplate.run import Run

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

RSA: Final = "1.2.840.113549.1.1.1"
_EC: Final = "1.2.840.10045.2.1"
ED25519: Final = "1.3.101.112"
_CURVES: Final[Mapping[str, Callable[[], ec.EllipticCurve]]] = {
    "1.2.840.10045.3.1.7": ec.SECP256R1,
    "1.3.132.0.33": ec.SECP224R1,
    "1.3.132.0.34": ec.SECP384R1,
    "1.3.132.0.35": ec.SECP521R1,
}
_FORMATS: Final[Mapping[tuple[int, ...], str]] = {
    (der.INTEGER, der.INTEGER): "PKCS1",
    (der.INTEGER, der.SEQUENCE): "PKCS8",
    (der.INTEGER, der.OCTET_STRING): "EC",
}
"""How their structures begin, by the names of Go's parsers."""
_MALFORMED: Final = "asn1: structure error"
_MOST_BYTES: Final = 32 << 10
MOST_RSA_BITS: Final = 16_384
EC_STEPS: Final = 40
"""What one multiplication on a curve costs."""
_MOST_EXPONENT: Final = (1 << 31) - 1


def from_pkcs1(run: Run, raw: bytes) -> rsa.RSAPrivateKey:
    """Return the RSA key of a `RSA PRIVATE KEY` block.

    Raises:
        GoError: There is none.
    """
    with refusing(_MALFORMED):
        version, *numbers = (part.number() for part in _structure(raw, "PKCS1"))
        if version != 0:
            raise der.DerError("another version")
        return rsa_key(run, *numbers[:5])


def from_sec1(run: Run, raw: bytes, curve: str = "") -> ec.EllipticCurvePrivateKey:
    """Return the ECDSA key of an `EC PRIVATE KEY` block.

    Args:
        run: Pays.
        raw: The structure.
        curve: Its curve's object identifier, where that is known from elsewhere.

    Raises:
        GoError: There is none.
    """
    with refusing("x509: failed to parse EC private key: ", _MALFORMED):
        version, scalar, *others = _structure(raw, "EC")
        if version.number() != 1:
            raise der.DerError("another version")
        for part in others:
            if part.tag == der.context(0) and not curve:
                curve = der.read(part.content).oid()
        number = int.from_bytes(scalar.expect(der.OCTET_STRING))
        if curve not in _CURVES:
            raise GoError("x509: unknown elliptic curve")
        run.step(EC_STEPS)
        return ec.derive_private_key(number, _CURVES[curve]())


def from_pkcs8(run: Run, raw: bytes) -> PrivateKey:
    """Return the key of a `PRIVATE KEY` block.

    Raises:
        GoError: There is none, or one of another kind.
    """
    with refusing(_MALFORMED):
        _, algorithm, holder, *_ = _structure(raw, "PKCS8")
        name, *parameters = algorithm.children()
        key = holder.expect(der.OCTET_STRING)
        kind = name.oid()
        if kind == RSA:
            return from_pkcs1(run, key)
        if kind == _EC:
            with within("x509: failed to parse EC private key embedded in PKCS#8: "):
                return from_sec1(run, key, parameters[0].oid())
        if kind == ED25519:
            seed = der.read(key).expect(der.OCTET_STRING)
            return ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        raise GoError("x509: PKCS#8 wrapping contained private key with unknown algorithm")


def from_any(run: Run, raw: bytes) -> PrivateKey:
    """Return the key of one of the three structures.

    Raises:
        GoError: There is none.
    """
    for parse in (from_pkcs1, from_pkcs8, from_sec1):
        try:
            return parse(run, raw)
        except BudgetError:
            raise
        except GoError:
            continue
    raise GoError("unable to parse private key type")


def _structure(raw: bytes, wanted: str) -> list[der.Element]:
    """Return the parts of a structure, unless it is another one that keys have."""
    if len(raw) > _MOST_BYTES:
        raise der.DerError("no key is that long")
    parts = der.read(raw).children()
    found = _FORMATS.get(tuple(part.tag for part in parts[:2]), wanted)
    if found != wanted:
        raise GoError(
            f"x509: failed to parse private key (use Parse{found}PrivateKey instead for this key "
            "format)"
        )
    return parts


def rsa_key(run: Run, n: int, e: int, d: int, p: int, q: int) -> rsa.RSAPrivateKey:
    """Return the key of these numbers, which belong together.

    Raises:
        GoError: They do not, or are too large.
    """
    if n.bit_length() > MOST_RSA_BITS:
        raise GoError("crypto/rsa: key too large")
    run.step(n.bit_length() // 32)
    if not (1 < p < n and 1 < q < n and p * q == n):
        raise GoError("crypto/rsa: p * q != n")
    if not 1 < e <= _MOST_EXPONENT or not 0 < d < n:
        raise GoError("crypto/rsa: invalid exponents")
    if d * e % (p - 1) != 1 or d * e % (q - 1) != 1:
        raise GoError("crypto/rsa: d does not match dP")
    with refusing("crypto/rsa: invalid key"):
        numbers = rsa.RSAPrivateNumbers(
            p=p,
            q=q,
            d=d,
            dmp1=rsa.rsa_crt_dmp1(d, p),
            dmq1=rsa.rsa_crt_dmq1(d, q),
            iqmp=rsa.rsa_crt_iqmp(p, q),
            public_numbers=rsa.RSAPublicNumbers(e, n),
        )
        # What the check would look at besides the above is whether p and q are primes.
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def pkcs8(key: PrivateKey) -> bytes:
    """Return the key's `PRIVATE KEY` structure."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def spki(key: PublicKey) -> bytes:
    """Return the key's `PUBLIC KEY` structure."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def block_of(key: PrivateKey) -> pem.Block:
    """Return the key as the block that its own kind is usually written as."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return pem.Block(b"PRIVATE KEY", pkcs8(key))
    kind = b"RSA PRIVATE KEY" if isinstance(key, rsa.RSAPrivateKey) else b"EC PRIVATE KEY"
    raw = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return pem.Block(kind, raw)


def pay_for_use(run: Run, key: PrivateKey) -> None:
    """Pay for a signature or a decryption.

    With RSA it takes time with the third power of the size, and most where what a key says to be
    its primes are none.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        run.step(6 * (key.key_size // 512) ** 3)
    else:
        run.step(EC_STEPS)
