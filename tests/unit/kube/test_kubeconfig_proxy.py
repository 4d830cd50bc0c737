# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import UnsupportedError
from keyfleet.kube.kubeconfig_proxy import environment_proxy

PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("server", "environ", "proxy"),
    [
        ("https://api", {}, ""),
        ("https://api", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://api", {"https_proxy": PROXY}, PROXY),
        ("https://api", {"HTTP_PROXY": PROXY}, ""),
        ("https://api", {"ALL_PROXY": PROXY}, ""),
        ("http://api", {"HTTP_PROXY": PROXY}, PROXY),
        ("https://api", {"HTTPS_PROXY": "proxy:3128"}, PROXY),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": PROXY}, ""),
        ("https://[::1]:6443", {"HTTPS_PROXY": PROXY}, ""),
        ("https://localhost:6443", {"HTTPS_PROXY": PROXY}, ""),
    ],
)
def test_the_variable_by_scheme(server: str, environ: dict[str, str], proxy: str) -> None:
    assert environment_proxy(server, environ, subject="s") == proxy


@pytest.mark.parametrize(
    ("server", "excepted", "direct"),
    [
        ("https://api.example:6443", "*", True),
        ("https://api.example:6443", "example", True),
        ("https://api.example:6443", "other, .EXAMPLE", True),
        ("https://api.example:6443", "*.example", True),
        ("https://example", ".example", False),
        ("https://example", "example", True),
        ("https://badexample", "example", False),
        ("https://api.example:6443", "api.example:6443", True),
        ("https://api.example", "api.example:443", True),
        ("https://api.example:6443", "api.example:443", False),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://11.1.2.3", "10.0.0.0/8", False),
        ("https://10.1.2.3", "10.1.2.3", True),
        ("https://10.1.2.3", "2.3", False),
        ("https://[2001:db8::1]:6443", "2001:db8::1", True),
        ("https://[2001:db8::1]:6443", "[2001:db8::1]:6443", True),
        ("https://api.example", "not/a/network, ,", False),
    ],
)
def test_exceptions(server: str, excepted: str, direct: bool) -> None:
    environ = {"HTTPS_PROXY": PROXY, "NO_PROXY": excepted}
    assert environment_proxy(server, environ, subject="s") == ("" if direct else PROXY)


def test_a_socks_proxy_is_refused_rather_than_passed_by() -> None:
    with pytest.raises(UnsupportedError, match="HTTPS_PROXY"):
        environment_proxy("https://api", {"HTTPS_PROXY": "socks5://p"}, subject="s")
