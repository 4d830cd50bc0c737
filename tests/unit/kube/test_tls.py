# SPDX-License-Identifier: Apache-2.0
"""TLS contexts: who is trusted and what is presented."""

import ssl

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.http import system_tls
from keyfleet.kube.access import ClientCertificate, Endpoint
from keyfleet.kube.tls import tls_context
from keyfleet.localplane.pki import Authority
from keyfleet.testing.canary import CANARY_PREFIX, find_canary

AUTHORITY = Authority("east")
PAIR = AUTHORITY.client("admin")
CERTIFICATE = ClientCertificate(PAIR.certificate_pem, PAIR.key_pem)
SERVER = "https://127.0.0.1"


def test_trusts_the_clusters_ca_alone() -> None:
    context = tls_context(Endpoint(SERVER, AUTHORITY.ca_pem), None, subject="east")
    assert len(context.get_ca_certs()) == 1
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_comments_in_any_encoding_between_certificates_are_skipped() -> None:
    bundle = "# Zertifizierungsstelle München\n".encode() + AUTHORITY.ca_pem
    context = tls_context(Endpoint(SERVER, bundle), None, subject="east")
    assert len(context.get_ca_certs()) == 1


def test_endpoints_without_a_ca_share_one_context() -> None:
    first = tls_context(Endpoint(SERVER), None, subject="a")
    assert first is tls_context(Endpoint(SERVER), None, subject="b") is system_tls()


def test_a_client_certificate_is_never_put_into_the_shared_context() -> None:
    assert tls_context(Endpoint(SERVER), CERTIFICATE, subject="a") is not system_tls()


def test_insecure_verifies_nothing() -> None:
    context = tls_context(Endpoint(SERVER, insecure=True), None, subject="east")
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_NONE)


@pytest.mark.parametrize("bundle", [b"x", b"-----BEGIN CERTIFICATE-----\nkf\n", b"\xff\xfe"])
def test_a_broken_ca_is_our_error(bundle: bytes) -> None:
    with pytest.raises(InvalidInputError) as caught:
        tls_context(Endpoint(SERVER, bundle), None, subject="east")
    assert (caught.value.code, caught.value.subject) == ("api.tls_ca", "east")


@pytest.mark.parametrize(
    "broken",
    [
        ClientCertificate(PAIR.certificate_pem, f"{CANARY_PREFIX}key".encode()),
        ClientCertificate(PAIR.certificate_pem, AUTHORITY.client("other").key_pem),
        ClientCertificate(b"", PAIR.key_pem),
    ],
)
def test_a_broken_client_certificate_is_our_error(broken: ClientCertificate) -> None:
    with pytest.raises(InvalidInputError) as caught:
        tls_context(Endpoint(SERVER, AUTHORITY.ca_pem), broken, subject="east")
    assert caught.value.code == "login.certificate_invalid"
    assert caught.value.__suppress_context__
    assert not find_canary(repr(caught.value))
