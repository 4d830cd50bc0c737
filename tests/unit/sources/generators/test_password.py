# SPDX-License-Identifier: Apache-2.0
"""Passwords: counts, alphabets, repeats, encodings."""

import base64
import os
import string
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.stores import How, Query, Store, StoreRef
from keyfleet.plugin.stores import ProviderMeans, StoreReferences
from keyfleet.sources.generators.chance import Chance
from keyfleet.sources.generators.password import (
    PASSWORD,
    SYMBOLS,
    PasswordSpec,
    password,
    recipe_of,
)

LETTERS = set(string.ascii_letters)
DIGITS = set(string.digits)
MEANS = ProviderMeans(SystemClock(), os.urandom, lambda *_: None)


def store(**spec: Any) -> Store:
    return Store(StoreRef("Password", "made", "team"), "Password", spec, "team")


async def passwords(**spec: Any) -> dict[str, bytes]:
    session = await PASSWORD.open(store(**spec), cast("StoreReferences", None), MEANS)
    query = Query(How.GENERATE)
    answer = session.answer(query, await session.fetch(session.request(query)))
    assert isinstance(answer, dict)
    return {name: value.reveal() for name, value in answer.items()}


def counts(text: str) -> tuple[int, int, int]:
    """Return how many letters, digits and other characters a text has."""
    letters = sum(one in LETTERS for one in text)
    digits = sum(one in DIGITS for one in text)
    return letters, digits, len(text) - letters - digits


def refused(**spec: Any) -> InvalidIntentError:
    with pytest.raises(InvalidIntentError) as caught:
        PASSWORD.check(store(**spec))
    assert caught.value.code == "store.invalid"
    return caught.value


async def test_has_24_characters_a_quarter_digits_a_quarter_symbols() -> None:
    (text,) = (await passwords()).values()
    assert counts(text.decode()) == (12, 6, 6)
    assert set(text.decode()) <= LETTERS | DIGITS | set(SYMBOLS)
    assert len(SYMBOLS) == len(set(SYMBOLS)) == 30


@given(
    length=st.integers(1, 200),
    digits=st.integers(0, 60) | st.none(),
    symbols=st.integers(0, 60) | st.none(),
    alphabet=st.text(st.sampled_from("-_.!äaZ07"), max_size=6),
    no_upper=st.booleans(),
)
def test_keeps_the_counts_where_characters_may_repeat(
    length: int, digits: int | None, symbols: int | None, alphabet: str, no_upper: bool
) -> None:
    spec = PasswordSpec(length, digits, symbols, alphabet, no_upper, True)
    recipe = recipe_of(spec)
    assume(recipe.letter_count >= 0)
    made = password(recipe, Chance(os.urandom), allow_repeat=True)
    assert len(made) == length
    found, extra = counts(made), Counter(made)
    own = set(recipe.symbols) - LETTERS - DIGITS
    assert set(made) <= set(recipe.letters) | DIGITS | set(recipe.symbols)
    assert found[2] == sum(extra[one] for one in own) <= recipe.symbol_count
    if not set(recipe.symbols) & (LETTERS | DIGITS):
        assert found == (recipe.letter_count, recipe.digit_count, recipe.symbol_count)
    if no_upper and not set(recipe.symbols) & set(string.ascii_uppercase):
        assert made == made.lower()


@given(
    length=st.integers(1, 92),
    digits=st.integers(0, 10),
    symbols=st.integers(0, 30),
    alphabet=st.text(st.sampled_from("-_.!äaZ07"), max_size=12),
    no_upper=st.booleans(),
)
def test_repeats_no_character_unless_allowed(
    length: int, digits: int, symbols: int, alphabet: str, no_upper: bool
) -> None:
    """Whatever the check lets pass can be made, also where symbols are letters or digits."""
    spec = {"length": length, "digits": digits, "symbols": symbols, "noUpper": no_upper}
    try:
        PASSWORD.check(store(**spec, symbolCharacters=alphabet))
    except InvalidIntentError:
        assume(False)
    recipe = recipe_of(PasswordSpec(length, digits, symbols, alphabet, no_upper))
    made = password(recipe, Chance(os.urandom), allow_repeat=False)
    assert len(made) == len(set(made)) == length
    assert set(made) <= set(recipe.letters) | DIGITS | set(recipe.symbols)
    if not set(recipe.symbols) & (LETTERS | DIGITS):
        assert counts(made) == (recipe.letter_count, digits, symbols)


