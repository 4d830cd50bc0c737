# SPDX-License-Identifier: Apache-2.0
"""One semantic version: reading it, its order, and the methods that templates may call.

Source: docs/compat/go-templates.md 16.9.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import ascii_letters, digits
from typing import Any, ClassVar, Final

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.strconv import parse_uint
from keyfleet.transform.gotemplate.functions.table import STRING, Table, struct
from keyfleet.transform.gotemplate.values import GoObject, Uint64

METHODS: Final = Table()
INVALID_VERSION: Final = "invalid semantic version"
_DIGITS: Final = frozenset(digits)
_IDENTIFIER: Final = frozenset(ascii_letters + digits + "-")
_LARGEST: Final = 2**64 - 1
_LONGEST: Final = 256
_SLOTS: Final = 3
"""Major, minor, patch."""


@dataclass(frozen=True, slots=True, eq=False)
class Version(GoObject):
    """`*semver.Version`."""

    go_type: ClassVar[str] = "*semver.Version"
    methods: ClassVar[Mapping[str, Any]] = METHODS

    major: int
    minor: int = 0
    patch: int = 0
    prerelease: str = ""
    metadata: str = ""
    original: str = ""

    def go_string(self) -> str:
        """Return it with all three numbers and without a `v`."""
        return (
            f"{self.major}.{self.minor}.{self.patch}"
            + (f"-{self.prerelease}" if self.prerelease else "")
            + (f"+{self.metadata}" if self.metadata else "")
        )

    def json_value(self) -> str:
        """Return it as its text."""
        return self.go_string()

    def compared_to(self, other: "Version") -> int:
        """Return -1, 0 or 1; metadata does not count."""
        return order(self.numbers(), other.numbers()) or compared_prereleases(
            self.prerelease, other.prerelease
        )

    def numbers(self) -> tuple[int, int, int]:
        """Return major, minor and patch."""
        return self.major, self.minor, self.patch


class NewVersion(Version):
    """`semver.Version`: what versions are made into."""

    __slots__ = ()
    go_type: ClassVar[str] = "semver.Version"


def order(one: Any, other: Any) -> int:
    """Return -1, 0 or 1."""
    return int(one > other) - int(one < other)


def parse_version(text: str) -> Version:
    """Read a version; minor, patch and a leading `v` may be missing or there.

    Raises:
        GoError: It is none.
        BudgetError: It is too long.
    """
    if len(text) > _LONGEST:
        raise BudgetError(f"a version longer than {_LONGEST} bytes")
    rest, plus, metadata = text.partition("+")
    core, dash, prerelease = rest.partition("-")
    numbers = core.removeprefix("v").split(".", _SLOTS)
    is_wrong = (
        len(numbers) > _SLOTS
        or not all(number and _DIGITS.issuperset(number) for number in numbers)
        or (plus and not _has_identifiers(metadata))
        or (dash and not _has_identifiers(prerelease))
    )
    if is_wrong:
        raise GoError(INVALID_VERSION)
    slots = [_number(number) for number in numbers] + [0] * (_SLOTS - len(numbers))
    _check_prerelease(prerelease)
    return Version(slots[0], slots[1], slots[2], prerelease, metadata, text)


def _has_identifiers(text: str) -> bool:
    return all(part and _IDENTIFIER.issuperset(part) for part in text.split("."))


def _number(text: str) -> int:
    try:
        return parse_uint(text)
    except GoError as error:
        raise GoError("error parsing version segment: ", *error.parts) from None


def _check_prerelease(prerelease: str) -> None:
    for part in prerelease.split("."):
        if len(part) > 1 and part[0] == "0" and _DIGITS.issuperset(part):
            raise GoError("version segment starts with 0")


def compared_prereleases(one: str, other: str) -> int:
    """Return -1, 0 or 1; no pre-release is more than any."""
    if not one or not other:
        return int(not one) - int(not other)
    mine, its = one.split("."), other.split(".")
    for left, right in zip(mine, its, strict=False):
        if left != right:
            return order(_rank(left), _rank(right))
    return order(len(mine), len(its))


def _rank(identifier: str) -> tuple[bool, int, str, str]:
    """Return what sorts identifiers: numbers by value and before words."""
    if _DIGITS.issuperset(identifier):
        kept = identifier.lstrip("0")
        return False, len(kept), kept, ""
    return True, 0, "", identifier


VERSION: Final = struct(Version)


@METHODS.function("Major")
def _major(version: Version) -> Uint64:
    return Uint64(version.major)


@METHODS.function("Minor")
def _minor(version: Version) -> Uint64:
    return Uint64(version.minor)


@METHODS.function("Patch")
def _patch(version: Version) -> Uint64:
    return Uint64(version.patch)


@METHODS.function("Prerelease")
def _prerelease(version: Version) -> str:
    return version.prerelease


@METHODS.function("Metadata")
def _metadata(version: Version) -> str:
    return version.metadata


@METHODS.function("Original")
def _original(version: Version) -> str:
    return version.original


@METHODS.function("String")
def _string(version: Version) -> str:
    return version.go_string()


@METHODS.function("Compare", params=(VERSION,))
def _compare(version: Version, other: Version) -> int:
    return version.compared_to(other)


@METHODS.function("LessThan", params=(VERSION,))
def _less_than(version: Version, other: Version) -> bool:
    return version.compared_to(other) < 0


@METHODS.function("LessThanEqual", params=(VERSION,))
def _less_than_equal(version: Version, other: Version) -> bool:
    return version.compared_to(other) <= 0


@METHODS.function("GreaterThan", params=(VERSION,))
def _greater_than(version: Version, other: Version) -> bool:
    return version.compared_to(other) > 0


@METHODS.function("GreaterThanEqual", params=(VERSION,))
def _greater_than_equal(version: Version, other: Version) -> bool:
    return version.compared_to(other) >= 0


@METHODS.function("Equal", params=(VERSION,))
def _equal(version: Version, other: Version) -> bool:
    return version.compared_to(other) == 0


@METHODS.function("IncMajor")
def _inc_major(version: Version) -> Version:
    return _renewed(version, (version.major + 1, 0, 0))


@METHODS.function("IncMinor")
def _inc_minor(version: Version) -> Version:
    return _renewed(version, (version.major, version.minor + 1, 0))


@METHODS.function("IncPatch")
def _inc_patch(version: Version) -> Version:
    """Return the next patch, which after a pre-release is its own release."""
    step = 0 if version.prerelease else 1
    return _renewed(version, (version.major, version.minor, version.patch + step))


def _renewed(version: Version, numbers: tuple[int, int, int]) -> Version:
    major, minor, patch = (number & _LARGEST for number in numbers)
    return _made(version, Version(major, minor, patch))


def _made(before: Version, version: Version) -> Version:
    prefix = "v" if before.original.startswith("v") else ""
    original = prefix + version.go_string()
    return NewVersion(*version.numbers(), version.prerelease, version.metadata, original)


@METHODS.function("SetPrerelease", params=(STRING,))
def _set_prerelease(version: Version, prerelease: str) -> Version:
    if prerelease and not _has_identifiers(prerelease):
        raise GoError("invalid prerelease string")
    _check_prerelease(prerelease)
    return _made(version, replace(version, prerelease=prerelease))


@METHODS.function("SetMetadata", params=(STRING,))
def _set_metadata(version: Version, metadata: str) -> Version:
    if metadata and not _has_identifiers(metadata):
        raise GoError("invalid metadata string")
    return _made(version, replace(version, metadata=metadata))
