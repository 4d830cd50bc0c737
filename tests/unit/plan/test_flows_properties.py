# SPDX-License-Identifier: Apache-2.0
"""What holds for every flow, whatever the rules, the labels and the number of relays.

Histories run the real decision, marker and signature over clusters that are relabelled and policies
that change. Beside them a ledger is kept of where each value has truly been; it knows nothing of
markers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.plan.questions import HUB, INSTALLATION, after, digest, intent, question

from keyfleet.base.keyring import ephemeral_keyring
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData
from keyfleet.model.desired import Actual, Content, DesiredObject
from keyfleet.model.flows import (
    FlowAction,
    FlowRule,
    Flows,
    Lineage,
    OnRefused,
    Provenance,
    SourceLabels,
)
from keyfleet.model.intent import ClusterTargets, Intent, Read, SecretRef
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import OWNER_ANNOTATION, Installation, Spot
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid, IntentKey, Place
from keyfleet.model.policy import Policies
from keyfleet.model.selectors import Requirement, Selector
from keyfleet.plan.decide import decide
from keyfleet.plan.flows import carried, flow_objection
from keyfleet.testing.canary import canary

CLUSTERS = ("a", "b", "c")
LAPTOP = Installation(HUB, ephemeral_keyring())

keys = st.sampled_from(["env", "team"])
values = st.sampled_from(["p", "s"])
labels = st.dictionaries(keys, values, max_size=2)
requirements = st.one_of(
    st.builds(Requirement, keys, st.sampled_from(["In", "NotIn"]), values.map(lambda v: (v,))),
    st.builds(Requirement, keys, st.sampled_from(["Exists", "DoesNotExist"])),
)
selectors = st.builds(Selector, st.lists(requirements, max_size=2).map(tuple))
rules = st.builds(
    FlowRule,
    st.just("p"),
    st.just("r"),
    selectors,
    selectors,
    st.sampled_from(FlowAction),
    st.sampled_from(OnRefused),
)
assignments = st.builds(
    SourceLabels,
    st.just("p"),
    st.lists(st.sampled_from(CLUSTERS), max_size=2).map(lambda names: ChosenClusters(tuple(names))),
    st.just(ChosenNamespaces(("*",))),
    st.dictionaries(keys, values, min_size=1, max_size=2),
)
defaults = st.sampled_from([(), ("p",)])
flows = st.builds(
    Flows,
    st.lists(rules, max_size=3).map(tuple),
    st.lists(assignments, max_size=2).map(tuple),
    defaults,
    defaults,
)
sets = st.lists(labels, max_size=3).map(tuple)
provenances = st.builds(
    lambda found, claimed: Provenance(found, claimed, is_classified=bool(found) and all(found)),
    sets,
    st.lists(st.dictionaries(keys, values, min_size=1, max_size=2), max_size=2).map(tuple),
)
facts = st.builds(
    lambda name, own: ClusterFacts(ClusterName(name), labels=own),
    st.sampled_from(CLUSTERS),
    labels,
)
lineages = st.builds(Lineage, facts, st.just("pay"), provenances, labels)


def flows_to(line: Lineage, cluster: ClusterFacts, policies: Policies) -> bool:
    """Tell whether the data may go there."""
    return flow_objection(line, None, cluster, policies) is None


@given(lineages, facts, flows, flows, rules)
def test_a_deny_more_never_allows_more(
    line: Lineage, cluster: ClusterFacts, hub: Flows, files: Flows, rule: FlowRule
) -> None:
    more = replace(hub, rules=(*hub.rules, replace(rule, action=FlowAction.DENY)))
    if flows_to(line, cluster, Policies(flows=more, file_flows=files)):
        assert flows_to(line, cluster, Policies(flows=hub, file_flows=files))


@given(lineages, facts, flows, flows)
def test_a_file_never_allows_more(
    line: Lineage, cluster: ClusterFacts, hub: Flows, files: Flows
) -> None:
    if flows_to(line, cluster, Policies(flows=hub, file_flows=files)):
        assert flows_to(line, cluster, Policies(flows=hub))


@given(lineages, facts, flows, labels, labels)
def test_the_labels_of_a_declaration_never_allow_more(
    line: Lineage, cluster: ClusterFacts, hub: Flows, own: dict[str, str], claim: dict[str, str]
) -> None:
    """An author cannot talk a secret into a flow that it would not have without a word."""
    policies = Policies(flows=hub)
    brought = replace(line.carried, claimed=(*line.carried.claimed, claim))
    if flows_to(replace(line, own={**line.own, **own}, carried=brought), cluster, policies):
        silent = replace(line, own={}, carried=line.carried)
        assert flows_to(silent, cluster, policies)


@given(lineages, facts, flows, labels)
def test_a_set_that_nobody_vouches_for_never_allows_more(
    line: Lineage, cluster: ClusterFacts, hub: Flows, extra: dict[str, str]
) -> None:
    """What an unsigned marker says is one more reason to refuse, and never one to allow."""
    policies = Policies(flows=hub)
    brought = replace(line.carried, sets=(*line.carried.sets, extra))
    if flows_to(replace(line, carried=brought), cluster, policies):
        assert flows_to(line, cluster, policies)


@given(lineages, facts, flows, st.dictionaries(keys, values, min_size=1, max_size=2))
def test_a_set_more_never_allows_more_once_the_source_is_known(
    line: Lineage, cluster: ClusterFacts, hub: Flows, extra: dict[str, str]
) -> None:
    if not line.under(hub.sources).is_classified:
        return
    more = SourceLabels("p", ChosenClusters(("*",)), ChosenNamespaces(("*",)), extra)
    assigned = replace(hub, sources=(*hub.sources, more))
    if flows_to(line, cluster, Policies(flows=assigned)):
        assert flows_to(line, cluster, Policies(flows=hub))


@dataclass
class World:
    """Three clusters with one Secret of each name, and where each value has truly been."""

    cluster_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    flows: Flows = field(default_factory=Flows)
    held: dict[tuple[str, str], Actual] = field(default_factory=dict)
    been: dict[tuple[str, str], tuple[Mapping[str, str], ...]] = field(default_factory=dict)

    def facts(self, name: str) -> ClusterFacts:
        uid = ClusterUid(f"uid-{name}")
        return ClusterFacts(ClusterName(name), uid, self.cluster_labels.get(name, {}))

    def make(self, cluster: str, text: str) -> None:
        """Let a person write the source Secret of a cluster."""
        data = {"password": SecretValue(canary(text))}
        self.held[cluster, "src"] = Actual("o", "1", "Opaque", data=data)
        self.been[cluster, "src"] = ()

    def deliver(
        self,
        origin: tuple[str, str],
        target: tuple[str, str],
        by: Installation,
        own: dict[str, str],
    ) -> None:
        """Run one pass of one intent, and check what it wrote against the ledger."""
        source, present = self.held.get(origin), self.held.get(target)
        if source is None or source.data is None or origin == target or target[1] == "src":
            return
        here, there = self.facts(origin[0]), self.facts(target[0])
        key = IntentKey("FleetSecret", "pay", f"{'-'.join(origin)}-to-{'-'.join(target)}")
        spot = Spot(here.uid, "pay", origin[1])
        read = SecretData(source.data, marks=_marks(source))
        line = Lineage(here, "pay", carried(read, spot, by), own)
        step = decide(
            question(
                DesiredObject(Place(there.name, "pay", target[1]), Content("Opaque", source.data)),
                key=key,
                intent=_intent(key, origin, target),
                place=Place(there.name, "pay", target[1]),
                cluster=there,
                installation=by,
                fingerprint=digest(source.data, key),
                lineage=line,
                policies=Policies(flows=self.flows),
                actual=present and replace(present, fingerprint=digest(present.data or {}, key)),
            )
        )
        found = after(step, present)
        if found is None:
            self.held.pop(target, None)
            return
        self.held[target] = found
        if step.write is not None:
            self._wrote(origin, target, own, has_data=step.write.data is not None)

    def _wrote(
        self,
        origin: tuple[str, str],
        target: tuple[str, str],
        own: dict[str, str],
        *,
        has_data: bool,
    ) -> None:
        assigned = [
            entry.labels
            for entry in self.flows.sources
            if entry.covers(self.facts(origin[0]), "pay")
        ]
        way = (*self.been[origin], self.cluster_labels.get(origin[0], {}), *assigned, own)
        to = self.cluster_labels.get(target[0], {})
        for rule in self.flows.rules:
            if has_data and rule.is_deny and rule.target.matches(to):
                crossed = [been for been in way if been and rule.source.matches(been)]
                assert crossed == [], f"{crossed} went to {to} across {rule}"
        self.been[target] = way


def _marks(actual: Actual) -> dict[str, str]:
    return {name: text for name, text in actual.annotations.items() if name == OWNER_ANNOTATION}


def _intent(key: IntentKey, origin: tuple[str, str], target: tuple[str, str]) -> Intent:
    to = ClusterTargets(ChosenClusters((target[0],)), ChosenNamespaces(("pay",)), target[1])
    read = Read("kubernetes", SecretRef("pay", origin[1], ClusterName(origin[0])))
    return replace(intent(key), targets=to, reads=(read,))


Event = Callable[[World], None]
one_label = st.builds(lambda key, value: {key: value}, keys, values)
narrow = st.builds(lambda key, value: Selector((Requirement(key, "In", (value,)),)), keys, values)
denies = st.builds(FlowRule, st.just("p"), st.just("r"), narrow, narrow)
policies_now = st.one_of(
    st.builds(Flows, st.lists(denies, min_size=1, max_size=2).map(tuple), allowing=st.just(("p",))),
    flows,
)
names = st.sampled_from(CLUSTERS)
origins = st.tuples(names, st.sampled_from(["src", "x", "x"]))
targets = st.tuples(names, st.just("x"))
moves: st.SearchStrategy[Event] = st.builds(
    lambda origin, target, by, own: lambda world: world.deliver(origin, target, by, own),
    origins,
    targets,
    st.sampled_from([INSTALLATION, INSTALLATION, LAPTOP]),
    st.one_of(st.just({}), st.just({}), labels),
)
changes: st.SearchStrategy[Event] = st.one_of(
    st.builds(lambda name, text: lambda world: world.make(name, text), names, values),
    st.builds(
        lambda name, found: lambda world: world.cluster_labels.__setitem__(name, found),
        names,
        st.one_of(one_label, labels),
    ),
    st.builds(lambda found: lambda world: setattr(world, "flows", found), policies_now),
)
events = st.one_of(moves, moves, moves, changes)


@settings(max_examples=150)
@given(
    st.fixed_dictionaries(dict.fromkeys(CLUSTERS, one_label)),
    policies_now,
    st.lists(events, min_size=8, max_size=14),
)
def test_nothing_ever_crosses_a_deny_whatever_way_it_takes(
    cluster_labels: dict[str, dict[str, str]], now: Flows, history: list[Event]
) -> None:
    """No placement, policy, relabelling or relay delivers what a matching Deny forbids."""
    world = World(dict(cluster_labels), now)
    for name in CLUSTERS:
        world.make(name, name)
    for event in history:
        event(world)
