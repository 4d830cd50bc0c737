# SPDX-License-Identifier: Apache-2.0
"""How a target is recognised that upstream's controller made for the same manifest.

Source: compat/external-secrets.md 2.6.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace

from keyfleet.base.secret import SecretValue
from keyfleet.dialects.eso.hashes import data_hash, field_manager, owner_hash
from keyfleet.model.ownership import HUB_LABEL, MARKED, Evidence, Inheritance, Ownership

PREFIX = "reconcile.external-secrets.io/"
MANAGED = f"{PREFIX}managed"
CREATED_BY = f"{PREFIX}created-by"
DATA_HASH = f"{PREFIX}data-hash"
UNMARKED = f"{MANAGED}=true,!{HUB_LABEL}"
"""Selects upstream's targets as long as we have not written them."""


@dataclass(frozen=True, slots=True)
class Heir:
    """Tells what was made for one manifest; equal ones make equal intents."""

    created_by: str

    def __call__(self, found: Evidence) -> bool:
        """Return whether an object that shows this was."""
        # The hash is what upstream writes with the data: the label alone it puts on any Secret.
        is_written = found.labels.get(MANAGED) == "true" and DATA_HASH in found.annotations
        return is_written and found.labels.get(CREATED_BY, self.created_by) == self.created_by


def ownership(namespace: str, name: str) -> Ownership:
    """Return how the targets of one ExternalSecret are told from others."""
    heir = Heir(owner_hash(namespace, name))
    inheritance = Inheritance(heir, _is_intact, manager=field_manager(name), sheds=(DATA_HASH,))
    return replace(MARKED, inheritance=inheritance)


def _is_intact(annotations: Mapping[str, str], data: Mapping[str, SecretValue]) -> bool:
    return hmac.compare_digest(data_hash(data).encode(), annotations.get(DATA_HASH, "").encode())
