# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import pytest

from keyfleet.base.errors import ConflictError, InvalidInputError, NotFoundError
from keyfleet.engine.deletion.heldstore import CONFLICTS_MAX, Stored, approve, load, save
from keyfleet.kube.client import Client
from keyfleet.kube.resources import CONFIGMAPS
from keyfleet.model.held import HELD_CONFIGMAP, Approval, HeldPlan, HeldTarget, Scope, held_plan
from keyfleet.model.ledger import LEDGER_KEY, Ledger, Loss
from keyfleet.model.ownership import SYSTEM_NAMESPACE

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TARGET = HeldTarget("u1", "east", "pay", "db", "1", "FleetSecret/pay/db")


def plan_of(uid: str = "1") -> HeldPlan:
    target = msgspec.structs.replace(TARGET, uid=uid)
    return held_plan(
        Scope("fleet"), [target], created="2026-11-21T10:00:00Z", reason="R", message="m"
    )


class Hub:
    """A hub that holds one ConfigMap and changes it as an API server does."""

    cluster = "hub"
    clock_offset_s: float | None = None

    def __init__(self, data: dict[str, str] | None = None) -> None:
        self.version = 1 if data is not None else 0
        self.data = data or {}
        self.meddle = 0

    async def find(self, resource: object, name: str, *, namespace: str) -> dict[str, Any] | None:
        assert (resource, name, namespace) == (CONFIGMAPS, HELD_CONFIGMAP, SYSTEM_NAMESPACE)
        if not self.version:
            return None
        found = {
            "metadata": {"resourceVersion": str(self.version), "uid": "c1"},
            "data": dict(self.data),
        }
        if self.meddle:
            self.meddle, self.version = self.meddle - 1, self.version + 1
        return found

    async def create(self, resource: object, body: dict[str, Any], *, namespace: str) -> object:
        if self.version:
            raise ConflictError("api.already_exists", "exists")
        self.version, self.data = 1, dict(body["data"])
        return Written("1", "c1")

    async def json_patch(
        self, resource: object, name: str, operations: list[dict[str, Any]], *, namespace: str
    ) -> object:
        *changes, same = operations
        if same["value"] != str(self.version):
            raise ConflictError("api.conflict", "changed")
        for change in changes:
            if change["path"] == "/data":
                self.data = dict(change["value"])
            else:
                self.data[change["path"].removeprefix("/data/")] = change["value"]
        self.version += 1
        return Written(str(self.version), "c1")

    @property
    def client(self) -> Client:
        return cast("Client", self)


class Written(msgspec.Struct):
    """What a write answers."""

    resource_version: str
    uid: str


async def test_what_is_absent_says_nothing() -> None:
    assert await load(Hub().client) == Stored()


async def test_what_was_saved_is_loaded() -> None:
    hub = Hub()
    ledger = Ledger().entered([Loss(TARGET)], NOW)
    stored = Stored({plan_of().id: plan_of()}, ledger)
    assert await save(hub.client, stored) == ("1", "c1")
    assert await load(hub.client) == replace(stored, version="1", uid="c1")


async def test_somebody_elses_notes_are_kept_and_spoilt_plans_are_not() -> None:
    hub = Hub({"note": "mine", "0123456789": "no plan", LEDGER_KEY: "[]"})
    stored = await load(hub.client)
    await save(hub.client, replace(stored, plans={plan_of().id: plan_of()}))
    assert set(hub.data) == {"note", LEDGER_KEY, plan_of().id}


async def test_a_spoilt_ledger_is_an_error() -> None:
    with pytest.raises(InvalidInputError):
        await load(Hub({LEDGER_KEY: "spoilt"}).client)


async def test_a_write_on_a_stale_view_is_refused() -> None:
    hub = Hub({LEDGER_KEY: "[]"})
    stored = await load(hub.client)
    hub.version = 7
    with pytest.raises(ConflictError):
        await save(hub.client, stored)
    with pytest.raises(ConflictError):
        await save(hub.client, Stored())


APPROVAL = Approval("ann", "2026-11-21T10:01:00Z", plan_of().hash)


async def test_an_approval_is_written_beside_what_is_there() -> None:
    hub = Hub({plan_of().id: plan_of().to_json(), "note": "mine"})
    hub.meddle = CONFLICTS_MAX - 1
    await approve(hub.client, plan_of(), APPROVAL)
    assert (await load(hub.client)).plans[plan_of().id].is_approved
    assert hub.data["note"] == "mine"


async def test_an_approval_of_what_is_not_held_is_refused() -> None:
    hub = Hub({plan_of("2").id: plan_of("2").to_json()})
    with pytest.raises(NotFoundError):
        await approve(hub.client, plan_of(), APPROVAL)


async def test_an_approval_does_not_fight_for_ever() -> None:
    hub = Hub({plan_of().id: plan_of().to_json()})
    hub.meddle = CONFLICTS_MAX
    with pytest.raises(ConflictError):
        await approve(hub.client, plan_of(), APPROVAL)
