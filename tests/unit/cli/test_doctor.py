# SPDX-License-Identifier: Apache-2.0
"""Each check of `doctor` says what it should of facts, and nothing where all is well."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.unit.engine.fakes import HUB_UID, INSTALLATION

from keyfleet.base.secret import SecretValue
from keyfleet.cli.controller import Leader
from keyfleet.cli.doctor import doctor_answer
from keyfleet.cli.doctor.checks import examine
from keyfleet.cli.doctor.facts import (
    Ailment,
    Chart,
    ClusterSheet,
    HubSheet,
    Login,
    SealedSheet,
    Target,
)
from keyfleet.cli.doctor.gather import is_within
from keyfleet.cli.doctor.login import certificate_end, login_of, token_end
from keyfleet.cli.doctor.sealed import sheet_of
from keyfleet.cli.doctor.watches import ages_in
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.basic import Basic
from keyfleet.kube.auth.combined import combined
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.localplane import pki
from keyfleet.manifests.rights import Part, rights
from keyfleet.model.held import HeldPlan, Scope
from keyfleet.model.ownership import Claim, Holding, Marker
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import Finding, State
from keyfleet.testing.canary import canary

NOW = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
KEY = INSTALLATION.ring.signing_id
INTENT = IntentKey("FleetSecret", "payments", "db")
MARKER = Marker(
    hub=HUB_UID,
    kind="FleetSecret",
    intent_namespace="payments",
    intent_name="db",
    intent_uid="uid-db",
    cluster="uid-east",
    namespace="payments",
    name="db",
)
MEMBER_RIGHTS = dict.fromkeys(rights(Part.MEMBER), True)
WELL = ClusterSheet(
    "east",
    uid="uid-east",
    latency_s=0.01,
    version="v1.36.3",
    clock_offset_s=0.4,
    login=Login("token"),
    rights=MEMBER_RIGHTS,
    may_everything=False,
    kinds=frozenset(),
    signing_key=KEY,
)
HUB = HubSheet(
    is_installed=True,
    leader=Leader("a-pod", NOW, is_fresh=True),
    declared=frozenset({INTENT}),
    key_ids=(KEY,),
)


def target(claim: Claim = Claim.OURS, **changes: Any) -> Target:
    marker = msgspec.structs.replace(MARKER, **changes.pop("marker", {}))
    return replace(Target("payments", "db", Holding(claim, marker), KEY), **changes)


def chart(*sheets: ClusterSheet, hub: HubSheet = HUB) -> Chart:
    return Chart(NOW, hub, sheets or (WELL,))


def found(*sheets: ClusterSheet, hub: HubSheet = HUB) -> list[tuple[str, str]]:
    return [(one.severity.value, one.check) for one in examine(chart(*sheets, hub=hub))]


def ailments(**changes: Any) -> list[Ailment]:
    return examine(chart(replace(WELL, **changes)))


def test_where_all_is_well_nothing_is_found() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"problem": Finding(State.UNREACHABLE, "Unreachable", "no answer")},
            ("error", "reachable"),
        ),
        ({"latency_s": 1.5}, ("warning", "latency")),
        ({"login": Login("token", is_insecure=True)}, ("warning", "tls")),
        ({"login": Login("certificate", NOW)}, ("error", "credential")),
        (
            {"login": Login("certificate", NOW + timedelta(days=13))},
            ("warning", "credential"),
        ),
        (
            {"login": Login("token", token_ends=NOW + timedelta(hours=1))},
            ("warning", "credential"),
        ),
        ({"login": Login("plugin")}, ("note", "login")),
        ({"login": None}, ("note", "login")),
        ({"rights": None}, ("note", "rights")),
        ({"may_everything": True}, ("note", "privilege")),
        (
            {"may_everything": True, "login": Login("token", is_own=False)},
            ("warning", "privilege"),
        ),
        ({"is_weak": True}, ("warning", "identity")),
        ({"clock_offset_s": None}, ("note", "clock")),
        ({"clock_offset_s": -7.0}, ("warning", "clock")),
        ({"clock_offset_s": 61.0}, ("error", "clock")),
        ({"targets": None}, ("note", "targets")),
        ({"targets": (target(Claim.OTHER_HUB),)}, ("note", "orphans")),
        ({"targets": (target(Claim.UNVERIFIED),)}, ("error", "orphans")),
        ({"targets": (target(Claim.COPY),)}, ("warning", "orphans")),
        ({"targets": (target(is_declared=False),)}, ("warning", "orphans")),
        ({"targets": (target(key_id="earlier"),)}, ("note", "keys")),
        ({"kinds": None}, ("note", "operators")),
        (
            {"kinds": frozenset({"externalsecrets.external-secrets.io"})},
            ("note", "operators"),
        ),
        ({"reflected": 2}, ("note", "operators")),
        ({"sealed": None}, ("note", "sealed")),
        ({"sealed": SealedSheet(nobodys=("shop/db",))}, ("warning", "sealed")),
        ({"sealed": SealedSheet(others=("shop/db", "shop/x"))}, ("note", "sealed")),
    ],
)
def test_one_thing_that_is_wrong_is_found(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert found(replace(WELL, **changes)) == [expected]


@pytest.mark.parametrize(
    "kept",
    [
        target(is_declared=None),
        target(is_declared=False, marker={"released": True}),
        target(is_declared=False, marker={"intent_uid": ""}),
    ],
)
def test_what_nothing_is_known_of_or_was_left_on_purpose_is_no_orphan(kept: Target) -> None:
    assert found(replace(WELL, targets=(kept,))) == []


def test_a_key_that_may_not_be_read_is_no_lost_key() -> None:
    unread = replace(HUB, key_ids=None)
    sheet = replace(WELL, targets=(target(Claim.UNVERIFIED),))
    assert found(sheet, hub=unread) == [("note", "orphans"), ("note", "keys")]


def test_a_missing_right_names_verb_object_and_reason() -> None:
    secret = next(r for r in MEMBER_RIGHTS if (r.verb, r.resource) == ("patch", "secrets"))
    (one,) = ailments(rights={**MEMBER_RIGHTS, secret: False})
    assert one.message == f"may not patch secrets, needed {secret.why}"
    assert "install --member" in one.advice


def test_of_a_cluster_that_is_away_only_the_login_is_judged() -> None:
    away = Finding(State.UNREACHABLE, "AuthenticationFailed", "who are you", hint="renew it")
    sheet = ClusterSheet("east", problem=away, login=Login("token", token_ends=NOW))
    assert found(sheet) == [("error", "credential"), ("error", "reachable")]


def test_two_names_of_one_cluster_are_told_once() -> None:
    again = replace(WELL, name="east-again")
    (one,) = examine(chart(WELL, again))
    assert (one.check, one.subject, one.message) == (
        "duplicate",
        "east-again",
        "is the same cluster as east",
    )


PLAN = HeldPlan(
    id="0123456789",
    scope=Scope("fleet"),
    created="2026-11-20T12:00:00Z",
    reason="TooMany",
    message="more than 100 in all",
    hash="h",
    total=240,
)


@pytest.mark.parametrize(
    ("hub", "expected"),
    [
        (HubSheet(key_ids=None), [("note", "installed")]),
        (replace(HUB, missing=("CustomResourceDefinition x",)), [("error", "installed")]),
        (replace(HUB, drifted=("CustomResourceDefinition x",)), [("warning", "installed")]),
        (replace(HUB, drifted=None), [("note", "installed")]),
        (replace(HUB, key_ids=()), [("error", "keys")]),
        (replace(HUB, key_ids=None), [("note", "keys")]),
        (replace(HUB, leader=None), [("note", "controller")]),
        (replace(HUB, leader=Leader("")), [("warning", "controller")]),
        (
            replace(HUB, leader=Leader("a-pod", NOW - timedelta(hours=1))),
            [("error", "controller")],
        ),
        (replace(HUB, watch_ages={("east", "secrets"): 200.0}), [("warning", "watch")]),
        (replace(HUB, watch_ages={("east", "secrets"): 70.0}), []),
        (replace(HUB, held=None), [("note", "held")]),
        (replace(HUB, held=(PLAN,)), [("warning", "held")]),
    ],
)
def test_what_is_wrong_with_the_hub_is_found(
    hub: HubSheet, expected: list[tuple[str, str]]
) -> None:
    assert found(hub=hub) == expected


def fleet_cluster(status: str, reason: str) -> dict[str, Any]:
    condition = {"type": "Ready", "status": status, "reason": reason, "message": "no answer"}
    return {"metadata": {"name": "east"}, "status": {"conditions": [condition]}}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (fleet_cluster("True", "Reachable"), []),
        (fleet_cluster("False", "Unreachable"), [("warning", "fleetcluster")]),
        (fleet_cluster("False", "Duplicate"), [("note", "fleetcluster")]),
        ({"metadata": {"name": "east"}}, []),
    ],
)
def test_what_the_controller_says_of_a_cluster_is_passed_on(
    document: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert found(hub=replace(HUB, clusters=(document,))) == expected


def test_golden_of_doctor(golden_answer: Callable[..., None]) -> None:
    sheet = replace(
        WELL, clock_offset_s=-90.0, login=Login("certificate", NOW), may_everything=True
    )
    seen = chart(sheet, hub=replace(HUB, held=(PLAN,)))
    ills = examine(seen)
    golden_answer(
        "doctor",
        doctor_answer(ills, seen, wide=False),
        doctor_answer(ills, seen, wide=True),
    )


# Logins.


def jwt(claims: dict[str, Any]) -> str:
    body = base64.urlsafe_b64encode(msgspec.json.encode(claims)).decode().rstrip("=")
    signature = canary("signature").decode()
    return f"e30.{body}.{signature}"


def test_a_token_of_a_service_account_says_when_it_ends() -> None:
    assert token_end(jwt({"exp": NOW.timestamp(), "sub": "x"})) == NOW


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", jwt({}), jwt({"exp": 1e300}), "a.e30.c"])
def test_a_token_that_does_not_say_has_no_end(token: str) -> None:
    assert token_end(token) is None


async def test_a_login_is_told_without_any_of_it() -> None:
    token = SecretValue(jwt({"exp": NOW.timestamp()}).encode())
    access = Access(Endpoint("https://east", insecure=True), StaticToken(token))
    assert await login_of(access, is_own=True) == Login("token", token_ends=NOW, is_insecure=True)
    both = combined(StaticToken(token), Basic("a", SecretValue(canary("b"))))
    told = await login_of(Access(Endpoint("https://east"), both), is_own=False)
    assert (told.kind, told.is_own) == ("token+password", False)
    assert (await login_of(Access(Endpoint("https://e"), combined()), is_own=True)).kind == "none"


def test_a_certificate_says_when_it_ends() -> None:
    pair = pki.Authority("test").client("someone", ())
    ends = certificate_end(pair.certificate_pem)
    assert ends is not None
    assert ends > datetime.now(UTC)
    assert certificate_end(b"no certificate") is None


def test_what_the_server_adds_is_no_drift() -> None:
    assert is_within({"a": {"b": [1, {"c": ""}]}}, {"a": {"b": [1, {"d": 2}]}, "e": 3})
    assert not is_within({"a": {"b": 1}}, {"a": {"b": 2}})
    assert not is_within({"a": [1]}, {"a": [1, 2]})
    assert not is_within({"a": 1}, {})


@pytest.mark.parametrize("text", ["", "<html>", 'other{cluster="east"} 1.0\n', "{"])
def test_what_is_no_metrics_page_tells_no_ages(text: str) -> None:
    assert ages_in(text) == {}


def test_who_serves_sealed_secrets_is_told_by_their_statuses() -> None:
    def condition(generation: int, **more: str) -> dict[str, Any]:
        said = {"type": "Synced", "status": "True", **more}
        return {"observedGeneration": generation, "conditions": [said]}

    statuses: dict[str, Any] = {
        "new": None,
        "changed": condition(0, reason="Unsealed"),
        "theirs": condition(1),
        "ours": condition(1, reason="Unsealed"),
    }
    metadata = {"namespace": "shop", "generation": 1}
    found = sheet_of(
        {"metadata": metadata | {"name": name}, "status": status}
        for name, status in statuses.items()
    )
    assert found == SealedSheet(("shop/new", "shop/changed"), ("shop/theirs",))
