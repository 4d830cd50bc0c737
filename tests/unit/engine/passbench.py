# SPDX-License-Identifier: Apache-2.0
"""One cluster, one intent and its passes, for tests."""

from dataclasses import replace
from typing import Any

from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import FakeMember, NotedCircuit, entry_of
from tests.unit.engine.fakes import INSTALLATION, VALUE, intent_of, jitter

from keyfleet.base.errors import UnreachableError
from keyfleet.base.log import NoHooks
from keyfleet.base.secret import SecretValue
from keyfleet.engine.intents import Intents
from keyfleet.engine.passes import Passes
from keyfleet.engine.settled import PassResult
from keyfleet.engine.shaping import Shaped
from keyfleet.engine.targets import Gatherer
from keyfleet.kube.resources import NAMESPACES
from keyfleet.model.data import fingerprint
from keyfleet.model.desired import Content, DesiredObject
from keyfleet.model.intent import Intent
from keyfleet.model.matchers import ChosenNamespaces
from keyfleet.model.places import ClusterName, IntentKey, Place, TargetFacts
from keyfleet.model.plan import Finding, State, Step
from keyfleet.model.policy import Policies
from keyfleet.plan.question import Asker, Question
from keyfleet.testing.clock import FakeClock

AWAY = UnreachableError("api.timeout", "no answer")
TWO_PLACES = ChosenNamespaces(("billing", "payments"))
OPERATOR = Policies(is_operator=True)


def shaped_of(intent: Intent, value: SecretValue = VALUE, **fields: Any) -> Shaped:
    """Return what shaping gives for a source with one key."""

    def desired(facts: TargetFacts) -> DesiredObject:
        place = Place(facts.cluster.name, facts.namespace.name, intent.targets.name)
        return DesiredObject(place, Content("Opaque", {"k": value}))

    ring, hub = INSTALLATION.ring, INSTALLATION.hub
    print_ = fingerprint(ring, hub=hub, intent=intent.key, data={"k": value})
    asker = Asker(f"uid-{intent.key.name}", "crd-1", revision=3, source_fingerprint=print_)
    return replace(Shaped(desired=desired, fingerprint=print_, asker=asker), **fields)


class Gate:
    """A breaker that a test opens and closes."""

    def __init__(self) -> None:
        self.finding: Finding | None = None
        self.asked: list[Step] = []
        self.not_made: list[Step] = []

    def objection(
        self, question: Question, step: Step, lane: tuple[ClusterName, IntentKey]
    ) -> Finding | None:
        del lane
        self.asked.append(step)
        return self.finding

    def spared(self, question: Question, step: Step) -> None:
        self.not_made.append(step)


class Bench:
    """One cluster, one intent and its passes."""

    def __init__(self, intent: Intent | None = None) -> None:
        self.intent = intent or intent_of()
        self.cluster = FakeCluster()
        self.cluster.put(NAMESPACES, "billing")
        self.member = FakeMember(self.cluster)
        self.entry = entry_of(self.member)
        self.circuit = self.entry.circuit = NotedCircuit()
        self.intents = Intents()
        self.intents.put(self.intent)
        self.hold: Finding | None = None
        self.gate = Gate()
        self.passes = Passes(
            lambda: Gatherer(
                INSTALLATION, OPERATOR, self.intents, deletion_hold=lambda *_: self.hold
            ),
            self.gate,
            clock=FakeClock(),
            random=jitter(),
            hooks=NoHooks(),
        )

    async def run(self, shaped: Shaped | None = None) -> PassResult:
        return await self.passes.deliver_intent(
            self.entry, self.member, self.intent, shaped or shaped_of(self.intent)
        )

    async def clean_up(self) -> PassResult:
        self.intents.drop(self.intent.key)
        return await self.passes.clean_up(self.entry, self.member, self.intent.key)

    def data(self, namespace: str = "payments") -> dict[str, SecretValue] | None:
        found = self.cluster.secret(namespace=namespace)
        return found["data"] if found else None


def states(result: PassResult) -> list[tuple[State, str]]:
    return [(target.state, target.reason) for target in result.targets]
