# SPDX-License-Identifier: Apache-2.0
"""The histories can fail: each deliberate fault is found, by the guarantee that it breaks."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.histories.deeds import Deed
from tests.histories.reference import CHANCE
from tests.histories.replay import replay
from tests.histories.soak import play
from tests.histories.world import CONTEXTS

from keyfleet.base.errors import KeyfleetError, NotFoundError
from keyfleet.base.log import get_logger
from keyfleet.base.sealing import Scope
from keyfleet.delivery.bodies import update_operations
from keyfleet.delivery.deliver import deliver
from keyfleet.engine import renderer, rounds
from keyfleet.engine.deletion.gate import DeletionGate
from keyfleet.engine.hub import Hub
from keyfleet.engine.members.sealedtargets import SealedTargets
from keyfleet.engine.members.targetwatch import TargetWatch
from keyfleet.engine.sealing.keychanges import KeyChanges
from keyfleet.kube import client, reading
from keyfleet.model import policy
from keyfleet.model.plan import Step
from keyfleet.model.sealed import SealedForm, SealedRead
from keyfleet.observe.metrics import Metrics
from keyfleet.testing.canary import canary
from keyfleet.transform import rendition

pytestmark = pytest.mark.timeout(300)

HISTORIES = 60
Patch = pytest.MonkeyPatch
Mutate = Callable[[Patch], None]


def deliver_everywhere(patch: Patch) -> None:
    """Let everybody write to every namespace."""
    patch.setattr(policy.Policies, "may_write", lambda *_: True)


def read_everything(patch: Patch) -> None:
    """Let everybody read every Secret."""
    patch.setattr(policy.Policies, "may_read", lambda *_: True)


def log_values(patch: Patch) -> None:
    """Say what is delivered."""

    async def deliver_loudly(step: Any, to: Any, **where: Any) -> Any:
        data = (step.write.data if step.write else None) or {}
        said = {key: value.reveal().decode() for key, value in data.items()}
        get_logger("test").info("test.told", data=said)
        return await deliver(step, to, **where)

    patch.setattr("keyfleet.engine.passes.deliver", deliver_loudly)


def count_values(patch: Patch) -> None:
    """Call a step in the metrics what was delivered."""
    before = Metrics.step_done

    def step_done(self: Metrics, cluster: str, *how: Any) -> None:
        before(self, f"{cluster} {canary('counted').decode()}", *how)

    patch.setattr(Metrics, "step_done", step_done)


@pytest.mark.parametrize(
    ("mutate", "found"),
    [(deliver_everywhere, "authority"), (log_values, "G1"), (count_values, "G1")],
)
@pytest.mark.reveals_canary("a fault that logs values is what is looked for")
def test_random_histories_find_a_deliberate_fault(
    mutate: Mutate, found: str, monkeypatch: Patch
) -> None:
    mutate(monkeypatch)
    with pytest.raises(AssertionError) as caught:
        play(7, HISTORIES, shrink=False)
    assert re.match(found, str(caught.value)), str(caught.value)[:200]


# Faults behind a second line of defence, which goes too: chance seldom finds the way there.


def take_errors_for_absence(patch: Patch) -> None:
    """Think that a source is gone when it cannot be asked, and ask nobody else."""
    before = client.Client.find_secret

    async def find(self: client.Client, namespace: str, name: str) -> Any:
        try:
            return await before(self, namespace, name)
        except NotFoundError:
            raise
        except KeyfleetError:
            return None

    patch.setattr(client.Client, "find_secret", find)
    _believe_at_once(patch)


def take_a_portal_for_absence(patch: Patch) -> None:
    """Believe any 404, and ask nobody else."""
    patch.setattr(reading, "require_absence", lambda _: None)
    _believe_at_once(patch)


def keep_rounds(patch: Patch) -> None:
    """Deliver what was read before the source changed."""
    patch.setattr(rounds.Rounds, "drop", lambda *_: None)


def accept_any_approval(patch: Patch) -> None:
    """Let go what somebody approved, whatever it was."""
    patch.setattr("keyfleet.plan.breaker._is_good", lambda *_: True)


def never_hold(patch: Patch) -> None:
    """Delete as much as was asked for."""
    patch.setattr(DeletionGate, "objection", lambda *_: None)


def write_blindly(patch: Patch) -> None:
    """Write over, and delete, whatever is there by now."""

    async def deliver_anyway(step: Step, to: Any, **where: Any) -> Any:
        return await deliver(replace(step, uid="", resource_version=""), to, **where)

    def without_version(write: Any, version: str) -> list[dict[str, Any]]:
        found = update_operations(write, version)
        return [one for one in found if one["path"] != "/metadata/resourceVersion"]

    patch.setattr("keyfleet.engine.passes.deliver", deliver_anyway)
    patch.setattr("keyfleet.delivery.deliver.update_operations", without_version)


def take_any_list_for_complete(patch: Patch) -> None:
    """Think that there are no policies when they cannot be listed."""

    def known(self: Hub) -> policy.Policies:
        return replace(self._policies.current, is_complete=True)

    patch.setattr(Hub, "policies", property(known))


def _believe_at_once(patch: Patch) -> None:
    async def no_doubt(*_: object) -> None:
        return None

    patch.setattr("keyfleet.engine.readings.identity_doubt", no_doubt)


GRANT = {
    "hub": ["*"],
    "sources": {"clusters": {"names": ["*"]}, "namespaces": {"names": ["*"]}},
}
SOURCE = {"context": "east", "namespace": "pay", "name": "src"}


def wish(*, paused: bool = False) -> Deed:
    reference = {"cluster": "east", "name": "src"}
    spec = {
        "source": {"secretRef": reference, "onMissing": "Delete"},
        "placement": {"clusters": {"names": ["west"]}},
        "paused": paused,
    }
    return "write_fleetsecret", {"namespace": "pay", "name": "one", "spec": spec}


def trouble(sky: str) -> list[Deed]:
    """Return a history in which a source cannot be asked for a while, and is read again then."""
    return [
        ("write_policy", {"name": "p", "spec": {"namespaces": [GRANT]}}),
        ("write_source", {**SOURCE, "keys": 2}),
        wish(),
        ("start", {"name": "a"}),
        ("pass_time", {"seconds": 2.0}),
        ("weather", {"context": "east", "sky": sky}),
        wish(paused=True),
        ("pass_time", {"seconds": 0.5}),
        wish(),
        ("pass_time", {"seconds": 90.0}),
    ]


NEW_VALUES: list[Deed] = [
    ("write_source", {**SOURCE, "keys": 3}),
    ("pass_time", {"seconds": 5.0}),
    ("write_source", {**SOURCE, "keys": 1}),
]


def curious() -> list[Deed]:
    """Return a history in which a tenant asks for another's secret."""
    reference = {"name": "src", "namespace": "pay"}
    spec = {"source": {"secretRef": reference}, "placement": {"clusters": {"names": ["*"]}}}
    return [
        ("write_source", {**SOURCE, "context": "hub", "keys": 2}),
        ("write_fleetsecret", {"namespace": "ops", "name": "one", "spec": spec}),
        ("start", {"name": "a"}),
        ("pass_time", {"seconds": 2.0}),
    ]


