# SPDX-License-Identifier: Apache-2.0
"""The order of a mapping's keys: natural, so that a2 comes before a10.

Source: docs/compat/go-templates.md 20.2.
"""

from functools import cmp_to_key, partial
from typing import Any, Final

from keyfleet.transform.gotemplate.formats.yaml.dialect import Dialect
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import kind_of, wrapped

_KINDS: Final = ("bool", "int", "int64", "uint64", "float64", "string", "struct")
_LONGEST_NUMBER: Final = 19
"""Digits of a number in a key; Go reads longer ones modulo 2**64."""


def natural_keys(run: Run, keys: list[Any], dialect: Dialect) -> list[Any]:
    """Return the keys in the order in which they are written."""
    run.step(2 * len(keys))  # comparing is slower than writing
    return sorted(keys, key=cmp_to_key(partial(_compare, dialect)))


def _compare(dialect: Dialect, left: Any, right: Any) -> int:
    if isinstance(left, str) and isinstance(right, str):
        return _compare_texts(dialect, left, right)
    ranks = [_rank(left), _rank(right)]
    return -1 if ranks[0] < ranks[1] else int(ranks[0] > ranks[1])


def _rank(key: Any) -> tuple[int, float, int]:
    """Numbers and booleans by value, then all else by kind."""
    if isinstance(key, int | float):
        kind = kind_of(key)
        return 0, float(key), _KINDS.index(kind) if kind in _KINDS else len(_KINDS)
    return (2 if isinstance(key, str) else 1), 0.0, 0


def _compare_texts(dialect: Dialect, left: str, right: str) -> int:
    at = _first_difference(left, right)
    if at == min(len(left), len(right)):
        return (len(left) > len(right)) - (len(left) < len(right))
    one, two = left[at], right[at]
    if one.isalpha() or two.isalpha():
        if one.isalpha() and two.isalpha():
            return -1 if one < two else 1
        is_after_digit = at > 0 and left[at - 1].isdecimal()
        are_letters_first = is_after_digit and dialect.puts_letters_after_digits_first
        return -1 if one.isalpha() == are_letters_first else 1
    return _compare_numbers(left, right, at)


def _compare_numbers(left: str, right: str, at: int) -> int:
    # After other digits a zero is no leading one: 10 is more than 1.
    lead = 1 if "0" in (left[at], right[at]) and _has_digit_before(left, at) else 0
    one, two = _digits(left, at), _digits(right, at)
    numbers = [wrapped(int(f"{lead}{digits}"[-_LONGEST_NUMBER:])) for digits in (one, two)]
    if numbers[0] != numbers[1]:
        return -1 if numbers[0] < numbers[1] else 1
    if len(one) != len(two):
        return -1 if len(one) < len(two) else 1
    return -1 if left[at] < right[at] else 1


def _digits(text: str, start: int) -> str:
    end = start
    while end < len(text) and text[end].isdecimal():
        end += 1
    return text[start:end]


def _has_digit_before(text: str, at: int) -> bool:
    before = text[:at]
    digits = before[len(before.rstrip("0123456789")) :]
    return digits.strip("0") != ""


def _first_difference(left: str, right: str) -> int:
    low, high = 0, min(len(left), len(right))
    if left[:high] == right[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low
