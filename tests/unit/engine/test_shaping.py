# SPDX-License-Identifier: Apache-2.0
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import EAST, HUB, INSTALLATION, VALUE, intent_of, key_of

from keyfleet.base.errors import (
    DeniedError,
    NotFoundError,
    PermanentError,
    TemporaryError,
    UnreachableError,
)
from keyfleet.engine.revisions import Prints
from keyfleet.engine.shaping import Shaped, Surroundings, shape_intent
from keyfleet.kube.client import Client
from keyfleet.model.data import fingerprint
from keyfleet.model.intent import Guard, Intent, KeyRename, OnMissing, SecretRef, Shape
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import Spot
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts, Place, TargetFacts
from keyfleet.model.plan import State
from keyfleet.model.policy import Grant, Policies, SourceScope
from keyfleet.sources.kubernetes import SOURCE

ANYWHERE = SourceScope(ChosenClusters(("*",)), ChosenNamespaces(("*",)))
GRANTED = Policies((Grant("open", ChosenNamespaces(("payments",)), sources=ANYWHERE),))
IN_EAST = SecretRef("payments", "src", ClusterName("east"))
FACTS = TargetFacts(EAST, NamespaceFacts("payments"))


@dataclass
class World:
    """A hub with a source, a member with another, and who may read what."""

    hub: FakeCluster = field(default_factory=lambda: FakeCluster("hub"))
    east: FakeCluster = field(default_factory=FakeCluster)
    policies: Policies = field(default_factory=Policies)
    crds: Mapping[str, str] = field(default_factory=lambda: {"FleetSecret": "crd-1"})
    revised: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hub.put_secret("src", k=VALUE)
        self.east.put_secret("src", type_="example.com/db", k=VALUE)

    is_east_away: bool = False

    def resolve(self, name: ClusterName) -> tuple[ClusterFacts, Client] | None:
        if self.is_east_away and name == EAST.name:
            raise TemporaryError("source.cluster_away", "refused at 10.0.0.1", name)
        known = {"": (HUB, self.hub), "east": (EAST, self.east)}
        return known.get(name)

    def revise(self, intent: Intent, prints: Prints) -> int:
        del intent
        self.revised.extend(prints)
        return 7

    async def shape(self, intent: Intent) -> Shaped:
        return await shape_intent(
            intent,
            Surroundings(
                installation=INSTALLATION,
                policies=self.policies,
                sources={"kubernetes": SOURCE},
                resolve=self.resolve,
                revise=self.revise,
                crd_uid=lambda key: self.crds.get(key.kind, ""),
                domain="sync.example.com",
                facts_of=lambda name: EAST if name == EAST.name else None,
            ),
        )


@pytest.fixture
def world() -> World:
    return World()


def reason_of(shaped: Shaped) -> tuple[State, str]:
    assert shaped.finding is not None
    assert shaped.desired is None
    return (shaped.finding.state, shaped.finding.reason)


async def test_gives_the_object_its_fingerprints_and_where_it_came_from(world: World) -> None:
    shaped = await world.shape(intent_of())
    assert shaped.desired is not None
    desired = shaped.desired(FACTS)
    print_ = fingerprint(
        INSTALLATION.ring, hub=INSTALLATION.hub, intent=key_of(), data={"k": VALUE}
    )
    assert (Place(EAST.name, "payments", "db"), {"k": VALUE}) == (desired.place, desired.base.data)
    assert [print_, print_] == [shaped.fingerprint, shaped.asker.source_fingerprint]
    assert shaped.source == SecretRef("payments", "src", ClusterName("hub"))
    assert shaped.source_spots == (Spot(HUB.uid, "payments", "src"),)
    assert (
        shaped.asker.uid,
        shaped.asker.crd,
        shaped.asker.domain,
        shaped.asker.revision,
    ) == ("uid-db", "crd-1", "", 7)
    assert [print_] == world.revised


async def test_the_revision_is_of_the_source_and_the_fingerprint_of_the_target(
    world: World,
) -> None:
    renamed = Shape(keys=(KeyRename("k", "renamed"),))
    shaped = await world.shape(intent_of(shape=renamed))
    assert shaped.fingerprint != shaped.asker.source_fingerprint


