# SPDX-License-Identifier: Apache-2.0
"""URLs as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formats.urls import Url, User, parse_url

urls = st.builds(
    Url,
    scheme=st.sampled_from(["", "http", "x"]),
    user=st.none() | st.builds(User, st.text("a:@/"), st.none() | st.text("a:@/")),
    host=st.sampled_from(["h", "h:80", "[::1]:80"]),
    path=st.text("a/%? ").map("/".__add__),
    query=st.text("a&="),
    fragment=st.text("a%# "),
)


@given(urls)
def test_reads_what_it_writes(url: Url) -> None:
    assert parse_url(url.text()) == url


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (Url(path="a:b"), "./a:b"),
        (Url(path="*"), "*"),
        (Url(host="h", path="p"), "//h/p"),
        (Url("s", path="p"), "s://p"),
        (Url("s"), "s:"),
        (Url("s", "o p", path="/ignored", query="q"), "s:o p?q"),
        (Url(user=User("a@b", "c:d")), "//a%40b:c%3Ad@"),
    ],
)
def test_text(url: Url, text: str) -> None:
    assert url.text() == text


@pytest.mark.parametrize(
    ("host", "name"), [("h:80", "h"), ("h:", "h"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("", "")]
)
def test_hostname_has_no_port_and_no_brackets(host: str, name: str) -> None:
    assert Url(host=host).hostname == name
