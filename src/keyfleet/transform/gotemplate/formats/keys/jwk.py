# SPDX-License-Identifier: Apache-2.0
"""JSON Web Keys, as the Go library that External Secrets uses reads them, made into DER.

Source: RFC 7517, RFC 7518; docs/compat/go-templates.md 17.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.base64 import decode_url
from keyfleet.transform.gotemplate.formats.json.decoding import decode_json
from keyfleet.transform.gotemplate.formats.keys import der
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing, within
from keyfleet.transform.gotemplate.formats.keys.private_keys import (
    EC_STEPS,
    ED25519,
    MOST_RSA_BITS,
    RSA,
    pkcs8,
    rsa_key,
    spki,
)
from keyfleet.transform.gotemplate.run import Run

_GO_TYPES: Final = {"RSA": "*rsa", "EC": "*ecdsa"}
_OKP_TYPES: Final = {"Ed25519": "ed25519", "X25519": "x25519"}
_FIELDS: Final = {
    "RSA": ("d", "e", "n", "p", "q"),
    "EC": ("crv", "d", "x", "y"),
    "OKP": ("crv", "d", "x"),
}
_OF_PRIVATE_KEYS: Final = frozenset({"d", "p", "q"})
_LIBRARY_NAMES: Final = {"RSA": "rsa", "EC": "ecdsa", "OKP": "okp"}
_CURVES: Final[Mapping[str, Callable[[], ec.EllipticCurve]]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
}
_KNOWN_CURVES: Final[Mapping[str, Collection[str]]] = {"EC": _CURVES, "OKP": _OKP_TYPES}
_HINT: Final = (
    r"""Go value of type struct { Kty string "json:\"kty\""; D json.RawMessage "json:\"d\"" }"""
)
_TO_URL: Final = str.maketrans("+/", "-_", "=")


class Key(NamedTuple):
    """A key as it is written."""

    kind: str
    """`kty`: RSA, EC, OKP or oct."""
    fields: Mapping[str, Any]
    is_private: bool

    @property
    def go_type(self) -> str:
        """Return the type that Go's library makes of it."""
        if self.kind == "oct":
            return "[]uint8"
        name = _GO_TYPES.get(self.kind) or _OKP_TYPES[self.fields["crv"]]
        return f"{name}.{'PrivateKey' if self.is_private else 'PublicKey'}"

    def raw(self, name: str) -> bytes:
        """Return the bytes of a field; none where it is missing.

        Raises:
            GoError: It is no base64.
        """
        text = self.fields.get(name) or ""
        try:
            return decode_url(text.translate(_TO_URL), is_padded=False)
        except GoError:
            raise GoError(
                f"{self._where}failed to decode value for key {name}: "
                "expected base64 encoded []byte (string)"
            ) from None

    def number(self, name: str) -> int:
        """Return the number in a field."""
        return int.from_bytes(self.raw(name))

    def check(self) -> None:
        """Refuse a key without what its kind has to have.

        Raises:
            GoError: In the library's words.
        """
        for name in _FIELDS.get(self.kind, ("k",)):
            value = self.fields.get(name)
            if value is not None and not isinstance(value, str):
                raise GoError(
                    f"{self._where}failed to decode value for key {name}: error reading next "
                    f"value: json: cannot unmarshal {json_type(value)} into Go value of type "
                    "string"
                )
            if value is None and name not in _OF_PRIVATE_KEYS:
                raise GoError(f"{self._where}required field {name} is missing")
            if name != "crv":
                self.raw(name)
        known = _KNOWN_CURVES.get(self.kind)
        if known is not None and self.fields["crv"] not in known:
            raise GoError(
                "failed to build public key: invalid curve algorithm ", Data(self.fields["crv"])
            )

    @property
    def _where(self) -> str:
        half = "Private" if self.is_private else "Public"
        name = f"{_LIBRARY_NAMES[self.kind]}{half}" if self.kind != "oct" else "symmetric"
        return f"failed to unmarshal JSON into key (*jwk.{name}Key): "