async def test_the_annotation_form_names_its_domain_and_no_crd(world: World) -> None:
    shaped = await world.shape(intent_of(key_of(kind="Secret")))
    assert (shaped.asker.domain, shaped.asker.crd) == ("sync.example.com", "")


async def test_a_missing_source_is_pending_and_nothing_is_taken_away(world: World) -> None:
    shaped = await world.shape(intent_of(ref=SecretRef("payments", "absent")))
    assert reason_of(shaped) == (State.PENDING, "SourceMissing")
    assert not shaped.is_source_gone


async def test_a_missing_source_empties_the_targets_only_where_that_was_asked_for(
    world: World,
) -> None:
    guard = Guard(on_source_missing=OnMissing.DELETE)
    gone = await world.shape(intent_of(ref=SecretRef("payments", "absent"), guard=guard))
    assert gone.is_source_gone
    world.hub.errors["get Secret"] = [DeniedError("api.forbidden", "forbidden")]
    forbidden = await world.shape(intent_of(guard=guard))
    assert reason_of(forbidden) == (State.PENDING, "SourceMissing")
    assert not forbidden.is_source_gone
    assert forbidden.is_denied


@pytest.mark.parametrize(
    "ref",
    [
        SecretRef("other", "src"),
        IN_EAST,
        SecretRef("payments", "src", ClusterName("nobody")),
    ],
)
async def test_what_was_not_granted_is_not_read_and_looks_like_absent(
    world: World, ref: SecretRef
) -> None:
    guard = Guard(on_source_missing=OnMissing.DELETE)
    denied = await world.shape(intent_of(ref=ref, guard=guard))
    assert reason_of(denied) == (State.PENDING, "SourceMissing")
    assert not denied.is_source_gone
    assert world.hub.asked + world.east.asked == []


async def test_a_grant_opens_a_source_in_a_member(world: World) -> None:
    world.policies = GRANTED
    shaped = await world.shape(intent_of(ref=IN_EAST))
    assert shaped.desired is not None
    assert shaped.desired(FACTS).base.type == "example.com/db"
    assert shaped.source_spots == (Spot(EAST.uid, "payments", "src"),)


async def test_while_the_policies_are_unknown_nothing_is_read(world: World) -> None:
    world.policies = replace(GRANTED, is_complete=False)
    assert reason_of(await world.shape(intent_of())) == (State.HELD, "PolicyUnknown")
    assert world.hub.asked == []


async def test_a_source_that_does_not_answer_is_an_error_and_no_shape(world: World) -> None:
    world.hub.errors["get Secret"] = [UnreachableError("api.timeout", "no answer")]
    with pytest.raises(UnreachableError):
        await world.shape(intent_of())


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (Shape(keys=(KeyRename("absent", "x"),)), "KeyMissing"),
        (Shape(keys=(KeyRename("k", "a/b"),)), "KeyName"),
        (Shape(type="kubernetes.io/tls"), "TypeKey"),
    ],
)
async def test_what_cannot_be_shaped_fails_the_whole_intent(
    world: World, shape: Shape, reason: str
) -> None:
    assert (State.FAILED, reason) == reason_of(await world.shape(intent_of(shape=shape)))
    assert world.revised == []


async def test_any_other_refusal_is_a_failure_and_no_absence(world: World) -> None:
    world.hub.errors["get Secret"] = [PermanentError("api.invalid", "refused")]
    shaped = await world.shape(intent_of(guard=Guard(on_source_missing=OnMissing.DELETE)))
    assert reason_of(shaped) == (State.FAILED, "SourceFailed")
    assert not shaped.is_source_gone


async def test_what_answers_that_secrets_are_not_served_is_asked_again(world: World) -> None:
    world.hub.errors["get Secret"] = [NotFoundError("api.not_served", "not served")]
    with pytest.raises(UnreachableError, match="not served"):
        await world.shape(intent_of(guard=Guard(on_source_missing=OnMissing.DELETE)))


async def test_who_may_not_read_a_cluster_does_not_learn_that_it_is_away(world: World) -> None:
    here = await world.shape(intent_of(ref=IN_EAST))
    world.is_east_away = True
    assert (await world.shape(intent_of(ref=IN_EAST))).finding == here.finding
    world.policies = GRANTED
    with pytest.raises(TemporaryError):
        await world.shape(intent_of(ref=IN_EAST))
