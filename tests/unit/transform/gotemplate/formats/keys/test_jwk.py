# SPDX-License-Identifier: Apache-2.0
"""JSON Web Keys; the errors were recorded from Go."""

from base64 import urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.certs import an_ec_key, an_ed25519_key, an_rsa_key, der_of
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.keys.jwk import json_type, parse, private_der, public_der
from keyfleet.transform.gotemplate.formats.keys.private_keys import spki

Fields = dict[str, Any]


def b64(value: int | bytes) -> str:
    raw = value if isinstance(value, bytes) else value.to_bytes((value.bit_length() + 7) // 8)
    return urlsafe_b64encode(raw).decode().rstrip("=")


def an_rsa_jwk() -> Fields:
    numbers = an_rsa_key().private_numbers()
    public = numbers.public_numbers
    fields = {"n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q}
    return {"kty": "RSA", **{name: b64(value) for name, value in fields.items()}}


def an_ec_jwk(key: ec.EllipticCurvePrivateKey, curve: str = "P-256") -> Fields:
    numbers = key.private_numbers()
    public = numbers.public_numbers
    fields = {"x": public.x, "y": public.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": curve, **{name: b64(value) for name, value in fields.items()}}


def an_okp_jwk() -> Fields:
    seed = an_ed25519_key().private_bytes_raw()
    public = an_ed25519_key().public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "d": b64(seed), "x": b64(public)}


def public(fields: Fields) -> Fields:
    return {name: fields[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in fields}


def to_public(fields: object) -> bytes:
    return public_der(a_run(), parse(a_run(), msgspec.json.encode(fields).decode()))


def to_private(fields: object) -> bytes:
    return private_der(a_run(), parse(a_run(), msgspec.json.encode(fields).decode()))


def test_makes_der_of_every_kind() -> None:
    p384, p521 = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1())
    for key, fields in (
        (an_rsa_key(), an_rsa_jwk()),
        (an_ec_key(), an_ec_jwk(an_ec_key())),
        (p384, an_ec_jwk(p384, "P-384")),
        (p521, an_ec_jwk(p521, "P-521")),
        (an_ed25519_key(), an_okp_jwk()),
    ):
        assert to_private(fields) == der_of(key)
        assert to_public(public(fields)) == spki(key.public_key())


def test_takes_other_alphabets_padding_and_fields() -> None:
    fields = public(an_rsa_jwk())
    fields["n"] = fields["n"].replace("-", "+").replace("_", "/") + "="
    assert to_public({**fields, "kid": "x", "use": "sig"}) == spki(an_rsa_key().public_key())


def refusal(make: object, fields: object) -> str:
    assert callable(make)
    with pytest.raises(GoError) as caught:
        make(fields)
    return caught.value.go_text()


def test_refuses_the_other_half() -> None:
    for fields, name in (
        (an_rsa_jwk(), "*rsa"),
        (an_ec_jwk(an_ec_key()), "*ecdsa"),
        (an_okp_jwk(), "ed25519"),
    ):
        assert refusal(to_public, fields) == f"x509: unsupported public key type: {name}.PrivateKey"
        assert refusal(to_private, public(fields)) == (
            f"x509: unknown key type while marshaling PKCS#8: {name}.PublicKey"
        )
    symmetric = {"kty": "oct", "k": "AAAA"}
    assert refusal(to_public, symmetric) == "x509: unsupported public key type: []uint8"
    assert refusal(to_private, symmetric).endswith("PKCS#8: []uint8")


HINT = "failed to unmarshal JSON into key hint: "
RSA_PUBLIC = "failed to unmarshal JSON into key (*jwk.rsaPublicKey): "


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "invalid key type from JSON ()"),
        (None, "invalid key type from JSON ()"),
        ({"kty": "rsa"}, "invalid key type from JSON (rsa)"),
        ({"kty": "RSA"}, RSA_PUBLIC + "required field e is missing"),
        ({"kty": "RSA", "e": "AQAB"}, RSA_PUBLIC + "required field n is missing"),
        (
            {"kty": "RSA", "e": "AQAB", "d": "AQ"},
            "failed to unmarshal JSON into key (*jwk.rsaPrivateKey): required field n is missing",
        ),
        (
            {"kty": "oct"},
            "failed to unmarshal JSON into key (*jwk.symmetricKey): required field k is missing",
        ),
        (
            {"kty": "RSA", "e": "!", "n": "AQ"},
            RSA_PUBLIC
            + "failed to decode value for key e: expected base64 encoded []byte (string)",
        ),
        (
            {"kty": "RSA", "e": 5, "n": "AQ"},
            RSA_PUBLIC + "failed to decode value for key e: error reading next value: "
            "json: cannot unmarshal number into Go value of type string",
        ),
        (
            {"kty": 5},
            HINT + "json: cannot unmarshal number into Go struct field .kty of type string",
        ),
        (
            {"kty": "EC", "crv": "P-224", "x": "AQ", "y": "AQ"},
            "failed to build public key: invalid curve algorithm P-224",
        ),
        ({"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"}, "P384 point not on curve"),
        (
            {"kty": "OKP", "crv": "Ed25519", "d": "AQ", "x": "AQ"},
            "failed to build public key: wrong private key size",
        ),
        (
            {"kty": "OKP", "crv": "Ed25519", "d": b64(bytes(32)), "x": b64(bytes(32))},
            "failed to build public key: invalid x value given d value",
        ),
        (
            {"kty": "OKP", "crv": "X25519", "x": "AQ"},
            "x509: unsupported public key type: x25519.PublicKey",
        ),
    ],
)
def test_says_what_go_says(fields: object, text: str) -> None:
    assert refusal(to_public, fields) == text


