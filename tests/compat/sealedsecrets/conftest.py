# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates of both makers, in all sizes, made once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pytest

from keyfleet.base.sealing import (
    Keyset,
    SealingCertificate,
    SealingKey,
    load_certificate,
    load_key,
    make_key,
)
from keyfleet.base.secret import SecretValue
from keyfleet.localplane.sealedsecrets import SealedSecretsOracle

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Party:
    """The owner of a key: its texts for upstream's code, and what they are to ours."""

    key_pem: str
    certificate_pem: str

    @property
    def certificate(self) -> SealingCertificate:
        return load_certificate(self.certificate_pem.encode())

    @property
    def key(self) -> SealingKey:
        return load_key(SecretValue(self.key_pem.encode()))

    @property
    def keyset(self) -> Keyset:
        return Keyset([self.key])


Parties = Callable[[str, int], Party]


@pytest.fixture(scope="session")
def parties(oracle: SealedSecretsOracle) -> Parties:
    """Give the party whose key a maker, `upstream` or `ours`, made with so many bits."""

    @cache
    def party(maker: str, bits: int) -> Party:
        if maker == "upstream":
            made = oracle.ask("generate", bits=bits)
            return Party(made["key"], made["certificate"])
        pair = make_key(NOW, bits=bits)
        return Party(pair.key.reveal().decode(), pair.certificate.decode())

    return party


@pytest.fixture(scope="session")
def party(parties: Parties) -> Party:
    """One whose key is ours and quick."""
    return parties("ours", 2048)