def emptied(approved: str = "") -> list[Deed]:
    """Return a history in which a placement is emptied by mistake, and perhaps approved."""
    spec = {"source": {"secretRef": {"name": "src"}}, "placement": {"clusters": {"names": ["*"]}}}
    about = {"namespace": "pay", "name": "one"}
    approval: list[Deed] = [
        ("approve", {"other_set": approved == "another set"}),
        ("pass_time", {"seconds": 20.0}),
    ]
    if not approved:
        approval.clear()
    return [
        ("limit_deletions", {}),
        ("write_source", {**SOURCE, "context": "hub", "keys": 2}),
        ("write_fleetsecret", {**about, "spec": spec}),
        ("start", {"name": "a"}),
        ("pass_time", {"seconds": 40.0}),
        ("write_fleetsecret", {**about, "spec": {**spec, "placement": {"clusters": {}}}}),
        ("pass_time", {"seconds": 40.0}),
        *approval,
    ]


def test_an_approved_plan_goes_and_another_set_stays() -> None:
    left = {}
    for approved in ("this set", "another set"):
        machine = replay(1, emptied(approved))
        machine.do("pass_time", seconds=40.0)
        facts = machine.world.facts()
        left[approved] = [one for one in CONTEXTS if facts.secret((one, "pay", "one"))]
        machine.teardown()
    assert left == {"this set": [], "another set": list(CONTEXTS)}


