# SPDX-License-Identifier: Apache-2.0
"""Certificates and clocks for logins."""

import pytest

from keyfleet.kube.access import ClientCertificate
from keyfleet.localplane.pki import Authority
from keyfleet.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority("login-tests")


@pytest.fixture(scope="session")
def pairs(authority: Authority) -> tuple[ClientCertificate, ClientCertificate]:
    """Two client certificates with their keys."""
    first, second = (authority.client(name) for name in ("first", "second"))
    return (
        ClientCertificate(first.certificate_pem, first.key_pem),
        ClientCertificate(second.certificate_pem, second.key_pem),
    )
