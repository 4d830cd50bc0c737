# SPDX-License-Identifier: Apache-2.0
import hashlib

from keyfleet.kube.access import ClientCertificate, Endpoint
from keyfleet.testing.canary import canary, find_canary


def test_the_ca_digest_ignores_white_space_around_the_bundle() -> None:
    """Editors add a line break; that is no rotation."""
    digest = hashlib.sha256(b"bundle").hexdigest()
    assert digest == Endpoint("https://a", b"bundle").ca_sha256
    assert digest == Endpoint("https://a", b"\nbundle\n").ca_sha256


def test_no_ca_has_no_digest() -> None:
    assert Endpoint("https://a").ca_sha256 == ""


def test_neither_key_nor_proxy_login_shows_in_a_repr() -> None:
    proxy = f"http://user:{canary('proxy').decode()}@proxy:3128"
    shown = repr(ClientCertificate(b"chain", canary("key"))) + repr(
        Endpoint("https://a", proxy_url=proxy)
    )
    assert not find_canary(shown)
