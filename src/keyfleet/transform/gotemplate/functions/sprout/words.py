# SPDX-License-Identifier: Apache-2.0
"""Sprout's case converters. Source: docs/compat/go-templates.md 18."""

from typing import Final

from keyfleet.transform.gotemplate.formats.letters import (
    lower,
    to_lower,
    to_upper,
    upper,
    whole_characters,
)
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run

WORDS: Final = Table()
_SEPARATORS: Final = frozenset(" -_")
_SLOW: Final = 4
"""How much more than other loops these cost for each character."""


def _enter(name: str, separator: str, *, is_upper: bool = False) -> None:
    @WORDS.function(name, params=(STRING,), run=True)
    def convert(run: Run, text: str) -> str:
        joined = _with_separators(run, text, separator)
        return to_upper(run, joined) if is_upper else to_lower(run, joined)


def _with_separators(run: Run, text: str, separator: str) -> str:
    """Return the text with one separator for those that are there and where words begin."""
    run.walk(_SLOW * len(text))
    run.will_make(2 * len(text))
    whole = whole_characters(text)
    found: list[str] = []
    for index, character in enumerate(whole):
        is_separator = character in _SEPARATORS
        begins = is_separator or _begins_word(whole, index)
        if begins and (not found or found[-1] != separator):
            found.append(separator)
        if not is_separator:
            found.append(character)
    return "".join(found)


def _begins_word(text: str, index: int) -> bool:
    """Return whether digits begin here, or a capital after or before a lower-case letter."""
    character = text[index]
    before = text[index - 1] if index else ""
    if character.isdecimal():
        return not before.isdecimal()
    if not character.isupper() or not before:
        return False
    after = text[index + 1 : index + 2]
    return before.islower() or (before.isupper() and after.islower())


_enter("toSnakeCase", "_")
_enter("toKebabCase", "-")
_enter("toDotCase", ".")
_enter("toPathCase", "/")
_enter("toConstantCase", "_", is_upper=True)


@WORDS.function("toCamelCase", params=(STRING,), run=True)
def to_camel_case(run: Run, text: str) -> str:
    """Return the words in one, all but the first with a capital: `foo_bar` becomes `fooBar`."""
    return _without_separators(run, text, is_first_upper=False)


@WORDS.function("toPascalCase", params=(STRING,), run=True)
def to_pascal_case(run: Run, text: str) -> str:
    """Return the words in one, each with a capital; other capitals stay."""
    return _without_separators(run, text, is_first_upper=True)


def _without_separators(run: Run, text: str, *, is_first_upper: bool) -> str:
    run.walk(_SLOW * len(text))
    found: list[str] = []
    begins, has_letter = is_first_upper, False
    for character in whole_characters(text):
        if character in _SEPARATORS:
            begins = begins or has_letter
            continue
        has_letter = has_letter or character.isalpha()
        if begins:
            found.append(upper(character))
        else:
            found.append(character if is_first_upper else lower(character))
        begins = False
    return "".join(found)
