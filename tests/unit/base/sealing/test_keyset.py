# SPDX-License-Identifier: Apache-2.0
"""Which keys are tried, in which order, and what is remembered of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.sealing import (
    Envelope,
    KeyPair,
    Keyset,
    Memory,
    SealingKey,
    load_certificate,
    load_key,
)
from keyfleet.base.secret import SecretValue
from keyfleet.testing.canary import canary

LABEL = b"shop/db"
VALUE = SecretValue(canary("sealed"))


@pytest.fixture(scope="module")
def keys(pairs: list[KeyPair]) -> list[SealingKey]:
    return [load_key(pair.key) for pair in pairs]


@pytest.fixture(scope="module")
def texts(pairs: list[KeyPair]) -> list[str]:
    return [load_certificate(pair.certificate).seal(VALUE, LABEL) for pair in pairs]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fingerprints of the keys that were tried."""
    tries: list[str] = []
    really = SealingKey.open

    def counting(self: SealingKey, envelope: Envelope, label: bytes) -> SecretValue | None:
        tries.append(self.fingerprint)
        return really(self, envelope, label)

    monkeypatch.setattr(SealingKey, "open", counting)
    return tries


def again(pairs: list[KeyPair], number: int) -> str:
    return load_certificate(pairs[number].certificate).seal(VALUE, LABEL)


def test_keys_are_tried_in_the_order_given(
    keys: list[SealingKey], texts: list[str], tried: list[str]
) -> None:
    opened = Keyset(keys).open(texts[2], LABEL)
    assert opened.value == VALUE
    assert opened.fingerprint == keys[2].fingerprint
    assert tried == [key.fingerprint for key in keys[:3]]


def test_what_opened_a_value_is_tried_first(
    keys: list[SealingKey], texts: list[str], tried: list[str]
) -> None:
    keyset = Keyset(keys)
    for text in texts[:3]:
        keyset.open(text, LABEL)
    tried.clear()
    for text in texts[:3]:
        keyset.open(text, LABEL)
    assert tried == [key.fingerprint for key in keys[:3]]


def test_what_opened_others_lately_is_tried_next(
    keys: list[SealingKey], pairs: list[KeyPair], texts: list[str], tried: list[str]
) -> None:
    keyset = Keyset(keys)
    for number in (2, 1):
        keyset.open(texts[number], LABEL)
    tried.clear()
    keyset.open(again(pairs, 1), LABEL)
    keyset.open(again(pairs, 2), LABEL)
    assert tried == [keys[number].fingerprint for number in (1, 1, 2)]


def test_keys_of_another_size_come_last_or_never(
    keys: list[SealingKey], texts: list[str], tried: list[str]
) -> None:
    Keyset(keys).open(texts[3], LABEL)
    assert tried == [keys[3].fingerprint]
    tried.clear()
    with pytest.raises(DeniedError):
        Keyset([keys[3], *keys[1:3]]).open(texts[0], LABEL)
    assert tried == [keys[number].fingerprint for number in (1, 2, 3)]


def test_what_did_not_open_a_value_is_not_tried_again(
    keys: list[SealingKey], texts: list[str], tried: list[str]
) -> None:
    keyset = Keyset(keys[:2])
    for _ in range(3):
        with pytest.raises(DeniedError):
            keyset.open(texts[2], LABEL)
    assert len(tried) == 2
    tried.clear()
    more = keyset.with_keys([*keys[:3]])
    assert more.open(texts[2], LABEL).value == VALUE
    assert tried == [keys[2].fingerprint]


def test_a_key_that_failed_under_one_label_is_tried_under_another(
    keys: list[SealingKey], texts: list[str]
) -> None:
    keyset = Keyset(keys)
    with pytest.raises(DeniedError):
        keyset.open(texts[0], b"shop/other")
    assert keyset.open(texts[0], LABEL).value == VALUE
    with pytest.raises(DeniedError):
        keyset.open(texts[0], b"shop/other")


def test_a_bent_value_spoils_nothing_for_the_right_one(
    keys: list[SealingKey], texts: list[str]
) -> None:
    keyset = Keyset(keys)
    envelope = Envelope.parse(texts[0])
    bent = Envelope(envelope.wrapped, envelope.ciphertext[:-1] + b"\0").text()
    with pytest.raises(DeniedError):
        keyset.open(bent, LABEL)
    assert keyset.open(texts[0], LABEL).value == VALUE


def test_every_failure_looks_the_same(keys: list[SealingKey], texts: list[str]) -> None:
    envelope = Envelope.parse(texts[0])
    bad = [
        (Keyset(), texts[0], LABEL),
        (Keyset(keys), "", LABEL),
        (Keyset(keys), texts[0][:40], LABEL),
        (Keyset(keys), texts[0], b"other"),
        (Keyset(keys[1:]), texts[0], LABEL),
        (Keyset(keys), Envelope(bytes(128), envelope.ciphertext).text(), LABEL),
        (Keyset(keys), Envelope(envelope.wrapped, bytes(40)).text(), LABEL),
        (Keyset(keys), Envelope(envelope.wrapped, b"").text(), LABEL),
    ]
    for keyset, text, label in bad:
        with pytest.raises(DeniedError) as failure:
            keyset.open(text, label)
        assert failure.value.diagnostics() == (
            "Error: no key could decrypt secret\nDocs: sealing.no_key"
        )
        assert failure.value.__context__ is None
        assert failure.value.__cause__ is None


def test_text_that_is_no_base64_is_told_apart(keys: list[SealingKey]) -> None:
    with pytest.raises(InvalidInputError) as failure:
        Keyset(keys).open("hello!", LABEL)
    assert failure.value.message == "illegal base64 data at input byte 5"
    assert failure.value.__context__ is None


def test_memory_is_bounded(keys: list[SealingKey], pairs: list[KeyPair], tried: list[str]) -> None:
    keyset = Keyset(keys[:2], Memory(limit=1))
    first, second = again(pairs, 0), again(pairs, 1)
    keyset.open(first, LABEL)
    keyset.open(second, LABEL)
    tried.clear()
    keyset.open(first, LABEL)  # forgotten: what opened lately comes first
    assert tried == [keys[1].fingerprint, keys[0].fingerprint]


def test_threads_share_a_keyset(keys: list[SealingKey], texts: list[str]) -> None:
    keyset = Keyset(keys)
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda text: keyset.open(text, LABEL), texts * 50))
    assert [one.fingerprint for one in opened] == [key.fingerprint for key in keys] * 50
    assert all(one.value == VALUE for one in opened)
