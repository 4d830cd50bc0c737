# SPDX-License-Identifier: Apache-2.0
"""Sprig's case converters, which divide a text into words in a way of their own.

Source: docs/compat/go-templates.md 16.1.
"""

import unicodedata
from collections.abc import Iterator
from enum import Enum, auto
from itertools import groupby
from typing import Final

from keyfleet.transform.gotemplate.formats.letters import SPACE, lower, upper, whole_characters
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run

WORDS: Final = Table()


class Kind(Enum):
    """What a piece of the text is made of."""

    CONNECTORS = auto()
    """White space, `_` and `-`."""
    PUNCTUATION = auto()
    CAPITALS = auto()
    """A word that begins with a capital, and a run of capitals."""
    LETTERS = auto()
    DIGITS = auto()
    OTHER = auto()


Piece = tuple[Kind, str]
_GAPS: Final = frozenset({Kind.CONNECTORS, Kind.PUNCTUATION})
_SWALLOWED: Final = frozenset({Kind.LETTERS, Kind.DIGITS})
_CONNECTORS: Final = SPACE + "_-"
_SLOW: Final = 20
"""How much more than other loops these cost for each character, in time and memory."""
_IDEOGRAPHS: Final = (range(0x4E00, 0x9FCD), range(0x3400, 0x4D86), range(0x20000, 0x2B81E))


@WORDS.function("snakecase", params=(STRING,), run=True)
def snakecase(run: Run, text: str) -> str:
    """Return the words in lower case with underscores between them."""
    return _lower_words(run, text, "_")


@WORDS.function("kebabcase", params=(STRING,), run=True)
def kebabcase(run: Run, text: str) -> str:
    """Return the words in lower case with hyphens between them."""
    return _lower_words(run, text, "-")


def _lower_words(run: Run, text: str, connector: str) -> str:
    run.walk(_SLOW * len(text))
    found: list[str] = []
    before = Kind.CONNECTORS
    for kind, piece in _words(list(_pieces(text))):
        if kind is Kind.CONNECTORS:
            found.append(connector * len(piece))
        else:
            if kind not in _GAPS and before not in _GAPS:
                found.append(connector)
            found.append(piece)
        before = kind
    return "".join(found)


def _words(pieces: list[Piece]) -> Iterator[Piece]:
    """Join digits with the letters they belong to.

    Digits end the word before them. But when lower-case letters follow, or no word is before them,
    they begin one, which goes on as long as such letters and digits do.
    """
    index = 0
    while index < len(pieces):
        end = _end_of_word(pieces, index)
        yield pieces[index][0], "".join(piece for _, piece in pieces[index:end])
        index = end


def _end_of_word(pieces: list[Piece], start: int) -> int:
    kind, end = pieces[start][0], start + 1
    if kind is Kind.DIGITS:
        while _kind_at(pieces, end) in _SWALLOWED:
            end += 1
        return end
    digits_follow = kind not in _GAPS and _kind_at(pieces, end) is Kind.DIGITS
    return end + 1 if digits_follow and _kind_at(pieces, end + 1) is not Kind.LETTERS else end


def _kind_at(pieces: list[Piece], index: int) -> Kind | None:
    return pieces[index][0] if index < len(pieces) else None


def _pieces(text: str) -> Iterator[Piece]:
    """Divide the text where words may begin.

    The last of several capitals belongs to the lower-case letters after it.
    """
    capitals = ""
    for kind, piece in _runs(whole_characters(text)):
        if kind is Kind.CAPITALS:
            capitals = "".join(map(lower, piece))
        elif kind is Kind.LETTERS and capitals:
            if capitals[:-1]:
                yield Kind.CAPITALS, capitals[:-1]
            yield Kind.CAPITALS, capitals[-1] + piece
            capitals = ""
        else:
            if capitals:
                yield Kind.CAPITALS, capitals
            yield kind, piece
            capitals = ""
    if capitals:
        yield Kind.CAPITALS, capitals


def _runs(text: str) -> Iterator[Piece]:
    """Divide the text into runs of one kind; `-` and `_` continue punctuation."""
    before = Kind.OTHER

    def kind_of(character: str) -> Kind:
        nonlocal before
        if before is not Kind.PUNCTUATION or character not in "-_":
            before = _kind_of(character)
        return before

    for kind, group in groupby(text, key=kind_of):
        yield kind, "".join(group)


def _kind_of(character: str) -> Kind:
    """Return what a character is to the case converters."""
    if _is_connector(character):
        return Kind.CONNECTORS
    category = unicodedata.category(character)
    if category == "Lu":
        return Kind.CAPITALS
    if category[0] == "L":
        is_ideograph = any(ord(character) in block for block in _IDEOGRAPHS)
        return Kind.OTHER if is_ideograph else Kind.LETTERS
    return {"P": Kind.PUNCTUATION, "N": Kind.DIGITS}.get(category[0], Kind.OTHER)


def _is_connector(character: str) -> bool:
    return character in _CONNECTORS


@WORDS.function("camelcase", params=(STRING,), run=True)
def camelcase(run: Run, text: str) -> str:
    """Return the words in one, each with a capital: `HTTP_server` becomes `HttpServer`.

    Connectors at both ends stay; of those inside one is dropped. A text of nothing else gets its
    last one twice.
    """
    run.walk(_SLOW * len(text))
    whole = whole_characters(text)
    inner = whole.strip(_CONNECTORS)
    if not inner:
        return whole + whole[-1:]
    start = whole.index(inner)
    return whole[:start] + _pascal_case(inner) + whole[start + len(inner) :]


def _pascal_case(text: str) -> str:
    found: list[str] = []
    before, lowers = "-", False
    for character in text:
        if _is_connector(before):
            if _is_connector(character):
                found.append(before)
            else:
                lowers = character.isupper()
                found.append(upper(character))
        elif not _is_connector(character):
            lowers = lowers and character.isupper()
            found.append(lower(character) if lowers else character)
        before = character
    return "".join(found)
