# SPDX-License-Identifier: Apache-2.0
from base64 import b64decode

import bcrypt as library
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.crypto_passwords import (
    bcrypt,
    derive_password,
    htpasswd,
    random_bytes,
)

TOO_LONG = "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"


def test_hashes_so_that_others_can_check_it() -> None:
    for password in ("", "kf-canary-ü", "\udcff", "\0x", "x" * 72):
        found = bcrypt(a_run(), password)
        assert found.startswith("$2a$10$")
        assert library.checkpw(password.encode("utf-8", "surrogateescape"), found.encode())


def test_says_as_text_that_a_password_is_too_long() -> None:
    assert bcrypt(a_run(), "ü" * 37) == TOO_LONG
    assert htpasswd(a_run(), "u", "x" * 73) == f"u:{TOO_LONG}"


def test_writes_lines_of_a_password_file() -> None:
    user, found = htpasswd(a_run(), "ü", "kf-canary-x").split(":")
    assert user == "ü"
    assert library.checkpw(b"kf-canary-x", found.encode())
    assert htpasswd(a_run(), "a:b", "x") == "invalid username: a:b"


def test_hashes_slowly_only_a_few_times() -> None:
    run = a_run(slow_hashes=1)
    bcrypt(run, "x")
    with pytest.raises(BudgetError):
        bcrypt(run, "x")
    with pytest.raises(BudgetError):
        derive_password(run, 1, "pin", "x", "y", "z")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000])
def test_gives_random_bytes_in_base64(count: int) -> None:
    assert len(b64decode(random_bytes(a_run(), count))) == count


def test_bounds_random_bytes() -> None:
    for count in (9 << 20, 1 << 62):
        with pytest.raises(BudgetError):
            random_bytes(a_run(), count)
    with pytest.raises(GoError) as caught:
        random_bytes(a_run(), -1)
    assert caught.value.go_text() == "runtime error: makeslice: len out of range"


@pytest.mark.parametrize(
    ("arguments", "password"),
    [
        ((1, "long", "password", "user", "example.com"), "ZedaFaxcZaso9*"),
        ((4294967295, "long", "password", "user", "example.com"), "HiqwSats7@Suwe"),
        ((4294967296, "long", "password", "user", "example.com"), "KezpWado2+Fazo"),
        ((1.0, "long", "password", "user", "example.com"), "ZedaFaxcZaso9*"),
        ((1, "pin", "", "", ""), "1578"),
        ((1, "maximum", "ä", "ü", "é"), "p6!MR0h1Z2^uoPPHbDI$"),
        ((1, "Long", "password", "user", "x"), "cannot find password template Long"),
    ],
)
def test_derives_the_passwords_of_go(
    arguments: tuple[float, str, str, str, str], password: str
) -> None:
    assert derive_password(a_run(), *arguments) == password


@pytest.mark.parametrize("kind", ["long", "medium", "short", "basic", "pin", "maximum"])
def test_derives_passwords_of_every_kind(kind: str) -> None:
    lengths = {"long": 14, "medium": 8, "short": 4, "basic": 8, "pin": 4, "maximum": 20}
    assert len(derive_password(a_run(), 1, kind, "a", "b", "c")) == lengths[kind]


@pytest.mark.parametrize("counter", [-1, 0.5, float("nan"), float("inf")])
def test_wants_a_counter(counter: float) -> None:
    with pytest.raises(GoError) as caught:
        derive_password(a_run(), counter, "pin", "a", "b", "c")
    assert caught.value.go_text().startswith("expected unsigned integer; found ")


@given(st.text(max_size=3))
def test_knows_no_other_kinds(kind: str) -> None:
    if kind != "pin":
        assert derive_password(a_run(), 1, kind, "a", "b", "c").endswith(kind)
