# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.observe.listen import ListenAddress, parse_listen


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080),
        ("0.0.0.0:80", "0.0.0.0", 80),  # noqa: S104 - what the user may ask for
        ("[::1]:8080", "::1", 8080),
        ("[::]:0", "::", 0),
        ("localhost:65535", "localhost", 65535),
        ("keyfleet-0.pods.example:8080", "keyfleet-0.pods.example", 8080),
        (" 127.0.0.1:1 ", "127.0.0.1", 1),
    ],
)
def test_reads_host_and_port(text: str, host: str, port: int) -> None:
    assert parse_listen(text) == ListenAddress(host, port)


def test_no_host_means_this_machine_only() -> None:
    assert parse_listen(":8080") == ListenAddress("127.0.0.1", 8080)


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536"),
        *("127.0.0.1:-1", "127.0.0.1:٣", "::1:8080", "[::1]", "[localhost]:80", "300.1.1.1:80"),
        *("http://127.0.0.1:80", "a b:80", "host_name:80", "-a:80", "a:80/metrics", "[::1:80"),
    ],
)
def test_refuses_anything_else_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_listen(text)
    assert caught.value.code == "listen.address"
    assert "127.0.0.1:8080" in caught.value.hint


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_our_error(text: str) -> None:
    try:
        address = parse_listen(text)
    except InvalidInputError:
        return
    assert parse_listen(str(address)) == address
