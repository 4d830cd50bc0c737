# SPDX-License-Identifier: Apache-2.0
"""Names of secrets on the command line: `NAMESPACE/NAME`, or `NAME` with -n."""

from collections.abc import Iterable
from dataclasses import dataclass

from keyfleet.base.errors import InvalidInputError


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A FleetSecret, or an annotated Secret, of the hub."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def parse_ref(text: str, namespace: str = "") -> Ref:
    """Return the reference a text names.

    >>> str(parse_ref("payments/db")), str(parse_ref("db", "payments"))
    ('payments/db', 'payments/db')

    Raises:
        InvalidInputError: It names none.
    """
    parts = text.split("/")
    if len(parts) == 1:
        parts.insert(0, namespace)
    if len(parts) != 2 or not all(parts):
        raise InvalidInputError(
            "cli.usage",
            "a secret is named NAMESPACE/NAME",
            text,
            hint="for example payments/db; or db with -n payments",
        )
    return Ref(*parts)


def parse_refs(texts: Iterable[str], namespace: str = "") -> tuple[Ref, ...]:
    """Return the references, each once."""
    return tuple(dict.fromkeys(parse_ref(text, namespace) for text in texts))


@dataclass(frozen=True, slots=True)
class Scope:
    """Which secrets a command is about: those named, else those of -n, else all."""

    refs: tuple[Ref, ...] = ()
    namespace: str = ""

    def covers(self, namespace: str, name: str) -> bool:
        """Tell whether the command is about this secret."""
        if self.refs:
            return Ref(namespace, name) in self.refs
        return not self.namespace or namespace == self.namespace

    def require(self, found: Iterable[Ref]) -> None:
        """Make sure that every named secret is among those found.

        Raises:
            InvalidInputError: One is not.
        """
        missing = set(self.refs) - set(found)
        if missing:
            raise unknown_secret(sorted(missing))


def unknown_secret(refs: Iterable[Ref]) -> InvalidInputError:
    """Return the error for secrets that the hub does not declare."""
    return InvalidInputError(
        "cli.unknown_secret",
        "the hub has no FleetSecret and no annotated Secret of this name",
        ", ".join(map(str, refs)),
        hint="`keyfleet status` lists them",
    )


def scope_of(texts: Iterable[str], namespace: str) -> Scope:
    """Return the scope that names on the command line and -n give."""
    return Scope(parse_refs(texts, namespace), namespace)
