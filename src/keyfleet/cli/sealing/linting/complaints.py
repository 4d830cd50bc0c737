# SPDX-License-Identifier: Apache-2.0
"""What `keyfleet lint` complains about, and what is allowed all the same; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from keyfleet.base.codec import Span, YamlDocument

EXCEPTIONS = ".keyfleet-lint"
"""File in a linted folder: lines `RULE PATTERN`, where `*` is any rule; `#` begins a comment."""

_ALLOW = re.compile(
    r"#\s*keyfleet-lint:\s*allow(?P<file>-file)?\s+(?P<rules>[-*a-z]+(?:[ ,]+[-*a-z]+)*)"
)


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """A value stands in clear, or will not arrive."""
    WARNING = "warning"
    NOTE = "note"
    """Worth knowing; nothing need be done."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for."""

    name: str
    severity: Severity
    hint: str
    """What to do."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A place where something is wrong; holds no value."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1."""
    rule: Rule
    message: str
    """Names items and Secrets, never what is in them."""

    @property
    def place(self) -> str:
        """As compilers say it, so that editors find it."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Place:
    """A document of a file, to complain about places in it."""

    file: str
    document: YamlDocument

    def says(self, path: tuple[str | int, ...], rule: Rule, message: str) -> Complaint:
        """Return a complaint about what is at a path, or at the nearest that has a place."""
        span: Span | None = None
        for length in range(len(path), -1, -1):
            span = self.document.spans.get(path[:length])
            if span is not None:
                break
        line, column = (span.line, span.column) if span else (self.document.line, 1)
        return Complaint(self.file, line, column, rule, message)


class Allowed:
    """What may be wrong in a file: by comments in it, and by the folder's list."""

    def __init__(self, raw: bytes, listed: Iterable[str] = ()) -> None:
        """Read the comments.

        Args:
            raw: The file.
            listed: Rules that the folder's list allows in it.
        """
        self._everywhere = set(listed)
        self._by_line: dict[int, set[str]] = {}
        if b"keyfleet-lint" not in raw:
            return
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
            if found := _ALLOW.search(line):
                rules = set(re.split(r"[ ,]+", found["rules"]))
                if found["file"]:
                    self._everywhere |= rules
                else:
                    self._by_line[number] = rules

    def covers(self, complaint: Complaint) -> bool:
        """Tell whether a complaint is allowed: in its line, in the one above, or everywhere."""
        lines = (self._by_line.get(complaint.line - back, set()) for back in (0, 1))
        return any({complaint.rule.name, "*"} & rules for rules in (self._everywhere, *lines))


def listed_exceptions(text: str) -> list[tuple[str, str]]:
    r"""Return rule and pattern of each line of a folder's list.

    >>> listed_exceptions("# why\nprivate-key docs/*\n")
    [('private-key', 'docs/*')]
    """
    words = (line.partition("#")[0].split() for line in text.splitlines())
    return [(each[0], each[1]) for each in words if len(each) == 2]


def rules_for(path: str, exceptions: Iterable[tuple[str, str]]) -> set[str]:
    """Return the rules that a folder's list allows in a file of it."""
    return {rule for rule, pattern in exceptions if fnmatchcase(path, pattern)}


def mapping(value: object) -> Mapping[str, object]:
    """Return a mapping as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}
