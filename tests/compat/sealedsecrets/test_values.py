# SPDX-License-Identifier: Apache-2.0
"""What one side seals the other opens, and both refuse the same, in the same words."""

from dataclasses import replace
from itertools import product
from os import urandom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compat.sealedsecrets.conftest import Parties, Party
from tests.compat.sealedsecrets.crafting import sealed, shortened, wrapped

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.sealing import Envelope, Keyset, Scope
from keyfleet.base.secret import SecretValue
from keyfleet.localplane.sealedsecrets import SealedSecretsOracle
from keyfleet.testing.canary import canary

LABEL = Scope.STRICT.label("shop", "db")
VALUE = canary("sealed")
VALUES = {
    "empty": b"",
    "short": VALUE,
    "all bytes": VALUE + bytes(range(256)),
    "1 MiB": VALUE + bytes(2**20 - len(VALUE)),
}
MAKERS = [("upstream", 1024), ("upstream", 3072), ("upstream", 4096), ("ours", 2048)]
NO_KEY = "no key could decrypt secret"


def theirs(oracle: SealedSecretsOracle, party: Party, text: str, label: bytes) -> bytes | str:
    """Return the value that upstream's code finds, or its error."""
    raw = text.encode("utf-8", "surrogatepass")
    answer = oracle.ask("open", keys=[party.key_pem], text=raw, label=label)
    value: bytes | str = answer.get("error") or answer["value"]
    return value


def ours(keys: Keyset, text: str, label: bytes) -> bytes | str:
    """Return the value that our code finds, or its error, which nothing tells the reason of."""
    try:
        return keys.open(text, label).value.reveal()
    except KeyfleetError as error:
        return error.message if error.__context__ is None else repr(error.__context__)


@pytest.mark.parametrize(("maker", "bits"), MAKERS)
@pytest.mark.parametrize("name", VALUES)
def test_each_opens_what_the_other_seals(
    oracle: SealedSecretsOracle, parties: Parties, maker: str, bits: int, name: str
) -> None:
    party, value = parties(maker, bits), VALUES[name]
    for scope in Scope:
        label = scope.label("shop", "db")
        text = party.certificate.seal(SecretValue(value), label)
        assert theirs(oracle, party, text, label) == value
        answer = oracle.ask("seal", certificate=party.certificate_pem, value=value, label=label)
        assert len(answer["text"]) == len(text)
        assert answer["text"][:2] == text[:2]
        assert ours(party.keyset, answer["text"], label) == value


def test_both_open_under_the_same_label_only(oracle: SealedSecretsOracle, party: Party) -> None:
    labels = [
        scope.label(namespace, name)
        for scope, namespace, name in product(Scope, ("shop", "other"), ("db", "web"))
    ]
    wanted: bytes | str
    for sealed_for in set(labels):
        text = party.certificate.seal(SecretValue(VALUE), sealed_for)
        for label in set(labels):
            wanted = VALUE if label == sealed_for else NO_KEY
            assert ours(party.keyset, text, label) == wanted
            assert theirs(oracle, party, text, label) == wanted


def test_names_with_other_letters_are_labels_of_utf_8(
    oracle: SealedSecretsOracle, party: Party
) -> None:
    label = Scope.STRICT.label("käse", "ツ")
    text = party.certificate.seal(SecretValue(VALUE), label)
    assert theirs(oracle, party, text, "käse/ツ".encode()) == VALUE


@pytest.mark.parametrize("bits", [2048, 3072])
def test_both_open_an_rsa_block_without_its_leading_zero(
    oracle: SealedSecretsOracle, parties: Parties, bits: int
) -> None:
    party = parties("upstream", bits)
    text = shortened(party.certificate.key, VALUE, LABEL).text()
    assert theirs(oracle, party, text, LABEL) == VALUE
    assert ours(party.keyset, text, LABEL) == VALUE


@pytest.mark.parametrize("size", [0, 1, 8, 15, 16, 17, 24, 31, 32, 33, 64])
def test_both_take_the_same_session_keys(
    oracle: SealedSecretsOracle, party: Party, size: int
) -> None:
    session, key = urandom(size), party.certificate.key
    is_one = size in (16, 24, 32)
    wanted = VALUE if is_one else NO_KEY
    ciphertext = sealed(key, VALUE, LABEL, session if is_one else bytes(32)).ciphertext
    envelope = Envelope(wrapped(key, session, LABEL), ciphertext)
    assert theirs(oracle, party, envelope.text(), LABEL) == wanted
    assert ours(party.keyset, envelope.text(), LABEL) == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"\0", b"\1", b"\0" * 256, b"\0" * 255 + b"\1", b"\xff" * 256, b"\0" * 257,
        b"\1" + b"\0" * 256, b"\1" * 512, b"\1" * 65_535,
    ],
)  # fmt: skip
def test_both_refuse_blocks_that_no_key_made(
    oracle: SealedSecretsOracle, party: Party, wrong: bytes
) -> None:
    text = Envelope(wrong, bytes(48)).text()
    assert theirs(oracle, party, text, LABEL) == ours(party.keyset, text, LABEL) == NO_KEY


def test_both_refuse_a_value_cut_anywhere(oracle: SealedSecretsOracle, party: Party) -> None:
    text = party.certificate.seal(SecretValue(VALUE), LABEL)
    for length in [*range(12), *range(len(text) - 60, len(text))]:
        found = ours(party.keyset, text[:length], LABEL)
        assert isinstance(found, str)
        assert theirs(oracle, party, text[:length], LABEL) == found


def test_both_refuse_a_ciphertext_of_another_value(
    oracle: SealedSecretsOracle, party: Party
) -> None:
    one, other = (
        Envelope.parse(party.certificate.seal(SecretValue(canary(name)), LABEL)) for name in "ab"
    )
    for ciphertext in (other.ciphertext, b"", bytes(15), bytes(16), one.ciphertext + b"\0"):
        text = replace(one, ciphertext=ciphertext).text()
        assert theirs(oracle, party, text, LABEL) == ours(party.keyset, text, LABEL) == NO_KEY


@settings(max_examples=150)
@given(data=st.data())
def test_both_say_the_same_of_a_value_that_was_bent(
    oracle: SealedSecretsOracle, party: Party, data: st.DataObject
) -> None:
    text = party.certificate.seal(SecretValue(VALUE), LABEL)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.one_of(st.just(start), st.integers(start, len(text))))
    put = data.draw(st.text("\r\n =-_/+Aa9\0é\ud800", max_size=4))
    bent = text[:start] + put + text[end:]
    assert ours(party.keyset, bent, LABEL) == theirs(oracle, party, bent, LABEL)


def test_a_value_is_opened_whichever_key_it_was_sealed_for(
    oracle: SealedSecretsOracle, parties: Parties
) -> None:
    owners = [parties(*maker) for maker in MAKERS]
    keys = Keyset([one.key for one in owners])
    for owner in owners:
        answer = oracle.ask("seal", certificate=owner.certificate_pem, value=VALUE, label=LABEL)
        opened = keys.open(answer["text"], LABEL)
        assert opened.value == SecretValue(VALUE)
        assert opened.fingerprint == owner.certificate.fingerprint
