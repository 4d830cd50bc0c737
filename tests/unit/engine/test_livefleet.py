# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.engine.fakes import HUB_UID, INSTALLATION
from tests.unit.engine.livebench import LiveBench

from keyfleet.base.errors import DeniedError, InvalidInputError, UnreachableError
from keyfleet.base.tasks import all_of
from keyfleet.engine.livefleet import Contact, LiveFleet
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import State
from keyfleet.plugin import Kinship
from keyfleet.testing.clock import FakeClock

EAST, WEST = ClusterName("east"), ClusterName("west")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> LiveBench:
    return LiveBench(monkeypatch)


def problem_of(contact: Contact) -> tuple[State, str]:
    assert contact.member is None
    assert contact.problem is not None
    return (contact.problem.state, contact.problem.reason)


async def test_nobody_is_contacted_before_somebody_asks(bench: LiveBench) -> None:
    fleet = bench.fleet()
    assert [facts.name for facts in fleet.facts()] == ["east", "west"]
    assert bench.opened == []


async def test_a_contacted_cluster_says_who_it_is(bench: LiveBench) -> None:
    fleet = bench.fleet()
    contact = await fleet.contact(EAST)
    assert contact.member is not None
    assert contact.member.facts.uid == "uid-east"
    assert contact.version == "v1.36.0"
    assert [facts.uid for facts in fleet.facts()] == ["uid-east", ""]


async def test_all_who_ask_share_one_login(bench: LiveBench) -> None:
    fleet = bench.fleet()
    contacts = await all_of([fleet.contact(EAST) for _ in range(9)], name="contact")
    assert bench.opened == ["east"]
    assert all(contact is contacts[0] for contact in contacts)


async def test_the_hub_is_recognised_as_a_member(bench: LiveBench) -> None:
    bench.snapshots = [bench.snapshot("hub", pinned_uid=HUB_UID), bench.snapshot("east")]
    fleet = bench.fleet()
    assert [facts.is_hub for facts in fleet.facts()] == [True, False]
    contact = await fleet.contact(ClusterName("hub"))
    assert contact.member is not None
    assert contact.member.facts.is_hub


@pytest.mark.parametrize("what", ["get Namespace", "version"])
async def test_a_cluster_that_does_not_answer_is_a_problem_and_not_an_error(
    bench: LiveBench, what: str
) -> None:
    bench.east.errors[what] = [UnreachableError("api.timeout", "no answer")]
    contact = await bench.fleet().contact(EAST)
    assert problem_of(contact) == (State.UNREACHABLE, "Unreachable")
    assert bench.east.is_closed


async def test_a_login_that_cannot_be_resolved_is_a_problem_with_its_hint(
    bench: LiveBench,
) -> None:
    bench.refusals["east"] = InvalidInputError("kubeconfig.x", "no user", hint="add one")
    contact = await bench.fleet().contact(EAST)
    assert contact.problem is not None
    assert contact.problem.hint == "add one"


async def test_a_refused_login_is_told_apart(bench: LiveBench) -> None:
    bench.east.errors["version"] = [UnreachableError("api.unauthorized", "not accepted")]
    contact = await bench.fleet().contact(EAST)
    assert problem_of(contact) == (State.UNREACHABLE, "AuthenticationFailed")


async def test_a_problem_that_is_known_is_told_without_trying(bench: LiveBench) -> None:
    bench.snapshots = [bench.snapshot("east", problem="no such context")]
    assert problem_of(await bench.fleet().contact(EAST)) == (State.UNREACHABLE, "NoAccess")
    assert bench.opened == []


async def test_another_cluster_than_the_pinned_one_is_not_used(bench: LiveBench) -> None:
    bench.snapshots = [bench.snapshot("east", pinned_uid="uid-before")]
    assert problem_of(await bench.fleet().contact(EAST)) == (State.HELD, "IdentityChanged")
    assert bench.east.is_closed


async def test_a_discovered_cluster_is_not_used_before_it_is_trusted(bench: LiveBench) -> None:
    bench.snapshots = [bench.snapshot("east", kinship=Kinship.DISCOVERED)]
    assert problem_of(await bench.fleet().contact(EAST)) == (State.HELD, "IdentityUntrusted")


async def test_a_cluster_whose_identity_may_not_be_read_is_used_by_ca_and_address(
    bench: LiveBench,
) -> None:
    bench.east.errors["get Namespace"] = [DeniedError("api.forbidden", "forbidden")]
    contact = await bench.fleet().contact(EAST)
    assert contact.identity is not None
    assert contact.identity.is_weak
    assert contact.problem is None


async def test_a_cluster_is_found_by_its_name_before_an_alias(bench: LiveBench) -> None:
    bench.snapshots = [
        bench.snapshot("a", aliases=frozenset({"east", "admin@a"})),
        bench.snapshot("east"),
    ]
    fleet = bench.fleet()
    found = [fleet.named(name) for name in ("east", "admin@a", "nobody")]
    assert [snapshot.name if snapshot else None for snapshot in found] == ["east", "a", None]


async def test_two_names_of_one_cluster_give_one_contact_under_the_declared_one(
    bench: LiveBench,
) -> None:
    bench.clusters["a-context"] = bench.east
    bench.snapshots = [
        bench.snapshot("a-context", is_bare=True, pinned_uid="uid-east"),
        bench.snapshot("east", pinned_uid="uid-east"),
    ]
    fleet = bench.fleet()
    first = await fleet.contact(ClusterName("a-context"))
    second = await fleet.contact(EAST)
    assert (first, second.snapshot.name) == (second, "east")
    assert second.member is not None
    assert second.member.facts.answers_to("a-context")


async def test_closes_what_it_opened_and_not_the_hub(bench: LiveBench) -> None:
    bench.snapshots.append(bench.snapshot("hub"))
    fleet = bench.fleet()
    for name in (EAST, ClusterName("hub")):
        await fleet.contact(name)
    await fleet.close()
    assert [cluster.is_closed for cluster in (bench.east, bench.west, bench.hub)] == [
        True,
        False,
        False,
    ]


async def test_a_cluster_is_labelled_as_the_hub_says_under_whatever_name(bench: LiveBench) -> None:
    """Else a file could call staging by a new name, and production by it."""
    bench.snapshots = [bench.snapshot("east", labels={"env": "production"})]
    labels = {"uid-east": {"env": "staging"}}
    fleet = LiveFleet(bench.snapshots, bench.hub, INSTALLATION, clock=FakeClock(), labels=labels)
    contact = await fleet.contact(EAST)
    assert contact.member is not None
    assert contact.member.facts.labels == {"env": "staging"}
    assert fleet.facts_of(EAST) == contact.member.facts
