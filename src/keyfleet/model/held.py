# SPDX-License-Identifier: Apache-2.0
"""A held plan: deletions that wait for a person, as one entry of ConfigMap `keyfleet-held`.

The id names a scope and exactly one set of targets: another set is another plan under another id,
so an approval never reaches what its giver has not seen.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from keyfleet.base.clock import parse_timestamp
from keyfleet.base.codec import decode_json_as, encode_canonical, encode_json
from keyfleet.base.errors import InvalidInputError

HELD_CONFIGMAP = "keyfleet-held"
"""In `keyfleet-system` on the hub; one data key per held plan, called by its id."""
ID_DIGITS = 10
LISTED_MAX = 500
"""Targets of one plan that are stored; a ConfigMap holds 1 MiB."""
LISTED_IN_ALL = 2000
"""Targets of all plans that are stored; each takes about 220 bytes."""


class ScopeKind(StrEnum):
    """What a limit was counted over."""

    INTENT = "intent"
    NAMESPACE = "namespace"
    """Of the hub: everything one tenant delivers, wherever it is."""
    CLUSTER = "cluster"
    FLEET = "fleet"
    ORPHANS = "orphans"
    """Targets whose intent cannot be looked up any more; no limit, always a person's decision."""


class Scope(msgspec.Struct, frozen=True, order=True):
    """Of what too much would go."""

    kind: str
    """One of `ScopeKind`; text, so that a version to come may add one."""
    name: str = ""
    """The intent, the hub namespace, the cluster, or which orphans; empty for the fleet."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.name else self.kind


def tenant_of(intent: str) -> str:
    """Return the namespace of an intent that is written as `Kind/namespace/name`.

    That of an intent of a member is another one than the hub's of the same name.

    >>> tenant_of("FleetSecret/shop/db"), tenant_of("east:ExternalSecret/shop/db")
    ('shop', 'shop in east')
    """
    kind, _, place = intent.partition("/")
    cluster, namespace = kind.rpartition(":")[0], place.partition("/")[0]
    return f"{namespace} in {cluster}" if cluster else namespace


class HeldTarget(msgspec.Struct, frozen=True, order=True, rename="camel", omit_defaults=True):
    """One target that would go."""

    cluster_uid: str
    cluster: str
    namespace: str
    name: str
    uid: str
    """UID of the very object: one that was made anew is another target."""
    intent: str
    """`Kind/namespace/name` of the intent it was delivered for."""
    empties: bool = False
    """It stays and loses its data."""

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace}/{self.name}"

    @property
    def tenant(self) -> str:
        """The namespace of the intent."""
        return tenant_of(self.intent)

    @property
    def identity(self) -> tuple[str, ...]:
        """What a hash binds; the cluster's name is only an alias."""
        verb = "empty" if self.empties else "delete"
        return (self.cluster_uid, self.namespace, self.name, self.uid, self.intent, verb)


class Approval(msgspec.Struct, frozen=True):
    """Who let a plan go, and when."""

    by: str
    at: str
    """RFC 3339, UTC."""
    hash: str
    """Hash of the set that was shown to them."""


class HeldPlan(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Deletions that wait for a person."""

    id: str
    scope: Scope
    created: str
    """RFC 3339, UTC."""
    reason: str
    """CamelCase, as in the status of the intents."""
    message: str
    """Why, in words: which limit of which scope."""
    hash: str
    """SHA-256 over the scope and the exact set of targets, hex."""
    total: int
    """Targets in all."""
    clusters: dict[str, int] = {}
    """Targets by cluster name."""
    intents: dict[str, int] = {}
    """Targets by intent; the largest ones, when they are many."""
    targets: tuple[HeldTarget, ...] = ()
    """The set, sorted; as stored only its first ones where it is large. The hash binds all."""
    approval: Approval | None = None
    begun: str = ""
    """When the approval was taken up; from then on the set only shrinks."""

    @property
    def is_listed(self) -> bool:
        """Tell whether every target is written out."""
        return len(self.targets) == self.total

    @property
    def is_approved(self) -> bool:
        """Tell whether a person let exactly this set go."""
        return self.approval is not None and self.approval.hash == self.hash

    def to_json(self, listed: int = LISTED_MAX) -> str:
        """Return the text to store under the id, with at most so many targets written out."""
        stored = msgspec.structs.replace(
            self,
            targets=self.targets[:listed],
            clusters=_largest(self.clusters, listed),
            intents=_largest(self.intents, listed),
        )
        return encode_json(stored).decode()


def set_hash(scope: Scope, targets: Iterable[HeldTarget]) -> str:
    """Return the hash that an approval binds; order does not matter."""
    parts = [str(scope), *sorted(target.identity for target in targets)]
    return hashlib.sha256(encode_canonical(parts)).hexdigest()


def held_plan(
    scope: Scope,
    targets: Iterable[HeldTarget],
    *,
    created: str,
    reason: str,
    message: str,
) -> HeldPlan:
    """Return the plan for exactly these targets."""
    everything = sorted(targets)
    digest = set_hash(scope, everything)
    return HeldPlan(
        id=digest[:ID_DIGITS],
        scope=scope,
        created=created,
        reason=reason,
        message=message,
        hash=digest,
        total=len(everything),
        clusters=dict(Counter(target.cluster for target in everything).most_common()),
        intents=dict(Counter(target.intent for target in everything).most_common()),
        targets=tuple(everything),
    )


def _largest(counts: Mapping[str, int], limit: int) -> dict[str, int]:
    return dict(Counter(counts).most_common(limit))


def held_data(plans: Iterable[HeldPlan]) -> dict[str, str]:
    """Return the plans as data of the ConfigMap; together they fit into one."""
    every = list(plans)
    share = min(LISTED_MAX, LISTED_IN_ALL // max(len(every), 1))
    return {plan.id: plan.to_json(share) for plan in every}


def held_plan_of(key: str, text: str) -> HeldPlan:
    """Return the plan stored under a data key.

    Raises:
        InvalidInputError: It is none, or says another id than the key it lies under.
    """
    plan = decode_json_as(HeldPlan, text, subject=f"{HELD_CONFIGMAP}/{key}")
    if plan.id != key or not plan.hash.startswith(plan.id):
        raise InvalidInputError("held.id", "the id is not that of the plan", key, path="id")
    if not _are_moments(plan) or not all(one.intent.count("/") == 2 for one in plan.targets):
        message = "a time or an intent in it is written as Keyfleet writes none"
        raise InvalidInputError("held.edited", message, key)
    return plan


def _are_moments(plan: HeldPlan) -> bool:
    texts = [plan.created, plan.begun, plan.approval.at if plan.approval else ""]
    try:
        for text in filter(None, texts):
            parse_timestamp(text)
    except ValueError:
        return False
    return True


def held_plans_of(data: Mapping[str, str]) -> tuple[HeldPlan, ...]:
    """Return the readable plans of the ConfigMap's data, oldest first; the rest is left out."""
    found = []
    for key, text in data.items():
        try:
            found.append(held_plan_of(key, text))
        except InvalidInputError:
            # The ledger lies beside the plans, and people can write anything into a ConfigMap.
            continue
    return tuple(sorted(found, key=lambda plan: (plan.created, plan.id)))
