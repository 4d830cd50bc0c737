# SPDX-License-Identifier: Apache-2.0
"""Generator `Password`: letters, digits and symbols in random order.

Source: docs/compat/eso-generators.md, "Password".
"""

import string
from base64 import b32encode, b64encode, urlsafe_b64encode
from binascii import hexlify
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import invalid
from keyfleet.sources.generators.chance import Chance
from keyfleet.sources.generators.generator import Generator, Values

DEFAULT_LENGTH: Final = 24
LENGTH_MAX: Final = 65_536
"""Characters of all passwords of one generator together."""
SYMBOLS: Final = '~!@#$%^&*()_+`-={}|[]\\:"<>?,./'

_ENCODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "raw": bytes,
    "base64": b64encode,
    "base64url": urlsafe_b64encode,
    "base32": b32encode,
    "hex": hexlify,
}


class PasswordSpec(msgspec.Struct, frozen=True, rename="camel"):
    """Spec of a Password generator, as written."""

    length: int = DEFAULT_LENGTH
    digits: int | None = None
    symbols: int | None = None
    symbol_characters: str = ""
    no_upper: bool = False
    allow_repeat: bool = False
    encoding: str = "raw"
    secret_keys: list[str] = []


@dataclass(frozen=True, slots=True)
class Recipe:
    """How many characters of which sets make one password."""

    letters: str
    letter_count: int
    digit_count: int
    symbols: str
    symbol_count: int

    @property
    def is_repeatless(self) -> bool:
        """Whether there is a password of it without any character twice."""
        return (
            self.letter_count <= len(self.letters)
            and self.digit_count <= len(string.digits)
            and len(self.distinct_symbols(self.symbols)) == self.symbol_count
        )

    def distinct_symbols(self, order: str) -> str:
        """Return symbols of which none comes twice, the first in that order that fit.

        A symbol that is also a letter or a digit takes one of these away: only so many are taken
        that enough are left.
        """
        spare = {
            self.letters: len(self.letters) - self.letter_count,
            string.digits: len(string.digits) - self.digit_count,
        }
        taken = []
        for symbol in dict.fromkeys(order):
            home = next((letters for letters in spare if symbol in letters), None)
            if home is not None and not spare[home]:
                continue
            if home is not None:
                spare[home] -= 1
            taken.append(symbol)
        return "".join(taken[: self.symbol_count])


def recipe_of(config: PasswordSpec) -> Recipe:
    """Return the recipe that a spec means; its letter count is negative when it is impossible."""
    length = config.length if config.length > 0 else DEFAULT_LENGTH
    digits = length // 4 if config.digits is None else config.digits
    symbols = length // 4 if config.symbols is None else config.symbols
    upper = "" if config.no_upper else string.ascii_uppercase
    return Recipe(
        string.ascii_lowercase + upper,
        length - digits - symbols,
        digits,
        config.symbol_characters or SYMBOLS,
        symbols,
    )


def password(recipe: Recipe, chance: Chance, *, allow_repeat: bool) -> str:
    """Return one password of a recipe that was checked."""
    parts = _repeating(recipe, chance) if allow_repeat else _repeatless(recipe, chance)
    chance.shuffle(parts)
    return "".join(parts)


def _repeating(recipe: Recipe, chance: Chance) -> list[str]:
    sets = (
        (recipe.letters, recipe.letter_count),
        (string.digits, recipe.digit_count),
        (recipe.symbols, recipe.symbol_count),
    )
    return [chance.choice(characters) for characters, count in sets for _ in range(count)]


def _repeatless(recipe: Recipe, chance: Chance) -> list[str]:
    shuffled = "".join(chance.sample(recipe.symbols, len(recipe.symbols)))
    taken = recipe.distinct_symbols(shuffled)
    return [
        *taken,
        *_sample(recipe.letters, recipe.letter_count, taken, chance),
        *_sample(string.digits, recipe.digit_count, taken, chance),
    ]


def _sample(characters: str, count: int, taken: str, chance: Chance) -> list[str]:
    return chance.sample([one for one in characters if one not in taken], count)


def _check(config: PasswordSpec, store: Store) -> None:
    keys = _keys(config)
    if "" in keys or len(set(keys)) < len(keys):
        raise invalid(store, "secretKeys", "secretKeys must be non-empty and unique")
    if config.encoding not in _ENCODINGS:
        raise invalid(store, "encoding", f"use one of {', '.join(_ENCODINGS)}")
    if config.length * len(keys) > LENGTH_MAX:
        raise invalid(store, "length", f"more than {LENGTH_MAX} characters in all")
    recipe = recipe_of(config)
    if min(recipe.digit_count, recipe.symbol_count) < 0:
        raise invalid(store, "digits, symbols", "they must not be negative")
    if recipe.letter_count < 0:
        raise invalid(store, "length", "digits and symbols are more than length")
    if not config.allow_repeat and not recipe.is_repeatless:
        hint = "too few different characters for these counts; set allowRepeat: true"
        raise invalid(store, "allowRepeat", hint)


def _keys(config: PasswordSpec) -> list[str]:
    return config.secret_keys or ["password"]


async def _passwords(config: PasswordSpec, chance: Chance) -> Values:
    recipe, encode = recipe_of(config), _ENCODINGS[config.encoding]
    return {
        key: SecretValue(
            encode(password(recipe, chance, allow_repeat=config.allow_repeat).encode())
        )
        for key in _keys(config)
    }


PASSWORD = Generator("Password", PasswordSpec, _check, _passwords)
