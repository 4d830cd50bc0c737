# SPDX-License-Identifier: Apache-2.0
"""Constraints on semantic versions: `>=1.2, <2 || ^3.1`, wild cards and hyphen ranges.

Source: docs/compat/go-templates.md 16.9.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.regexp import find, matches, replace_all
from keyfleet.transform.gotemplate.formats.semver.versions import (
    Version,
    compared_prereleases,
    parse_version,
)
from keyfleet.transform.gotemplate.run import Run

_PART: Final = r"[0-9|x|X|\*]+"
_WORDS: Final = r"[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*"
_VERSION: Final = rf"v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?((?:-{_WORDS})?(?:\+{_WORDS})?)"
_OPERATOR: Final = r"(=||!=|>|<|>=|=>|<=|=<|~|~>|\^)"
_ONE: Final = rf"{_OPERATOR}\s*{_VERSION}"
_WHOLE: Final = rf"^(\s*{_ONE}\s*)((?:\s+|,\s*){_ONE}\s*)*$"
_RANGE: Final = rf"\s*({_VERSION})\s+-\s+({_VERSION})\s*"
_EXACT: Final = frozenset({0, 3})
"""Given slots where Go compares in full: none counts as 0.0.0."""
_WILD: Final = frozenset({"", "x", "X", "*"})


@dataclass(frozen=True, slots=True)
class Constraint:
    """One operator and the version after it, whose last numbers may be open."""

    operator: str
    version: Version
    slots: int
    """How many of its three numbers are given."""

    @property
    def is_open(self) -> bool:
        """Whether a number is missing or a wild card."""
        return self.slots < 3


def satisfies(run: Run, constraint: str, text: str) -> bool:
    """Return whether the version in the text meets the constraint.

    Raises:
        GoError: The constraint or the version cannot be read.
    """
    groups = _groups(run, constraint)
    version = parse_version(text)
    return any(_meets_all(version, group) for group in groups)


def _meets_all(version: Version, group: list[Constraint]) -> bool:
    if version.prerelease and not any(one.version.prerelease for one in group):
        return False
    return all(_CHECKS[one.operator](version, one) for one in group)


def _groups(run: Run, constraint: str) -> list[list[Constraint]]:
    alternatives = _without_ranges(run, constraint).split("||")
    run.step(len(alternatives))
    return [_group(run, alternative) for alternative in alternatives]


def _without_ranges(run: Run, constraint: str) -> str:
    return replace_all(run, _RANGE, constraint, ">= $1, <= $6 ")


def _group(run: Run, text: str) -> list[Constraint]:
    if find(run, _WHOLE, text) is None:
        raise GoError("improper constraint: ", Data(text))
    return [
        _constraint(*found.groups()[1:6]) for found in matches(run, _ONE, text) if found.group(0)
    ]


def _constraint(operator: str, major: str, minor: str, patch: str, rest: str) -> Constraint:
    given = [major, minor, patch]
    slots = next((index for index, part in enumerate(given) if part in _WILD), 3)
    numbers = [*given[:slots], *"000"[slots:]]
    try:
        version = parse_version(".".join(numbers) + rest)
    except GoError as error:
        raise GoError("constraint parser error") from error
    return Constraint(operator, version, slots)


def _is_within(version: Version, one: Constraint) -> bool:
    """`~1.2.3`: this minor release and not before that patch."""
    its = one.version
    if version.compared_to(its) < 0:
        return False
    if one.slots in _EXACT and not (its.major or its.minor or its.patch):
        return True
    return version.major == its.major and (one.slots == 1 or version.minor == its.minor)


def _equals(version: Version, one: Constraint) -> bool:
    return _is_within(version, one) if one.is_open else version.compared_to(one.version) == 0


def _differs(version: Version, one: Constraint) -> bool:
    its = one.version
    if one.slots in _EXACT:
        return version.compared_to(its) != 0
    if version.major != its.major:
        return True
    if one.slots == 1:
        return False
    if version.minor != its.minor:
        return True
    return compared_prereleases(version.prerelease, its.prerelease) != 0


def _is_greater(version: Version, one: Constraint) -> bool:
    """`>3` is any major release after 3, `>3.1` any minor release after that."""
    its = one.version
    if one.slots in _EXACT:
        return version.compared_to(its) > 0
    if version.major != its.major:
        return version.major > its.major
    return one.slots == 2 and version.minor > its.minor


def _is_less(version: Version, one: Constraint) -> bool:
    return version.compared_to(one.version) < 0


def _is_at_least(version: Version, one: Constraint) -> bool:
    return version.compared_to(one.version) >= 0


def _is_at_most(version: Version, one: Constraint) -> bool:
    its = one.version
    if not one.is_open:
        return version.compared_to(its) <= 0
    if version.major != its.major:
        return version.major < its.major
    return one.slots == 1 or version.minor <= its.minor


def _is_compatible(version: Version, one: Constraint) -> bool:
    """`^1.2.3`: everything after it that keeps the first number that is not zero."""
    its = one.version
    if version.compared_to(its) < 0 or version.major != its.major:
        return False
    if its.major or one.slots == 1:
        return True
    if version.minor != its.minor:
        return False
    return bool(its.minor) or one.slots == 2 or version.patch == its.patch


_CHECKS: Final[Mapping[str, Callable[[Version, Constraint], bool]]] = {
    "": _equals, "=": _equals, "!=": _differs,
    ">": _is_greater, "<": _is_less,
    ">=": _is_at_least, "=>": _is_at_least, "<=": _is_at_most, "=<": _is_at_most,
    "~": _is_within, "~>": _is_within, "^": _is_compatible,
}  # fmt: skip
