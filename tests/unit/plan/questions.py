# SPDX-License-Identifier: Apache-2.0
"""Makers of questions, live objects and markers, and the smallest cluster that takes a step."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyfleet.base.keyring import Keyring, ephemeral_keyring
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import fingerprint
from keyfleet.model.desired import Actual, Content, DesiredObject
from keyfleet.model.intent import (
    ClusterTargets,
    ConflictPolicy,
    DeletionPolicy,
    Guard,
    Intent,
    Origin,
    Read,
    Rollout,
    SecretRef,
    Shape,
    WriteMode,
)
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import MARKED, Installation, Marker
from keyfleet.model.places import (
    ClusterFacts,
    ClusterName,
    ClusterUid,
    IntentKey,
    NamespaceFacts,
    Place,
)
from keyfleet.model.plan import Step, Verb
from keyfleet.model.policy import Policies
from keyfleet.plan.question import Asker, Question
from keyfleet.testing.canary import canary

HUB = "3f2a91c0-0000-4000-8000-000000000001"
EAST_UID = "3f2a91c0-0000-4000-8000-000000000002"
CRD = "3f2a91c0-0000-4000-8000-000000000003"
RING = Keyring({"k1": bytes(32)})
INSTALLATION = Installation(HUB, RING)
EAST = ClusterFacts(ClusterName("east"), ClusterUid(EAST_UID), {"env": "prod"})
KEY = IntentKey("FleetSecret", "pay", "db")
OTHER = IntentKey("FleetSecret", "pay", "other")
IN_EAST = ChosenClusters(("east",))
IN_PAY = ChosenNamespaces(("pay",))
PLACE = Place(ClusterName("east"), "pay", "db")
DATA = {"password": SecretValue(canary("password"))}
NEW = {"password": SecretValue(canary("new"))}
FOREIGN = {"password": SecretValue(canary("foreign"))}
LAPTOP = Installation(HUB, ephemeral_keyring())
ELSEWHERE = Installation(HUB, Keyring({"k2": bytes(32)}))
FORGED = Installation(HUB, Keyring({"k1": bytes(31) + b"x"}))


def intent(
    key: IntentKey = KEY,
    *,
    on_conflict: ConflictPolicy = ConflictPolicy.REFUSE,
    deletion: DeletionPolicy = DeletionPolicy.DELETE,
    paused: bool = False,
    clusters: ChosenClusters = IN_EAST,
    namespaces: ChosenNamespaces = IN_PAY,
) -> Intent:
    """Return an intent for `pay/db` in east."""
    return Intent(
        key=key,
        origins=(Origin("native", key.kind, key.namespace, key.name, uid="u1"),),
        reads=(Read("kubernetes", SecretRef("pay", "src")),),
        shape=Shape(),
        targets=ClusterTargets(clusters, namespaces, "db"),
        guard=Guard(on_conflict=on_conflict, on_intent_deleted=deletion),
        rollout=Rollout(paused=paused),
    )


def desired(
    data: Mapping[str, SecretValue] = DATA,
    *,
    type_: str = "Opaque",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    write_mode: WriteMode = WriteMode.REPLACE_DATA,
) -> DesiredObject:
    """Return a target as the transform made it."""
    content = Content(type_, data, labels or {}, annotations or {})
    return DesiredObject(PLACE, content, write_mode=write_mode)


def digest(data: Mapping[str, SecretValue], key: IntentKey = KEY) -> str:
    """Return the fingerprint of data under an intent."""
    return fingerprint(RING, hub=HUB, intent=key, data=data)


def question(wanted: DesiredObject | None = None, **changes: Any) -> Question:
    """Return the question about a wanted target that nobody has yet."""
    wanted = wanted or desired()
    asked = Question(
        key=KEY,
        place=PLACE,
        cluster=EAST,
        installation=INSTALLATION,
        intent=intent(),
        desired=wanted,
        fingerprint=digest(wanted.base.data),
        namespace=NamespaceFacts("pay"),
        asker=Asker(uid="u1", crd=CRD, revision=3, source_fingerprint="v1:k1:aa"),
        policies=Policies(),
    )
    return replace(asked, **changes)


def unwanted(actual: Actual | None, **changes: Any) -> Question:
    """Return the question about a target whose intent is gone."""
    return replace(question(actual=actual), **{"intent": None, "desired": None, **changes})


def marker(key: IntentKey = KEY, **changes: Any) -> Marker:
    """Return what a target of ours at the place says."""
    said: dict[str, Any] = {
        "hub": HUB,
        "kind": key.kind,
        "intent_namespace": key.namespace,
        "intent_name": key.name,
        "intent_uid": "u1",
        "cluster": EAST_UID,
        "cluster_name": "east",
        "namespace": "pay",
        "name": "db",
        "crd": CRD,
        "revision": 2,
    }
    return Marker(**{**said, **changes})


def live(
    data: Mapping[str, SecretValue] = DATA,
    *,
    mark: Marker | None = None,
    by: Installation = INSTALLATION,
    asked_by: IntentKey = KEY,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **facts: Any,
) -> Actual:
    """Return a live object, marked where a marker is given."""
    marks = MARKED.marks(mark, by) if mark is not None else None
    return Actual(
        uid="o1",
        resource_version="7",
        **{
            "type": "Opaque",
            "labels": {**(labels or {}), **(marks.labels if marks else {})},
            "annotations": {**(annotations or {}), **(marks.annotations if marks else {})},
            "data": data,
            "fingerprint": digest(data, asked_by),
            **facts,
        },
    )


def after(step: Step, actual: Actual | None) -> Actual | None:
    """Return the object as an API server would hold it after the step."""
    if step.verb is Verb.NONE:
        return actual
    if step.verb is Verb.DELETE:
        return None
    write = step.write
    assert write is not None
    if actual is None:
        assert step.verb is Verb.CREATE
        actual = Actual("o2", "8", write.type, {}, {}, {})
    data = actual.data if write.data is None else write.data
    assert data is not None
    return replace(
        actual,
        resource_version=f"{actual.resource_version}1",
        type=write.type,
        labels=_merged(actual.labels, write.labels),
        annotations=_merged(actual.annotations, write.annotations),
        data=data,
        fingerprint=digest(data, step.intent),
    )


def _merged(before: Mapping[str, str], change: Mapping[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = {**before, **change}
    return {name: value for name, value in merged.items() if value is not None}


def verdict(step: Step) -> tuple[Verb, str, str]:
    """Return what is done, and state and reason when something stands in the way."""
    finding = step.finding
    return (step.verb, finding.state if finding else "", finding.reason if finding else "")
