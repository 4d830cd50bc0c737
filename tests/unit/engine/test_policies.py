# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import EAST

from keyfleet.base.errors import UnreachableError
from keyfleet.engine.policies import PolicyStatuses, policies_from, policy_status, with_files
from keyfleet.kube.resources import FLEETPOLICIES
from keyfleet.model.places import NamespaceFacts
from keyfleet.testing.clock import FakeClock

PAYMENTS = NamespaceFacts("payments")
EVERYWHERE = {"clusters": {"names": ["*"]}, "namespaces": {"names": ["*"]}}
NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def document_of(name: str = "open", **spec: Any) -> dict[str, Any]:
    spec = spec or {"namespaces": [{"hub": ["payments"], "sources": EVERYWHERE}]}
    return {"metadata": {"name": name, "generation": 2}, "spec": spec}


MISSPELT = document_of("misspelt", namespaces=[{"hub": ["payments"], "source": EVERYWHERE}])
BAD_SELECTOR = document_of(
    "selector",
    namespaces=[
        {
            "hub": ["payments"],
            "sources": {
                "clusters": {"selector": {"matchExpressions": [{"key": "a", "operator": "in"}]}},
                "namespaces": {"names": ["*"]},
            },
        }
    ],
)


def ready(status: dict[str, Any]) -> dict[str, Any]:
    (condition,) = status["conditions"]
    found: dict[str, Any] = condition
    return found


def test_policies_add_up() -> None:
    documents = [document_of("a"), document_of("b")]
    read = policies_from(documents, is_complete=True)
    assert [grant.policy for grant in read.policies.grants] == ["a", "b"]
    assert read.policies.may_read(PAYMENTS, EAST, "anywhere")


@pytest.mark.parametrize("bad", [MISSPELT, BAD_SELECTOR, document_of("none") | {"spec": None}])
def test_a_policy_that_cannot_be_read_grants_nothing_and_harms_no_other(
    bad: dict[str, Any],
) -> None:
    alone = policies_from([bad], is_complete=True)
    assert alone.policies.grants == ()
    assert [bad["metadata"]["name"]] == list(alone.refused)
    together = policies_from([bad, document_of()], is_complete=True)
    assert [grant.policy for grant in together.policies.grants] == ["open"]
    assert together.policies.unreadable == (bad["metadata"]["name"],)


FLOW = {"name": "stay", "from": {}, "to": {}, "action": "Deny"}


def test_flows_of_policies_add_up_in_the_order_of_their_names() -> None:
    documents = [
        document_of("b", namespaces=[], flows=[FLOW], defaultFlow="Deny"),
        document_of("a", namespaces=[], flows=[FLOW], defaultFlow="Allow"),
    ]
    flows = policies_from(documents, is_complete=True).policies.flows
    assert [rule.title for rule in flows.rules] == ["a/stay", "b/stay"]
    assert (flows.denying, flows.allowing) == (("b",), ("a",))


def test_a_policy_with_one_bad_rule_counts_in_nothing() -> None:
    bad = document_of("half", flows=[FLOW, FLOW])
    read = policies_from([bad], is_complete=True)
    assert (read.policies.grants, read.policies.flows.rules) == ((), ())
    assert read.policies.unreadable == ("half",)


def test_policies_of_files_stand_beside_those_of_the_hub() -> None:
    hub = policies_from([document_of("a", flows=[FLOW])], is_complete=True).policies
    found = with_files(hub, [document_of("mine", flows=[FLOW])])
    assert [rule.title for rule in found.file_flows.rules] == ["mine/stay"]
    assert (found.flows, found.grants) == (hub.flows, hub.grants)


def test_a_paused_policy_grants_nothing_and_is_no_error() -> None:
    paused = document_of(namespaces=[{"hub": ["payments"], "sources": EVERYWHERE}], paused=True)
    read = policies_from([paused], is_complete=True)
    assert (read.policies.grants, read.refused) == ((), {})


def test_an_incomplete_list_says_so() -> None:
    assert not policies_from([document_of()], is_complete=False).policies.is_complete


def test_a_policy_in_force_says_so() -> None:
    status = policy_status(document_of(), None, NOW)
    condition = ready(status)
    assert (
        condition["status"],
        condition["reason"],
        status["observedGeneration"],
    ) == ("True", "InForce", 2)


def test_a_policy_that_cannot_be_read_says_where_and_that_it_grants_nothing() -> None:
    error = policies_from([MISSPELT], is_complete=True).refused["misspelt"]
    condition = ready(policy_status(MISSPELT, error, NOW))
    assert (condition["status"], condition["reason"]) == ("False", "InvalidSpec")
    assert condition["message"] == (
        "spec.namespaces[0].source: unknown field; it grants nothing, and nothing is delivered"
        " while what it forbids is not known"
    )


def test_the_same_policy_gets_the_same_status_later() -> None:
    status = policy_status(document_of(), None, NOW)
    assert status == policy_status(document_of() | {"status": status}, None, LATER)


def test_the_transition_is_dated_when_it_happens() -> None:
    before = document_of() | {"status": policy_status(document_of(), None, NOW)}
    error = policies_from([MISSPELT], is_complete=True).refused["misspelt"]
    assert ready(policy_status(before, error, LATER))["lastTransitionTime"] == LATER


class Bench:
    """A hub with policies and the keeper of their statuses."""

    def __init__(self) -> None:
        self.hub = FakeCluster("hub")
        self.clock = FakeClock()
        self.statuses = PolicyStatuses(self.hub, self.clock)

    async def tell(self, *documents: dict[str, Any]) -> None:
        for document in documents:
            name = document["metadata"]["name"]
            self.hub.put(FLEETPOLICIES, name, spec=document["spec"])
        self.statuses.changed(documents, policies_from(documents, is_complete=True).refused)
        await self.clock.settle()

    def status(self, name: str) -> dict[str, Any] | None:
        return self.hub.objects[FLEETPOLICIES.label, "", name].get("status")


async def test_writes_on_each_policy_whether_it_is_in_force() -> None:
    bench = Bench()
    await bench.tell(document_of(), MISSPELT)
    statuses = [bench.status("open"), bench.status("misspelt")]
    assert [ready(status)["status"] for status in statuses if status] == ["True", "False"]


async def test_a_status_that_is_right_already_is_not_written() -> None:
    bench = Bench()
    await bench.tell(document_of() | {"status": policy_status(document_of(), None, NOW)})
    assert bench.hub.writes() == []


async def test_a_status_that_cannot_be_written_does_not_keep_the_next_from_it() -> None:
    bench = Bench()
    bench.hub.errors["patch FleetPolicy"] = [UnreachableError("api.timeout", "no answer")]
    await bench.tell(document_of("a"), document_of("b"))
    assert bench.status("a") is None
    assert bench.status("b") is not None


async def test_what_changes_while_writing_is_written_after_it() -> None:
    bench = Bench()
    documents = [document_of()]
    bench.hub.put(FLEETPOLICIES, "open")
    bench.statuses.changed(documents, {})
    refused = policies_from([MISSPELT], is_complete=True).refused
    bench.statuses.changed(documents, {"open": refused["misspelt"]})
    await bench.clock.settle()
    status = bench.status("open")
    assert status is not None
    assert ready(status)["status"] == "False"
    await bench.statuses.close()
