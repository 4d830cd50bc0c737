# SPDX-License-Identifier: Apache-2.0
"""Which Secrets a SealedSecret may write, and what they say of how.

A Secret counts as made for a SealedSecret when a controller reference names it, as upstream writes
it, or when the Secret itself says that it may be taken over or shared. Upstream compares the uid in
the reference; here a SealedSecret that was made anew, or restored, keeps its Secret.
Source: compat/sealed-secrets.md 2.4, 2.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from keyfleet.base.secret import SecretValue
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.model.dress import OwnerReference
from keyfleet.model.intent import Deference, Origin
from keyfleet.model.ownership import MARKED, Evidence, Inheritance, Ownership

PREFIX: Final = "sealedsecrets.bitnami.com/"
MANAGED: Final = f"{PREFIX}managed"
PATCH: Final = f"{PREFIX}patch"
SKIP_OWNER: Final = f"{PREFIX}skip-set-owner-references"
TRUE: Final = "true"
"""The only value that counts, for each of them."""

DEFERENCE: Final = Deference(shares=PATCH, yields=MANAGED)


@dataclass(frozen=True, slots=True)
class Heir:
    """Tells what one SealedSecret may write; equal ones make equal intents."""

    name: str

    def __call__(self, found: Evidence) -> bool:
        """Return whether an object that shows this may be written."""
        if TRUE in (found.annotations.get(MANAGED), found.annotations.get(PATCH)):
            return True
        return any(owner.is_controller and _leads_to(owner, self.name) for owner in found.owners)


def ownership(name: str) -> Ownership:
    """Return how the Secret of one SealedSecret is told from others."""
    inheritance = Inheritance(Heir(name), _is_intact, replaces=True, is_quiet=False)
    return replace(MARKED, inheritance=inheritance)


def reference(origin: Origin) -> OwnerReference | None:
    """Return the reference that ties a Secret to its SealedSecret; None where that has no uid."""
    if not origin.uid:
        return None
    version, kind = SEALEDSECRETS.api_version, SEALEDSECRETS.kind
    return OwnerReference(version, kind, origin.name, origin.uid, blocks_deletion=False)


def _leads_to(owner: OwnerReference, name: str) -> bool:
    group = owner.api_version.partition("/")[0]
    return (group, owner.kind, owner.name) == (SEALEDSECRETS.group, SEALEDSECRETS.kind, name)


def _is_intact(annotations: Mapping[str, str], data: Mapping[str, SecretValue]) -> bool:
    """Tell that nobody knows: upstream leaves no trace of what it wrote."""
    del annotations, data
    return False
