# SPDX-License-Identifier: Apache-2.0
"""Events: their bodies, and sending them without ever waiting."""

from collections.abc import Mapping
from random import Random
from typing import Any, cast

import pytest

from keyfleet.base.errors import DeniedError, KeyfleetError, NotFoundError
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.client import Client
from keyfleet.kube.event_series import Happening
from keyfleet.kube.events import (
    NOTE_BYTES,
    QUEUED,
    EventRecorder,
    Regarding,
    event_body,
    regarding,
    series_patch,
)
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import FLEETCLUSTERS, FLEETSECRETS, Resource
from keyfleet.testing.clock import FakeClock

ABOUT = Regarding(FLEETSECRETS, "payments", "db", "uid-1", "7")
NOW = "2026-11-20T10:00:00.000000Z"


def body(about: Regarding = ABOUT, note: str = "delivered") -> dict[str, Any]:
    happening = Happening(about.uid, "Normal", "Delivered", "Deliver", note)
    return event_body(about, happening, name="db.1", instance="keyfleet-0", now=NOW)


def test_says_what_the_api_requires() -> None:
    assert body() == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "db.1", "namespace": "payments"},
        "eventTime": NOW,
        "reportingController": "keyfleet.io/controller",
        "reportingInstance": "keyfleet-0",
        "type": "Normal",
        "reason": "Delivered",
        "action": "Deliver",
        "note": "delivered",
        "regarding": {
            "apiVersion": "keyfleet.io/v1alpha1",
            "kind": "FleetSecret",
            "namespace": "payments",
            "name": "db",
            "uid": "uid-1",
            "resourceVersion": "7",
        },
    }


def test_events_of_cluster_scoped_objects_live_in_default() -> None:
    found = body(regarding(FLEETCLUSTERS, Metadata(name="east", uid="u")))
    assert found["metadata"]["namespace"] == "default"
    assert "namespace" not in found["regarding"]


def test_a_long_note_is_cut_between_characters() -> None:
    note = body(note="ä" * NOTE_BYTES)["note"]
    assert note == "ä" * (NOTE_BYTES // 2)


def test_a_repeat_changes_the_series_alone() -> None:
    assert series_patch(2, NOW) == {"series": {"count": 2, "lastObservedTime": NOW}}


class EventServer:
    """Takes events; may refuse."""

    cluster = "hub"

    def __init__(self) -> None:
        self.created: list[Mapping[str, Any]] = []
        self.patched: list[tuple[str, Mapping[str, Any]]] = []
        self.refusal: KeyfleetError | None = None
        self.lost: set[str] = set()

    async def create(self, _resource: Resource, body: Mapping[str, Any]) -> Metadata:
        if self.refusal is not None:
            raise self.refusal
        self.created.append(body)
        return Metadata()

    async def merge_patch(
        self, _resource: Resource, name: str, body: Mapping[str, Any], *, namespace: str
    ) -> Metadata:
        if name in self.lost:
            raise NotFoundError("api.not_found", "absent")
        self.patched.append((name, body))
        return Metadata()


class Recording:
    """A recorder and the server it sends to."""

    def __init__(self) -> None:
        self.server = EventServer()
        self.clock = FakeClock()
        self.recorder = EventRecorder(
            cast("Client", self.server),
            instance="keyfleet-0",
            clock=self.clock,
            random=Random(1),
        )

    def record(self, note: str = "delivered", about: Regarding = ABOUT) -> None:
        self.recorder.record(about, kind="Normal", reason="Delivered", action="Deliver", note=note)

    async def send(self) -> None:
        task = spawn(self.recorder.run(), name="recorder")
        await self.clock.settle()
        await stop(task)


@pytest.fixture
def recording() -> Recording:
    return Recording()


async def test_sends_an_event_and_then_its_repeats(recording: Recording) -> None:
    recording.record()
    await recording.send()
    recording.record()
    await recording.send()
    name = recording.server.created[0]["metadata"]["name"]
    assert [(name, 2)] == [
        (patched, change["series"]["count"]) for patched, change in recording.server.patched
    ]


async def test_repeats_that_wait_are_one_request(recording: Recording) -> None:
    for _ in range(5):
        recording.record()
    await recording.send()
    recording.record()
    await recording.send()
    assert len(recording.server.created) == 1
    assert [change["series"]["count"] for _, change in recording.server.patched] == [6]


async def test_a_series_whose_event_is_gone_begins_anew(recording: Recording) -> None:
    recording.record()
    await recording.send()
    recording.server.lost.add(recording.server.created[0]["metadata"]["name"])
    recording.record()
    await recording.send()
    assert len(recording.server.created) == 2


async def test_a_refused_event_is_dropped(recording: Recording) -> None:
    recording.server.refusal = DeniedError("api.forbidden", "the API server forbids this")
    recording.record()
    await recording.send()
    recording.server.refusal = None
    recording.record("refused")
    await recording.send()
    assert [body["note"] for body in recording.server.created] == ["refused"]


async def test_what_waits_is_bounded(recording: Recording) -> None:
    for n in range(QUEUED + 10):
        recording.record(about=Regarding(FLEETSECRETS, "payments", f"db-{n}", f"uid-{n}"))
    await recording.send()
    names = [body["regarding"]["name"] for body in recording.server.created]
    assert (len(names), names[0]) == (QUEUED, "db-10")