def test_refuses_what_is_no_json_object() -> None:
    for fields, name in (([], "array"), ("x", "string"), (5, "number"), (True, "bool")):
        assert refusal(to_public, fields).startswith(f"{HINT}json: cannot unmarshal {name} into")
    assert json_type({}) == "object"
    with pytest.raises(GoError) as caught:
        parse(a_run(), "x")
    assert caught.value.go_text().startswith(HINT)


def test_refuses_private_keys_that_do_not_fit_together() -> None:
    fields = an_rsa_jwk()
    assert refusal(to_private, {**fields, "p": ""}) == "modulus must be > 1"
    assert refusal(to_private, {**fields, "p": fields["q"]}) == "crypto/rsa: p * q != n"
    fields = an_ec_jwk(an_ec_key())
    doing = "x509: failed to marshal EC private key while building PKCS#8: ecdsa: "
    assert (
        refusal(to_private, {**fields, "d": ""}) == doing + "private key scalar is zero or negative"
    )
    assert refusal(to_private, {**fields, "d": "AQ"}).startswith(doing)


def test_refuses_giant_numbers() -> None:
    giant = b64(b"\x7f" * 100_000)
    rsa = {"kty": "RSA", "n": giant, "e": "AQAB"}
    assert refusal(to_public, rsa) == "x509: RSA key too large"
    private = {**rsa, "d": giant, "p": giant, "q": giant}
    assert refusal(to_private, private) == "crypto/rsa: key too large"
    assert "not on curve" in refusal(
        to_public, {"kty": "EC", "crv": "P-256", "x": giant, "y": giant}
    )


def test_pays_for_curves() -> None:
    key = parse(a_run(), msgspec.json.encode(an_ec_jwk(an_ec_key())).decode())
    with pytest.raises(BudgetError):
        private_der(a_run(steps=20), key)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just("AQAB"))


@given(
    st.sampled_from([an_rsa_jwk(), an_ec_jwk(an_ec_key()), an_okp_jwk()]),
    st.dictionaries(st.sampled_from(["kty", "n", "e", "d", "p", "q", "crv", "x", "y"]), VALUES),
)
def test_raises_nothing_else(fields: Fields, changes: Fields) -> None:
    for make in (to_public, to_private):
        try:
            assert make({**fields, **changes})
        except GoError:
            continue
