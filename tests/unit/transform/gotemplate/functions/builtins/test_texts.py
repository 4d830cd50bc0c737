# SPDX-License-Identifier: Apache-2.0
"""Printing and escaping."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.functions.builtins.texts import (
    html,
    js,
    print_,
    printf,
    println,
    urlquery,
)
from keyfleet.transform.gotemplate.values import decoded


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        (print_, (1, 2, "a", "b", 3, True, None), "1 2ab3 true <nil>"),
        (println, ("a", 1), "a 1\n"),
        (printf, ("%s-%d", "a", 1), "a-1"),
        (html, ("<a href='x'>&\"\0",), "&lt;a href=&#39;x&#39;&gt;&amp;&#34;\ufffd"),
        (html, (1, 2, "a", None), "1 2a&lt;no value&gt;"),
        (html, (), ""),
        (js, ("<>&='\"\\\n\x7f",), "\\u003C\\u003E\\u0026\\u003D\\'\\\"\\\\\\u000A\x7f"),
        (js, ("é\u2028\U000e0001\udc80",), "é\\u2028\\uE0001\udc80"),
        (urlquery, ("a b/ç~-_.",), "a+b%2F%C3%A7~-_."),
        (urlquery, ([1, "a"],), "%5B1+a%5D"),
    ],
)
def test_texts(function: Callable[..., str], arguments: tuple[Any, ...], text: str) -> None:
    assert function(a_run(), *arguments) == text


@given(st.binary(max_size=20))
def test_queries_hold_every_byte(raw: bytes) -> None:
    query = urlquery(a_run(), decoded(raw))
    assert query.isascii()
    assert unquote_to_bytes(query.replace("+", " ")) == raw


@given(st.text(max_size=20))
def test_nothing_of_html_is_left(text: str) -> None:
    assert not set("<>\"'\0") & set(html(a_run(), text))


@given(st.text(max_size=20))
def test_no_string_of_javascript_ends(text: str) -> None:
    escaped = js(a_run(), text)
    assert not set("<>&=\n\r\u2028") & set(escaped)
    assert "'" not in escaped.replace("\\\\", "").replace("\\'", "")


@pytest.mark.parametrize("function", [html, js, urlquery])
def test_escaping_is_paid_for_before_it_is_done(function: Callable[..., str]) -> None:
    with pytest.raises(BudgetError):
        function(a_run(string_bytes=3000), "<" * 2000)