@given(
    letters=st.integers(0, 26),
    digits=st.integers(0, 10),
    symbols=st.integers(0, 12),
    alphabet=st.text(st.sampled_from("-_.a1z09"), min_size=1, max_size=8),
)
def test_refuses_exactly_what_no_alphabet_can_give(
    letters: int, digits: int, symbols: int, alphabet: str
) -> None:
    """Some password without repeats exists just when every set and every union is large enough."""
    length = letters + digits + symbols
    assume(length > 0)
    spec = {"length": length, "digits": digits, "symbols": symbols, "noUpper": True}
    wanted = ((set(string.ascii_lowercase), letters), (DIGITS, digits), (set(alphabet), symbols))
    is_possible = all(
        len(set().union(*(wanted[one][0] for one in group))) >= sum(wanted[one][1] for one in group)
        for group in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
    )
    if is_possible:
        PASSWORD.check(store(**spec, symbolCharacters=alphabet))
    else:
        assert refused(**spec, symbolCharacters=alphabet).path == "allowRepeat"


async def test_encodes_the_finished_password() -> None:
    plain = {"length": 8, "digits": 0, "symbols": 8, "symbolCharacters": ">?~", "allowRepeat": True}
    decode: dict[str, Callable[[bytes], bytes]] = {
        "base64": base64.b64decode,
        "base64url": base64.urlsafe_b64decode,
        "base32": base64.b32decode,
        "hex": lambda text: bytes.fromhex(text.decode()),
        "raw": bytes,
    }
    for encoding, decoded in decode.items():
        (text,) = (await passwords(**plain, encoding=encoding)).values()
        assert set(decoded(text)) <= set(b">?~")
        assert len(decoded(text)) == 8


async def test_makes_one_password_of_its_own_for_each_key() -> None:
    made = await passwords(secretKeys=["a", "b", "c"])
    assert list(made) == ["a", "b", "c"]
    assert len(set(made.values())) == 3
    assert list(await passwords(secretKeys=[])) == ["password"]


async def test_takes_24_for_a_length_that_is_none() -> None:
    assert len((await passwords(length=0))["password"]) == 24
    assert len((await passwords(length=-3))["password"]) == 24


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"secretKeys": ["a", "a"]}, "secretKeys"),
        ({"secretKeys": [""]}, "secretKeys"),
        ({"length": 4, "digits": 3, "symbols": 2}, "length"),
        ({"length": 4, "digits": -1}, "digits, symbols"),
        ({"length": 48}, "allowRepeat"),
        ({"length": 30, "digits": 0, "symbols": 0, "noUpper": True}, "allowRepeat"),
        ({"symbols": 3, "symbolCharacters": "--"}, "allowRepeat"),
        ({"encoding": "rot13"}, "encoding"),
        ({"length": 65_537, "allowRepeat": True}, "length"),
        ({"length": "24"}, "length"),
    ],
)
def test_refuses_what_cannot_work(spec: dict[str, Any], path: str) -> None:
    assert refused(**spec).path == path


def test_says_what_upstream_says_of_keys() -> None:
    assert "secretKeys must be non-empty and unique" in refused(secretKeys=["a", "a"]).hint


def test_prefers_no_character() -> None:
    """Each of the 52 letters at each of 2 places: 5000 passwords are far from any bias of 30 %."""
    chance, recipe = Chance(os.urandom), recipe_of(PasswordSpec(2, 0, 0))
    seen = Counter(password(recipe, chance, allow_repeat=False)[0] for _ in range(20_000))
    assert set(seen) == LETTERS
    assert all(250 < count < 540 for count in seen.values())
