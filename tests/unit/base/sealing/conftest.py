# SPDX-License-Identifier: Apache-2.0
"""Keys made once: one takes a tenth of a second."""

from datetime import UTC, datetime

import pytest

from keyfleet.base.sealing import (
    KeyPair,
    SealingCertificate,
    SealingKey,
    load_certificate,
    load_key,
    make_key,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def pair() -> KeyPair:
    return make_key(NOW, bits=2048)


@pytest.fixture(scope="session")
def key(pair: KeyPair) -> SealingKey:
    return load_key(pair.key)


@pytest.fixture(scope="session")
def certificate(pair: KeyPair) -> SealingCertificate:
    return load_certificate(pair.certificate)


@pytest.fixture(scope="session")
def pairs() -> list[KeyPair]:
    """Three pairs of one size, and a longer one."""
    return [make_key(NOW, bits=bits) for bits in (1024, 1024, 1024, 1536)]