def replaced() -> list[Deed]:
    """Return a history in which somebody replaces a target while its deletion is on the way."""
    spec = {"source": {"secretRef": {"name": "src"}}, "placement": {"clusters": {"names": ["*"]}}}
    about = {"namespace": "pay", "name": "one"}
    return [
        ("write_source", {**SOURCE, "context": "hub", "keys": 2}),
        ("write_fleetsecret", {**about, "spec": spec}),
        ("start", {"name": "a"}),
        ("pass_time", {"seconds": 30.0}),
        ("weather", {"context": "east", "sky": "slow"}),
        ("delete_fleetsecret", about),
        ("pass_time", {"seconds": 0.3}),
        ("delete_target", {"context": "east", **about}),
        ("plant_secret", {"context": "east", **about}),
        ("pass_time", {"seconds": 40.0}),
    ]


def unruled() -> list[Deed]:
    """Return a history in which the rules go, and somebody wants something new."""
    spec = {"source": {"secretRef": {"name": "src"}}, "placement": {"clusters": {"names": ["*"]}}}
    rule = {"name": "nothing", "from": {}, "to": {}, "action": "Deny"}
    return [
        ("write_policy", {"name": "f", "spec": {"flows": [rule]}}),
        ("start", {"name": "a"}),
        ("pass_time", {"seconds": 30.0}),
        ("withdraw_policies", {}),
        ("pass_time", {"seconds": 3.0}),
        ("write_source", {**SOURCE, "context": "hub", "keys": 2}),
        ("write_fleetsecret", {"namespace": "pay", "name": "one", "spec": spec}),
        ("pass_time", {"seconds": 30.0}),
    ]


def render_at_every_look(patch: Patch) -> None:
    """Compare what templates make, not what they make it of."""
    patch.setattr(renderer, "is_kept", lambda *_, **__: False)


def look_at_no_place(patch: Patch) -> None:
    """Think that every place looks the same to templates."""
    patch.setattr(rendition, "used_facts", lambda *_: {})


def forget_texts(patch: Patch) -> None:
    """Think that templates never change."""
    patch.setattr(rendition.Rendition, "wording", lambda _: {})


def made_by_templates() -> list[Deed]:
    """Return a history in which what templates look at changes, and they themselves do."""
    text = f"{{{{ .user }}}} {{{{ .Cluster.labels.env }}}} ~{CHANCE}"
    items = [{"configMapRef": {"name": "templates", "items": [{"key": "made"}]}}]
    spec = {
        "source": {"secretRef": {"name": "src"}},
        "placement": {"clusters": {"names": ["*"]}},
        "template": {"templateFrom": items},
    }
    east = {"context": "east", "on_removed": "Retain", "paused": False}
    return [
        ("write_source", {**SOURCE, "context": "hub", "keys": 2}),
        ("write_template", {"namespace": "pay", "text": text}),
        ("write_fleetsecret", {"namespace": "pay", "name": "one", "spec": spec}),
        ("start", {"name": "a"}),
        ("pass_time", {"seconds": 5.0}),
        ("write_cluster", {**east, "env": "dev"}),
        ("pass_time", {"seconds": 5.0}),
        ("write_template", {"namespace": "pay", "text": "{{ .user"}),
        ("pass_time", {"seconds": 5.0}),
        ("write_template", {"namespace": "pay", "text": f"{text[: -len(CHANCE)]} ~{CHANCE}"}),
        ("pass_time", {"seconds": 5.0}),
    ]


def test_templates_are_followed_and_their_failure_takes_nothing_away() -> None:
    machine = replay(1, made_by_templates())
    facts = machine.world.facts()
    assert all(facts.secret((one, "pay", "one")) for one in CONTEXTS)
    went = [write for write in machine.world.writes if write.change.after is None]
    machine.teardown()
    assert not went


def take_any_scope(patch: Patch) -> None:
    """Open what is sealed for a whole cluster wherever it stands."""
    patch.setattr(SealedRead, "label", property(lambda _: b""))


def leave_what_is_sealed(patch: Patch) -> None:
    """Think that no sealed target is left over."""

    async def owned(*_: object) -> list[Any]:
        return []

    patch.setattr(SealedTargets, "owned", owned)


