# SPDX-License-Identifier: Apache-2.0
"""Read kubeconfigs as kubectl does: find the files, merge them, pick a context.

The first file wins, for whole entries; nothing is mixed within one. What a context needs is checked
when its `access` is asked for, so a broken context hides no good one.

    config = load(None, environ)
    access = config.access("east", Surroundings(environ))

Source: docs/compat/fleet.md, 1.1.2.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.access import Access
from keyfleet.kube.auth.printable import printable
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.incluster import in_cluster_access, is_in_cluster
from keyfleet.kube.kubeconfig_access import Parts, Trust, access_from
from keyfleet.kube.kubeconfig_entries import (
    SIZE_MAX,
    Cluster,
    ContextEntry,
    Document,
    User,
    read_document,
)
from keyfleet.kube.kubeconfig_login import Located
from keyfleet.kube.kubeconfig_rules import CONTEXT_RULES, enforce

__all__ = ["Context", "Kubeconfig", "Trust", "load", "parse"]

T = TypeVar("T")

CHOICES = 10
"""Context names in a hint."""


@dataclass(frozen=True, slots=True)
class Context:
    """A context as it is written; nothing of it was checked."""

    name: str
    cluster: str
    user: str
    namespace: str
    """Empty when not written."""
    origin: str
    """The file or Secret it stands in."""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """The merged content of kubeconfigs."""

    trust: Trust
    current: str = ""
    """`current-context`, empty when none is set."""
    warnings: tuple[str, ...] = ()
    context_entries: Mapping[str, Located[ContextEntry]] = field(default_factory=dict, repr=False)
    clusters: Mapping[str, Located[Cluster]] = field(default_factory=dict, repr=False)
    users: Mapping[str, Located[User]] = field(default_factory=dict, repr=False)

    @property
    def contexts(self) -> Mapping[str, Context]:
        """All contexts by name, in the order they were found."""
        return MappingProxyType(
            {name: _context(name, found) for name, found in self.context_entries.items()}
        )

    @property
    def is_empty(self) -> bool:
        """Whether no file said anything."""
        return not (self.current or self.context_entries or self.clusters or self.users)

    def access(self, context: str, surroundings: Surroundings) -> Access:
        """Return how to reach the cluster of `context` and log in there.

        Files are read now: blocking, and at most a few small ones. The credential follows those
        that rotate; to notice another CA ask again from time to time and compare `generation`.

        Raises:
            InvalidInputError: No such context, or what it names is absent, incomplete or wrong.
            DeniedError: A kubeconfig of an inventory asks for what only the operator's own may.
            UnsupportedError: auth-provider, a SOCKS proxy.
        """
        found = self.context_entries.get(context)
        if found is None:
            raise self._no_context(context)
        subject = f"context {printable(context)} in {found.origin}"
        enforce(CONTEXT_RULES, found.entry, subject=subject)
        cluster = self._named(self.clusters, found.entry.cluster, "cluster", subject)
        user = self._named(self.users, found.entry.user, "user", subject)
        return access_from(Parts(context, self.trust, found, cluster, user), surroundings)

    def current_access(self, surroundings: Surroundings) -> Access:
        """Return the access of the current context or, without any kubeconfig, of this very pod.

        Raises:
            InvalidInputError: Neither exists, and what `access` raises.
        """
        if self.is_empty and self.trust is Trust.OPERATOR and is_in_cluster(surroundings.environ):
            return in_cluster_access(surroundings)
        if not self.current:
            raise self._no_current()
        return self.access(self.current, surroundings)

    def _named(
        self, entries: Mapping[str, Located[T]], name: str, kind: str, subject: str
    ) -> Located[T]:
        if name in entries:
            return entries[name]
        raise InvalidInputError(
            "kubeconfig.entry_not_found",
            "the context names an entry that is absent",
            f"{kind}, {subject}",
            hint=f"kubectl config set-context NAME --{kind}=NAME; see {kind}s in the kubeconfig",
            path=kind,
        )

    def _no_context(self, name: str) -> InvalidInputError:
        return InvalidInputError(
            "kubeconfig.context_not_found", "context not found", printable(name), self._choice()
        )

    def _no_current(self) -> InvalidInputError:
        return InvalidInputError(
            "kubeconfig.no_context",
            "no kubeconfig, or no current context in it",
            "",
            self._choice(),
        )

    def _choice(self) -> str:
        names = [printable(name) for name in sorted(self.context_entries)]
        if not names:
            return "set KUBECONFIG or pass --kubeconfig FILE"
        more = ", …" if len(names) > CHOICES else ""
        return f"use --context with one of: {', '.join(names[:CHOICES])}{more}"


def load(paths: Sequence[Path] | None, environ: Mapping[str, str]) -> Kubeconfig:
    """Return the operator's own kubeconfig.

    Args:
        paths: The files of `--kubeconfig`, all of which must exist; None or none: those of
            `KUBECONFIG`, else `~/.kube/config`, where missing files are skipped.
        environ: The process environment.

    Raises:
        InvalidInputError: A file is missing, unreadable or no kubeconfig.
    """
    if paths:
        found = [_read(path, missing_ok=False) for path in _once(paths)]
        return _merged(Trust.OPERATOR, found)
    places = list(_once(_default_paths(environ)))
    found = [_read(path, missing_ok=True) for path in places]
    is_lost = bool(environ.get("KUBECONFIG")) and not any(found)
    warnings = ("none of the files in KUBECONFIG exists",) if is_lost else ()
    return _merged(Trust.OPERATOR, found, warnings)


def parse(raw: bytes, *, origin: str, trust: Trust = Trust.INVENTORY) -> Kubeconfig:
    """Return a kubeconfig that is no file, such as one held in a Secret.

    Args:
        raw: YAML or JSON.
        origin: Where it comes from, for error texts: `Secret hub/fleet/east`.
        trust: What it may ask for.

    Raises:
        InvalidInputError: It is no kubeconfig.
    """
    return _merged(trust, [(read_document(raw, origin=origin), origin, None)])


_Read = tuple[Document, str, Path | None]


def _default_paths(environ: Mapping[str, str]) -> list[Path]:
    if listed := environ.get("KUBECONFIG"):
        return [Path(text) for text in listed.split(os.pathsep) if text]
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return [Path(home) / ".kube" / "config"] if home else []


def _once(paths: Iterable[Path]) -> Iterable[Path]:
    return dict.fromkeys(paths)


def _read(path: Path, *, missing_ok: bool) -> _Read | None:
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_MAX + 1)
    except FileNotFoundError:
        if missing_ok:
            return None
        raise _unreadable(path, "does not exist") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, f"cannot be read, {type(error).__name__}") from None
    return read_document(raw, origin=str(path)), str(path), path.absolute().parent


def _unreadable(path: Path, reason: str) -> InvalidInputError:
    return InvalidInputError(
        "kubeconfig.unreadable",
        "the kubeconfig cannot be read",
        f"{printable(str(path))} ({reason})",
        hint="check --kubeconfig and KUBECONFIG",
    )


def _merged(
    trust: Trust, found: Iterable[_Read | None], warnings: tuple[str, ...] = ()
) -> Kubeconfig:
    read = [one for one in found if one is not None]
    contexts: dict[str, Located[ContextEntry]] = {}
    clusters: dict[str, Located[Cluster]] = {}
    users: dict[str, Located[User]] = {}
    for document, origin, folder in read:
        for context in document.contexts:
            contexts.setdefault(context.name, Located(context.context, origin, folder))
        for cluster in document.clusters:
            clusters.setdefault(cluster.name, Located(cluster.cluster, origin, folder))
        for user in document.users:
            users.setdefault(user.name, Located(user.user, origin, folder))
    currents = (document.current_context for document, _, _ in read)
    current = next(filter(None, currents), "")
    return Kubeconfig(trust, current, warnings, contexts, clusters, users)


def _context(name: str, found: Located[ContextEntry]) -> Context:
    entry = found.entry
    return Context(name, entry.cluster, entry.user, entry.namespace, found.origin)
