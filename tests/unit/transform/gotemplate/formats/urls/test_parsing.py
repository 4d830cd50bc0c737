# SPDX-License-Identifier: Apache-2.0
"""Taking URLs apart; what Go says to many more is in the vectors."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.testing.canary import canary
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.urls import Url, User, parse_url


def test_takes_apart() -> None:
    assert parse_url("https://user:p%20w@host:8443/a%2Fb?q=%20#f%20g") == Url(
        "https", "", User("user", "p w"), "host:8443", "/a/b", "q=%20", "f g"
    )


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("mailto:a@b", Url("mailto", "a@b")),
        ("//h/p", Url(host="h", path="/p")),
        ("///p", Url(path="///p")),
        ("HTTP://[fe80::1%25en0]:80", Url("http", host="[fe80::1%en0]:80")),
        ("a?b?", Url(path="a", query="b?")),
        ("x://a:1:2", Url("x", host="a:1:2")),
        ("http://@h", Url("http", user=User(""), host="h")),
    ],
)
def test_forms(text: str, url: Url) -> None:
    assert parse_url(text) == url


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (":x", "missing protocol scheme"),
        ("1a:b", "first path segment in URL cannot contain colon"),
        ("http://a:1:2", 'invalid port ":1:2" after host'),
        ("http://[::1", "missing ']' in host"),
        ("http://[::1]x", 'invalid port "x" after host'),
        ("http://a[b]", "invalid IP-literal"),
        ("http://[1.2.3.4]", "invalid IP-literal"),
        ("http://[a]", 'invalid host: ParseAddr("a"): unable to parse IP'),
        ("http://u<@h", "net/url: invalid userinfo"),
        ("a\tb", "net/url: invalid control character in URL"),
        ("#%zz", 'invalid URL escape "%zz"'),
    ],
)
def test_refuses(text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        parse_url(text)
    assert caught.value.go_text().partition('": ')[2] == problem


def test_errors_do_not_show_the_url() -> None:
    password = canary("url-password").decode()
    with pytest.raises(GoError) as caught:
        parse_url(f"http://user:{password}<@host")
    assert caught.value.shown("{{ urlParse .url }}") == (
        'parse "[redacted]": net/url: invalid userinfo'
    )


@given(st.text("ab:/?#[]@%25. \u00e9"))
def test_gives_parts_or_an_error_of_go(text: str) -> None:
    with suppress(GoError):
        assert parse_url(text).text().count("#") <= 1
