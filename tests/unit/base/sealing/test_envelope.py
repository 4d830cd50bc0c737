# SPDX-License-Identifier: Apache-2.0
"""A sealed value's parts, and what no envelope is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.base.sealing import Envelope, SealingCertificate, SealingKey, seal
from keyfleet.base.sealing.envelope import TEXT_MAX
from keyfleet.base.secret import SecretValue
from keyfleet.testing.canary import canary

VALUE = SecretValue(canary("sealed"))


@given(st.binary(max_size=70), st.binary(max_size=40))
def test_parts_survive_the_text(wrapped: bytes, ciphertext: bytes) -> None:
    envelope = Envelope(wrapped, ciphertext)
    assert Envelope.parse(envelope.text()) == envelope


@given(st.text("ABab01+/=\n\r-", max_size=30) | st.text(max_size=20))
def test_any_text_is_an_envelope_or_refused_in_good_order(text: str) -> None:
    try:
        Envelope.parse(text)
    except KeyfleetError as error:
        found = (error.code, error.__context__)
    else:
        return
    assert found in [("sealing.base64", None), ("sealing.short", None)]


@pytest.mark.parametrize("text", ["", "AA==", "AAE=", "AgBB"])
def test_short_texts(text: str) -> None:
    with pytest.raises(InvalidInputError) as failure:
        Envelope.parse(text)
    assert failure.value.code == "sealing.short"


def test_a_text_that_no_object_could_hold_is_not_looked_at() -> None:
    assert Envelope.parse("A" * TEXT_MAX).wrapped == b""
    with pytest.raises(InvalidInputError) as failure:
        Envelope.parse("A" * (TEXT_MAX + 4))
    assert failure.value.code == "sealing.too_large"


def test_sealing_twice_gives_nothing_in_common(certificate: SealingCertificate) -> None:
    one, other = (seal(certificate.key, VALUE, b"shop/db") for _ in "ab")
    assert one.wrapped != other.wrapped
    assert one.ciphertext != other.ciphertext
    assert one.id != other.id


def test_a_value_is_told_from_itself_under_another_label() -> None:
    envelope = Envelope(b"ab", b"c")
    ids = {envelope.id_under(label) for label in (b"", b"shop", b"shop/db")}
    ids |= {Envelope(b"a", b"bc").id_under(b""), Envelope(b"ab", b"").id_under(b"c")}
    assert len(ids) == 5


def test_only_its_label_opens_it(certificate: SealingCertificate, key: SealingKey) -> None:
    envelope = seal(certificate.key, VALUE, b"shop/db")
    assert key.open(envelope, b"shop/db") == VALUE
    for label in (b"", b"shop", b"shop/d", b"shop/db2", b"SHOP/db"):
        assert key.open(envelope, label) is None
