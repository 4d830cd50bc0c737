# SPDX-License-Identifier: Apache-2.0
"""ConfigMap `keyfleet-held`: held plans and the ledger, written only from what was read.

Plans and ledger share one object, so that one write says both what goes and what waits, and a
person's approval and a second controller's write can never be lost under ours.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from keyfleet.base.clock import Clock
from keyfleet.base.errors import ConflictError, NotFoundError
from keyfleet.kube.client import Client
from keyfleet.kube.resources import CONFIGMAPS
from keyfleet.model.held import (
    HELD_CONFIGMAP,
    ID_DIGITS,
    Approval,
    HeldPlan,
    held_data,
    held_plans_of,
)
from keyfleet.model.ledger import LEDGER_KEY, Ledger, ledger_of
from keyfleet.model.ownership import SYSTEM_NAMESPACE

CONFLICTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Stored:
    """What the ConfigMap says."""

    plans: Mapping[str, HeldPlan] = field(default_factory=dict)
    """By id; of large ones only the first targets."""
    ledger: Ledger = field(default_factory=Ledger)
    version: str = ""
    """resourceVersion; empty when the ConfigMap is absent."""
    uid: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What others put there; kept."""

    def data(self) -> dict[str, str]:
        """Return the data to write."""
        return {
            **self.notes,
            **held_data(self.plans.values()),
            LEDGER_KEY: self.ledger.to_json(),
        }


def stored_in(document: Mapping[str, Any]) -> Stored:
    """Return what a ConfigMap says.

    Raises:
        InvalidInputError: The ledger cannot be read (engine: nothing is deleted).
    """
    data: dict[str, str] = document.get("data") or {}
    metadata = document.get("metadata") or {}
    return Stored(
        plans={plan.id: plan for plan in held_plans_of(data)},
        ledger=ledger_of(data.get(LEDGER_KEY, "[]")),
        version=metadata.get("resourceVersion", ""),
        uid=metadata.get("uid", ""),
        notes={key: text for key, text in data.items() if not _is_ours(key)},
    )


def hub_now(client: Client, clock: Clock) -> datetime:
    """Return the time of the hub, as far as its answers told it.

    Replicas and people write times here that others compare: a clock that is ahead must neither end
    the window of what went nor an approval.
    """
    return clock.now() + timedelta(seconds=client.clock_offset_s or 0.0)


def _is_ours(key: str) -> bool:
    return key == LEDGER_KEY or (len(key) == ID_DIGITS and set(key) <= set("0123456789abcdef"))


async def load(client: Client) -> Stored:
    """Return what the ConfigMap says; nothing where it is absent."""
    found = await client.find(CONFIGMAPS, HELD_CONFIGMAP, namespace=SYSTEM_NAMESPACE)
    return stored_in(found) if found is not None else Stored()


async def save(client: Client, stored: Stored) -> tuple[str, str]:
    """Write what is to be remembered; return resourceVersion and UID.

    Raises:
        ConflictError: Somebody else wrote since it was read (engine: read and judge again).
    """
    if not stored.version:
        body = {
            "apiVersion": CONFIGMAPS.api_version,
            "kind": CONFIGMAPS.kind,
            "metadata": {
                "name": HELD_CONFIGMAP,
                "namespace": SYSTEM_NAMESPACE,
                "labels": {"app.kubernetes.io/name": "keyfleet"},
            },
            "data": stored.data(),
        }
        written = await client.create(CONFIGMAPS, body, namespace=SYSTEM_NAMESPACE)
    else:
        operations = [*set_data(stored.data()), same_version(stored.version)]
        written = await client.json_patch(
            CONFIGMAPS, HELD_CONFIGMAP, operations, namespace=SYSTEM_NAMESPACE
        )
    return written.resource_version, written.uid


def set_data(data: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """Return the operation that replaces the whole data."""
    return [{"op": "add", "path": "/data", "value": dict(data)}]


def same_version(version: str) -> dict[str, str]:
    """Return the operation that makes the server compare: stale gives 409."""
    return {"op": "replace", "path": "/metadata/resourceVersion", "value": version}


async def approve(client: Client, plan: HeldPlan, approval: Approval) -> None:
    """Let exactly this plan go: the one that was shown, or none.

    Raises:
        NotFoundError: No such plan is held any more: its targets are gone, wanted again, or others.
    """
    for _ in range(CONFLICTS_MAX):
        stored = await load(client)
        known = stored.plans.get(plan.id)
        if known is None or known.hash != plan.hash:
            raise NotFoundError(
                "held.gone",
                "this plan is not held any more",
                plan.id,
                hint="`keyfleet approve` lists the plans that wait",
            )
        text = msgspec.structs.replace(known, approval=approval).to_json()
        value = {"op": "add", "path": f"/data/{plan.id}", "value": text}
        with suppress(ConflictError):
            await client.json_patch(
                CONFIGMAPS,
                HELD_CONFIGMAP,
                [value, same_version(stored.version)],
                namespace=SYSTEM_NAMESPACE,
            )
            return
    raise ConflictError("held.contested", "the held plans change all the time", plan.id)