def overlook_drift(patch: Patch) -> None:
    """Hear nothing of what others do to targets."""
    patch.setattr(TargetWatch, "_judge", lambda *_: None)


def overlook_new_keys(patch: Patch) -> None:
    """Go on with the key that was there first."""
    patch.setattr(KeyChanges, "keys_changed", lambda *_: None)


def believe_other_scopes(patch: Patch) -> None:
    """Leave annotations of others on what is delivered sealed."""
    patch.setattr("keyfleet.engine.views.is_meant_so", lambda *_: True)
    patch.setattr("keyfleet.plan.writes.MEANT_ELSEWHERE", ())


def seal_for_anywhere(patch: Patch) -> None:
    """Bind nothing to its place, and say that it is."""
    before = SealedForm.spec

    def spec(self: SealedForm, data: Any) -> dict[str, Any]:
        return before(replace(self, sealing=replace(self.sealing, scope=anywhere)), data)

    patch.setattr(SealedForm, "spec", spec)


anywhere = Scope.CLUSTER_WIDE
VAULT = {"context": "east", "namespace": "pay", "name": "vault"}


def vault(wrong: str = "") -> Deed:
    """Seal one value, perhaps for something else."""
    return "write_sealed", {**VAULT, "keys": 1, "scope": "strict", "wrong": wrong}


def sealed(*then: Deed) -> list[Deed]:
    """Return a history of something sealed by people, and something that is delivered sealed."""
    spec = {
        "source": {"secretRef": {"name": "src"}},
        "placement": {"clusters": {"names": ["east"]}},
        "delivery": {"kind": "SealedSecret"},
    }
    return [
        ("serve_sealed", {}),
        vault(),
        ("write_source", {**SOURCE, "context": "hub", "keys": 2}),
        ("write_fleetsecret", {"namespace": "pay", "name": "one", "spec": spec}),
        ("start", {"name": "a"}),
        ("pass_time", {"seconds": 5.0}),
        *then,
        ("pass_time", {"seconds": 5.0}),
    ]


ONE = {"namespace": "pay", "name": "one"}


def test_what_is_sealed_is_opened_in_its_cluster_only() -> None:
    machine = replay(1, sealed())
    facts = machine.world.facts()
    opened = [(one, name) for one in CONTEXTS for name in ("one", "vault", "two")]
    found = [(one, name) for one, name in opened if facts.secret((one, "pay", name))]
    machine.teardown()
    assert found == [("east", "one"), ("east", "vault")]


@pytest.mark.parametrize(
    ("mutate", "history", "found"),
    [
        (take_any_scope, sealed(vault("scope")), "authority"),
        (leave_what_is_sealed, sealed(("delete_fleetsecret", ONE)), "convergence"),
        (overlook_drift, sealed(("edit_target", VAULT)), "convergence"),
        (overlook_new_keys, sealed(("write_key", {"context": "east", "key": "spare"})), "conver"),
        (
            believe_other_scopes,
            sealed(("annotate_sealed", {"context": "east", **ONE, "scope": "cluster-wide"})),
            "convergence",
        ),
        (seal_for_anywhere, sealed(), "authority"),
        (render_at_every_look, made_by_templates(), "G9"),
        (look_at_no_place, made_by_templates(), "convergence|authority"),
        (forget_texts, made_by_templates(), "convergence|authority"),
        (take_errors_for_absence, trouble("failing"), "G3"),
        (take_a_portal_for_absence, trouble("portal"), "G3"),
        (keep_rounds, trouble("clear") + NEW_VALUES, "convergence"),
        (never_hold, emptied(), "G4"),
        (read_everything, curious(), "authority"),
        (accept_any_approval, emptied(approved="another set"), "G4"),
        (write_blindly, replaced(), "ownership"),
        (take_any_list_for_complete, unruled(), "authority"),
    ],
)
def test_a_history_finds_a_deliberate_fault(
    mutate: Mutate, history: list[Deed], found: str, monkeypatch: Patch
) -> None:
    replay(1, history).teardown()
    mutate(monkeypatch)
    with pytest.raises(AssertionError) as caught:
        replay(1, history).teardown()
    assert re.match(found, str(caught.value)), str(caught.value)[:200]
