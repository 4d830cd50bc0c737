# SPDX-License-Identifier: Apache-2.0
"""How far a sealed value may be moved: the label that it is bound to.

Source: compat/sealed-secrets.md 1.2.
"""

from collections.abc import Mapping
from enum import StrEnum

from keyfleet.base.errors import InvalidInputError

DOMAIN = "sealedsecrets.bitnami.com/"
"""Prefix of upstream's labels and annotations."""


class Scope(StrEnum):
    """Where a sealed value may be opened."""

    STRICT = "strict"
    """Under its own name in its own namespace."""
    NAMESPACE_WIDE = "namespace-wide"
    """Under any name in its own namespace."""
    CLUSTER_WIDE = "cluster-wide"
    """Anywhere in the cluster."""

    def label(self, namespace: str, name: str) -> bytes:
        """Return what a value is bound to; the only thing that tells scopes apart.

        >>> Scope.STRICT.label("shop", "db")
        b'shop/db'
        """
        match self:
            case Scope.STRICT:
                return f"{namespace}/{name}".encode()
            case Scope.NAMESPACE_WIDE:
                return namespace.encode()
            case Scope.CLUSTER_WIDE:
                return b""

    def annotations(self) -> dict[str, str]:
        """Return how a manifest says this scope."""
        return {} if self is Scope.STRICT else {f"{DOMAIN}{self}": "true"}


WIDER = (Scope.CLUSTER_WIDE, Scope.NAMESPACE_WIDE)
"""Those that an annotation says; where both are said, the first wins."""

SCOPE_ANNOTATIONS = frozenset(f"{DOMAIN}{scope}" for scope in WIDER)


def scope_of(annotations: Mapping[str, str]) -> Scope:
    """Return the scope that a manifest's annotations say: only the exact text `true` counts."""
    for scope in WIDER:
        if annotations.get(f"{DOMAIN}{scope}") == "true":
            return scope
    return Scope.STRICT


def parse_scope(text: str) -> Scope:
    """Return the scope of that name; empty is `strict`.

    Raises:
        InvalidInputError: There is none.
    """
    try:
        return Scope(text or Scope.STRICT)
    except ValueError:
        raise InvalidInputError(
            "sealing.scope", "unknown scope", text, f"use one of: {', '.join(Scope)}"
        ) from None
