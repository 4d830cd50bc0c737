# SPDX-License-Identifier: Apache-2.0
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.certs import an_ec_key, an_ed25519_key, an_rsa_key, der_of
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.keys import der
from keyfleet.transform.gotemplate.formats.keys.private_keys import (
    MOST_RSA_BITS,
    RSA,
    PrivateKey,
    block_of,
    from_any,
    from_pkcs1,
    from_pkcs8,
    from_sec1,
    pay_for_use,
    pkcs8,
    rsa_key,
    spki,
)

OTHER_CURVES = [ec.SECP224R1(), ec.SECP384R1(), ec.SECP521R1()]


def every_key() -> list[PrivateKey]:
    return [
        an_rsa_key(),
        an_ec_key(),
        an_ed25519_key(),
        *(ec.generate_private_key(curve) for curve in OTHER_CURVES),
    ]


def test_reads_every_kind_of_key_as_the_library_writes_it() -> None:
    for key in every_key():
        raw = der_of(key)
        assert pkcs8(from_pkcs8(a_run(), raw)) == raw
        assert pkcs8(from_any(a_run(), raw)) == raw
        assert from_any(a_run(), raw).public_key() == key.public_key()


def test_reads_the_structures_of_each_kind() -> None:
    raw = der_of(an_rsa_key(), PrivateFormat.TraditionalOpenSSL)
    assert pkcs8(from_pkcs1(a_run(), raw)) == pkcs8(from_any(a_run(), raw)) == der_of(an_rsa_key())
    raw = der_of(an_ec_key(), PrivateFormat.TraditionalOpenSSL)
    assert pkcs8(from_sec1(a_run(), raw)) == pkcs8(from_any(a_run(), raw)) == der_of(an_ec_key())


def test_writes_each_kind_as_it_is_usually_written() -> None:
    kinds = [block_of(key).kind for key in (an_rsa_key(), an_ec_key(), an_ed25519_key())]
    assert kinds == [b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"PRIVATE KEY"]
    for key in every_key():
        assert pkcs8(from_any(a_run(), block_of(key).body)) == der_of(key)


def test_says_which_other_structure_it_is() -> None:
    pkcs1 = der_of(an_rsa_key(), PrivateFormat.TraditionalOpenSSL)
    sec1 = der_of(an_ec_key(), PrivateFormat.TraditionalOpenSSL)
    hint = "x509: failed to parse private key (use Parse%sPrivateKey instead for this key format)"
    for read, raw, name in (
        (from_pkcs8, pkcs1, "PKCS1"),
        (from_pkcs8, sec1, "EC"),
        (from_pkcs1, der_of(an_rsa_key()), "PKCS8"),
        (from_pkcs1, sec1, "EC"),
        (from_sec1, der_of(an_ec_key()), "PKCS8"),
        (from_sec1, pkcs1, "PKCS1"),
    ):
        assert refusal(read, raw) == hint % name


def refusal(read: object, raw: bytes) -> str:
    assert callable(read)
    with pytest.raises(GoError) as caught:
        read(a_run(), raw)
    return caught.value.go_text()


def test_refuses_what_is_no_key_of_these_kinds() -> None:
    assert refusal(from_any, b"") == "unable to parse private key type"
    assert refusal(from_any, der_of(an_rsa_key())[:-1]) == "unable to parse private key type"
    other = x25519.X25519PrivateKey.generate()
    assert "unknown algorithm" in refusal(from_pkcs8, der_of(other))  # type: ignore[arg-type]
    koblitz = der_of(ec.generate_private_key(ec.SECP256K1()))
    assert refusal(from_pkcs8, koblitz).endswith("x509: unknown elliptic curve")
    assert refusal(from_pkcs1, bytes(40_000)) == "asn1: structure error"
    zero = der.sequence(der.integer(1), der.octets(bytes(32)))
    assert "asn1: structure error" in refusal(
        lambda run, raw: from_sec1(run, raw, "1.2.840.10045.3.1.7"), zero
    )


def test_refuses_rsa_numbers_that_do_not_belong_together() -> None:
    numbers = an_rsa_key().private_numbers()
    n, e, d, p, q = numbers.public_numbers.n, 65537, numbers.d, numbers.p, numbers.q
    assert der_of(rsa_key(a_run(), n, e, d, p, q)) == der_of(an_rsa_key())
    for others in (
        (n + 2, e, d, p, q),
        (n, e, d, n, 1),
        (n, e, d, -p, -q),
        (n, 1, 1, p, q),
        (n, e, d - 2, p, q),
        (n, e, d + n * (p - 1) * (q - 1), p, q),
        (n, e + (1 << 31), d, p, q),
        (0, 0, 0, 0, 0),
    ):
        with pytest.raises(GoError, match="Go error"):
            rsa_key(a_run(), *others)


def test_refuses_giant_numbers_before_it_multiplies_them() -> None:
    run = a_run()
    giant = 1 << MOST_RSA_BITS
    with pytest.raises(GoError) as caught:
        rsa_key(run, giant, 3, 3, giant // 2, 2)
    assert caught.value.go_text() == "crypto/rsa: key too large"
    assert run.steps == run.limits.steps


def test_makes_what_takes_long_cost_much() -> None:
    run = a_run()
    pay_for_use(run, an_rsa_key())
    after_rsa = run.steps
    pay_for_use(run, an_ec_key())
    assert run.limits.steps - after_rsa > after_rsa - run.steps > 10
    with pytest.raises(BudgetError):
        pay_for_use(a_run(steps=100), an_rsa_key())
    for raw in (der_of(an_rsa_key()), der_of(an_ec_key())):
        with pytest.raises(BudgetError):
            from_any(a_run(steps=20), raw)


def test_writes_public_keys() -> None:
    algorithm = der.read(spki(an_rsa_key().public_key())).children()[0].children()
    assert algorithm[0].oid() == RSA


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=2000))
def test_raises_nothing_else(noise: bytes, at: int) -> None:
    raw = bytearray(der_of(an_rsa_key()))
    raw[at : at + len(noise)] = noise
    for read in (from_any, from_pkcs1, from_pkcs8, from_sec1):
        try:
            assert pkcs8(read(a_run(), bytes(raw)))
        except GoError:
            continue
