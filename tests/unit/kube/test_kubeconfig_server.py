# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import InvalidInputError, UnsupportedError
from keyfleet.kube.kubeconfig_server import host_of, is_off_limits, proxy_address, server_url


@pytest.mark.parametrize(
    ("server", "has_tls", "url"),
    [
        ("https://api:6443", False, "https://api:6443"),
        ("https://api:6443/", False, "https://api:6443"),
        (
            "https://rancher.example/k8s/clusters/c-1/",
            False,
            "https://rancher.example/k8s/clusters/c-1",
        ),
        ("HTTPS://api", False, "https://api"),
        ("http://127.0.0.1:8001", True, "http://127.0.0.1:8001"),
        ("https://[2001:db8::1]:6443", False, "https://[2001:db8::1]:6443"),
        ("https://api?x=1#y", False, "https://api"),
        ("api:6443", True, "https://api:6443"),
        ("api:6443/prefix", False, "http://api:6443/prefix"),
        ("my_host", True, "https://my_host"),
    ],
)
def test_makes_the_address_whole(server: str, has_tls: bool, url: str) -> None:
    assert server_url(server, has_tls=has_tls, subject="s") == url


@pytest.mark.parametrize(
    "server",
    [
        "https://",
        "https:///kf-canary",
        "ftp://kf-canary",
        "https://kf-canary:port",
        "https://kf-canary:99999",
        "https://kf canary",
        "https://kf-canary\\@evil",
        "https://[kf-canary]",
        "https://[::1",
        "https://kf-canary\n",
        "https://kf-cänary",
        "https://\uff11\uff16\uff19.254.169.254",
        "https://kf-canary@host",
        "https://me:kf-canary@host",
    ],
)
def test_refuses_what_is_no_address_without_quoting_it(server: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        server_url(server, has_tls=True, subject="s")
    assert caught.value.path == "server"
    assert "canary" not in caught.value.diagnostics()


def test_a_proxy_may_have_a_password_and_must_be_http() -> None:
    proxy = "http://me:kf-canary@proxy:3128"
    assert proxy_address(proxy, field="proxy-url", subject="s") == proxy
    with pytest.raises(UnsupportedError, match="SOCKS"):
        proxy_address("socks5://proxy", field="proxy-url", subject="s")
    with pytest.raises(InvalidInputError, match="not a usable address: proxy-url"):
        proxy_address("ftp://kf-canary", field="proxy-url", subject="s")


@pytest.mark.parametrize(
    ("host", "refused"),
    [
        ("169.254.169.254", True),
        ("169.254.169.254.", True),
        ("169.254.0.1", True),
        ("2852039166", True),
        ("0xa9fea9fe", True),
        ("0251.0376.43518", True),
        ("::ffff:169.254.169.254", True),
        ("64:ff9b::a9fe:a9fe", True),
        ("2002:a9fe:a9fe::", True),
        ("::169.254.169.254", True),
        ("fe80::1", True),
        ("fe80::1%eth0", True),
        ("fd00:ec2::254", True),
        ("100.100.100.200", True),
        ("metadata.google.internal", True),
        ("Metadata.Google.Internal.", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("10.0.0.1", False),
        ("2001:db8::1", False),
        ("api.example", False),
        ("169.254.example", False),
    ],
)
def test_link_local_and_metadata_addresses_in_any_spelling(host: str, refused: bool) -> None:
    assert is_off_limits(host) == refused


def test_the_host_of_a_url() -> None:
    assert host_of("https://[fe80::1]:6443/x") == "fe80::1"