def parse(run: Run, text: str) -> Key:
    """Return the key of a JSON text.

    Raises:
        GoError: It is none.
    """
    hint = "failed to unmarshal JSON into key hint: "
    with within(hint):
        fields = decode_json(run, text)
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        raise GoError(f"{hint}json: cannot unmarshal {json_type(fields)} into {_HINT}")
    kind = fields.get("kty") or ""
    if not isinstance(kind, str):
        raise GoError(
            f"{hint}json: cannot unmarshal {json_type(kind)} into Go struct field .kty of type "
            "string"
        )
    if kind not in _FIELDS and kind != "oct":
        raise GoError("invalid key type from JSON (", Data(kind), ")")
    key = Key(kind, fields, "d" in fields and kind != "oct")
    key.check()
    return key


def json_type(value: Any) -> str:
    """Return what Go's decoder calls a value of JSON."""
    names = {bool: "bool", str: "string", float: "number", list: "array"}
    return names.get(type(value), "object")


def public_der(run: Run, key: Key) -> bytes:
    """Return the `PUBLIC KEY` structure of a public key.

    Raises:
        GoError: It is private, or not one that X.509 knows.
    """
    if key.kind == "RSA" and not key.is_private:
        return _public_rsa(key)
    if key.kind == "EC" and not key.is_private:
        return spki(_public_ec(run, key).public_key())
    if key.kind == "OKP":
        _check_okp(run, key)
        if key.go_type == "ed25519.PublicKey":
            return der.sequence(der.sequence(der.oid(ED25519)), der.bits(key.raw("x")))
    raise GoError(f"x509: unsupported public key type: {key.go_type}")


def private_der(run: Run, key: Key) -> bytes:
    """Return the `PRIVATE KEY` structure of a private key.

    Raises:
        GoError: It is public, not consistent, or not one that PKCS#8 knows.
    """
    if key.kind == "RSA" and key.is_private:
        if not key.raw("p") or not key.raw("q"):
            raise GoError("modulus must be > 1")
        return pkcs8(rsa_key(run, *(key.number(name) for name in ("n", "e", "d", "p", "q"))))
    if key.kind == "EC" and key.is_private:
        return _private_ec(run, key)
    if key.kind == "OKP":
        _check_okp(run, key)
        if key.go_type == "ed25519.PrivateKey":
            return pkcs8(ed25519.Ed25519PrivateKey.from_private_bytes(key.raw("d")))
    raise GoError(f"x509: unknown key type while marshaling PKCS#8: {key.go_type}")


def _public_rsa(key: Key) -> bytes:
    modulus, exponent = key.number("n"), key.number("e")
    if modulus.bit_length() > MOST_RSA_BITS or exponent.bit_length() > 63:
        raise GoError("x509: RSA key too large")
    numbers = der.sequence(der.integer(modulus), der.integer(exponent))
    return der.sequence(der.sequence(der.oid(RSA), der.null()), der.bits(numbers))


def _public_ec(run: Run, key: Key) -> ec.EllipticCurvePublicNumbers:
    run.step(EC_STEPS)
    name = key.fields["crv"]
    numbers = ec.EllipticCurvePublicNumbers(key.number("x"), key.number("y"), _CURVES[name]())
    with refusing(f"{name.replace('-', '')} point not on curve"):
        numbers.public_key()
    return numbers


def _private_ec(run: Run, key: Key) -> bytes:
    public, scalar = _public_ec(run, key), key.number("d")
    run.step(EC_STEPS)
    doing = "x509: failed to marshal EC private key while building PKCS#8: "
    if not scalar:
        raise GoError(doing, "ecdsa: private key scalar is zero or negative")
    with refusing(doing, "ecdsa: public key does not match private key"):
        return pkcs8(ec.EllipticCurvePrivateNumbers(scalar, public).private_key())


def _check_okp(run: Run, key: Key) -> None:
    """Refuse a private key whose two halves do not belong together."""
    if key.is_private and key.fields["crv"] == "Ed25519":
        run.step(EC_STEPS)
        seed = key.raw("d")
        if len(seed) != 32:
            raise GoError("failed to build public key: wrong private key size")
        with refusing("failed to build public key: invalid key"):
            public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()
            if public.public_bytes_raw() != key.raw("x"):
                raise GoError("failed to build public key: invalid x value given d value")
