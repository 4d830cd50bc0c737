# SPDX-License-Identifier: Apache-2.0
"""FleetPolicy documents as the policies that checks read, and what each document is told.

A policy that cannot be read grants nothing. What it forbids is not known either, so its name is
kept and nothing is delivered while it is there (`PolicyUnknown`); its status says so.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from keyfleet.base.clock import Clock, timestamp
from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.base.log import get_logger
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.client import Client
from keyfleet.kube.objects import metadata_of
from keyfleet.kube.resources import FLEETPOLICIES
from keyfleet.model.deletion import AskedLimits, strictest
from keyfleet.model.flows import Flows
from keyfleet.model.policy import Grant, Policies
from keyfleet.model.v1alpha1 import (
    Condition,
    FleetPolicySpec,
    FleetPolicyStatus,
    parse_spec,
    parse_status,
    policy_flows,
    policy_grants,
    policy_limits,
    to_document,
)

log = get_logger("engine")

Document = Mapping[str, Any]

UNREADABLE = "it grants nothing, and nothing is delivered while what it forbids is not known"
"""What a FleetPolicy is told that cannot be read."""


@dataclass(frozen=True, slots=True)
class ReadPolicies:
    """What the documents say together, and which of them say nothing."""

    policies: Policies
    refused: Mapping[str, InvalidInputError]
    """By name of the FleetPolicy."""


def policies_from(documents: Iterable[Document], *, is_complete: bool) -> ReadPolicies:
    """Return what the documents say together, in the order of their names."""
    grants: list[Grant] = []
    flows = Flows()
    limits: list[AskedLimits] = []
    refused: dict[str, InvalidInputError] = {}
    for document in sorted(documents, key=lambda each: metadata_of(each).name):
        name = metadata_of(document).name
        try:
            spec = parse_spec(FleetPolicySpec, document, subject=name)
            granted, said = policy_grants(name, spec), policy_flows(name, spec)
        except InvalidInputError as error:
            refused[name] = error
        else:
            grants += granted
            flows += said
            limits.append(policy_limits(spec))
    policies = Policies(
        tuple(grants),
        is_complete=is_complete,
        unreadable=tuple(refused),
        flows=flows,
        deletions=strictest(limits),
    )
    return ReadPolicies(policies, refused)


def with_files(policies: Policies, documents: Iterable[Document]) -> Policies:
    """Return the hub's policies with what FleetPolicies of files forbid on top.

    Raises:
        InvalidIntentError: One of them cannot be read; reading the file says so before.
    """
    flows = Flows()
    for document in documents:
        name = metadata_of(document).name
        flows += policy_flows(name, parse_spec(FleetPolicySpec, document, subject=name))
    return replace(policies, file_flows=flows)


def policy_status(document: Document, error: InvalidInputError | None, now: str) -> dict[str, Any]:
    """Return the status of a FleetPolicy, the same while nothing changed."""
    before = parse_status(FleetPolicyStatus, document.get("status"))
    old = next((found for found in before.conditions if found.type == "Ready"), None)
    status = "True" if error is None else "False"
    generation = metadata_of(document).generation
    ready = Condition(
        type="Ready",
        status=status,
        reason="InForce" if error is None else "InvalidSpec",
        message="" if error is None else f"{error.path}: {error.message}; {UNREADABLE}",
        last_transition_time=old.last_transition_time if old and old.status == status else now,
        observed_generation=generation,
    )
    return to_document(FleetPolicyStatus(conditions=(ready,), observed_generation=generation))


class PolicyStatuses:
    """Writes FleetPolicy statuses."""

    def __init__(self, hub: Client, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._next: tuple[list[Document], Mapping[str, InvalidInputError]] | None = None

    def changed(
        self, documents: Iterable[Document], refused: Mapping[str, InvalidInputError]
    ) -> None:
        """The policies changed: say on each whether it is in force."""
        self._next = (list(documents), refused)
        if self._task is None or self._task.done():
            self._task = spawn(self._write_all(), name="policy statuses")

    async def close(self) -> None:
        """Stop writing."""
        await stop(self._task)

    async def _write_all(self) -> None:
        while self._next is not None:
            (documents, refused), self._next = self._next, None
            for document in documents:
                await self._write(document, refused.get(metadata_of(document).name))

    async def _write(self, document: Document, error: InvalidInputError | None) -> None:
        status = policy_status(document, error, timestamp(self._clock.now()))
        if status == document.get("status"):
            return
        name = metadata_of(document).name
        if error is not None:
            log.warning("engine.policy_refused", policy=name, code=error.code, path=error.path)
        try:
            await self._hub.json_patch(
                FLEETPOLICIES,
                name,
                [{"op": "add", "path": "/status", "value": status}],
                subresource="status",
            )
        except KeyfleetError as failure:
            log.warning("engine.status_failed", policy=name, code=failure.code)
