# SPDX-License-Identifier: Apache-2.0
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth.client_cert import CertificateSource, ClientCert
from keyfleet.kube.auth.combined import Combined, combined
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.testing.clock import FakeClock

Pairs = tuple[ClientCertificate, ClientCertificate]


async def test_presents_a_token_over_a_certificate(pairs: Pairs, clock: FakeClock) -> None:
    source = CertificateSource(pairs[0].certificate_pem, pairs[0].key_pem)
    both = combined(StaticToken(SecretValue(b"kf-canary-t")), None, ClientCert(source, clock))
    assert await both.headers() == {"Authorization": "Bearer kf-canary-t"}
    assert await both.certificate() == pairs[0]
    assert not await both.rejected()


async def test_nothing_is_the_anonymous_login() -> None:
    nobody = combined(None, None)
    assert nobody == Combined()
    assert (await nobody.headers(), await nobody.certificate()) == ({}, None)
    assert not await nobody.rejected()
