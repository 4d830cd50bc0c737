# SPDX-License-Identifier: Apache-2.0
"""What `doctor` knows when it judges: plain data, gathered beforehand.

None always means "could not be asked", which is told and is no fault of anything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from keyfleet.cli.controller import Leader
from keyfleet.cli.sealing.keyring.ring import Ring
from keyfleet.manifests.rights import Right
from keyfleet.model.held import HeldPlan
from keyfleet.model.ownership import Holding
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import Finding


class Severity(StrEnum):
    """How bad it is; errors and warnings are findings, notes are not."""

    ERROR = "error"
    """Something does not work, or will not."""
    WARNING = "warning"
    """It works, and a person should look."""
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Ailment:
    """One thing that was found."""

    severity: Severity
    check: str
    subject: str
    """The cluster or object."""
    message: str
    advice: str = ""

    @property
    def is_finding(self) -> bool:
        """Tell whether it counts for the exit code."""
        return self.severity is not Severity.NOTE


@dataclass(frozen=True, slots=True)
class Login:
    """How a cluster is logged in to; no credential is in here."""

    kind: str
    """`certificate`, `token`, `plugin`, `password` or `none`; joined by `+`."""
    certificate_ends: datetime | None = None
    token_ends: datetime | None = None
    is_insecure: bool = False
    """The server's certificate is not verified."""
    is_own: bool = True
    """A person's kubeconfig; else one that stands in a Secret of the hub."""


@dataclass(frozen=True, slots=True)
class Target:
    """A Secret that carries a marker."""

    namespace: str
    name: str
    holding: Holding
    key_id: str = ""
    """Of the key that signed it."""
    is_declared: bool | None = True
    """Its intent is on the hub now."""


@dataclass(frozen=True, slots=True)
class SealedSheet:
    """Who says how the SealedSecrets of a cluster stand, each as `namespace/name`."""

    nobodys: tuple[str, ...] = ()
    """Of their present generation nobody has said anything."""
    others: tuple[str, ...] = ()
    """Upstream's controller says it."""


@dataclass(frozen=True, slots=True)
class ClusterSheet:
    """One cluster."""

    name: str
    is_hub: bool = False
    problem: Finding | None = None
    """Why it cannot be used; nothing below is known then."""
    uid: str = ""
    is_weak: bool = False
    latency_s: float = 0.0
    version: str = ""
    clock_offset_s: float | None = None
    login: Login | None = None
    rights: Mapping[Right, bool] | None = None
    """What the controller needs there -> whether this login may."""
    may_everything: bool | None = None
    kinds: frozenset[str] | None = None
    """CRDs that Keyfleet did not install, as `plural.group`."""
    sealed: SealedSheet | None = field(default_factory=SealedSheet)
    ring: Ring | None = field(default_factory=lambda: Ring(""))
    """Its sealing keys, where it serves SealedSecrets; else none."""
    reflected: int | None = 0
    """Secrets that Reflector's annotations stand on."""
    targets: tuple[Target, ...] | None = ()
    signing_key: str = ""
    """Id of the key that signs now; empty where it may not be read."""


@dataclass(frozen=True, slots=True)
class HubSheet:
    """The hub, as far as it can be asked."""

    is_installed: bool = False
    drifted: tuple[str, ...] | None = ()
    """Installed objects that are not as this version would install them."""
    missing: tuple[str, ...] = ()
    """Objects of the installation that are absent."""
    leader: Leader | None = None
    held: tuple[HeldPlan, ...] | None = ()
    declared: frozenset[IntentKey] | None = frozenset()
    clusters: tuple[Mapping[str, Any], ...] = field(default=())
    """FleetClusters, as they are."""
    key_ids: tuple[str, ...] | None = ()
    """Ids of the installation's keys; empty: there is none."""
    watch_ages: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(cluster, resource) -> how long the controller's quietest watch has been silent."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything."""

    now: datetime
    hub: HubSheet
    clusters: tuple[ClusterSheet, ...]


def unasked(check: str, subject: str, what: str) -> Ailment:
    """Return the note that something could not be checked."""
    return Ailment(Severity.NOTE, check, subject, f"not checked: {what}")
