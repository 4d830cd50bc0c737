# SPDX-License-Identifier: Apache-2.0
"""May this data flow to this cluster? Evaluated on the finished object and its place.

Every label set that is added to a source can only forbid more: a `Deny` matches when any set does,
an `Allow` when all do. The labels of declarations are their authors' word: they fall under a
`Deny`, and they contradict an `Allow`, but they never satisfy one.
"""

from keyfleet.base.keyring import split_digest
from keyfleet.model.data import SecretData, fingerprint
from keyfleet.model.flows import (
    UNKNOWN,
    FlowRule,
    Flows,
    Labels,
    Lineage,
    OnRefused,
    Provenance,
)
from keyfleet.model.intent import SecretRef
from keyfleet.model.ownership import MARKED, Claim, Installation, Marker, Spot
from keyfleet.model.places import ClusterFacts
from keyfleet.model.plan import Finding, State
from keyfleet.model.policy import Policies
from keyfleet.model.selectors import Selector
from keyfleet.model.stores import StoreRef

OUR_HUBS = (Claim.OURS, Claim.UNSIGNED, Claim.UNVERIFIED)
"""Claims of markers that this hub's Keyfleet wrote, or that say so."""


def carried(data: SecretData, spot: Spot, installation: Installation) -> Provenance:
    """Return what a Secret that is read as a source brings along from where it came.

    Only a marker that verifies for this very place, on data that is what was delivered, can say
    what the data is; any other only adds reasons to refuse.

    Args:
        data: What was read, with the owner annotation of the object.
        spot: Where it was read, by the cluster's UID.
        installation: Who we are.
    """
    holding = MARKED.claims(data.marks, spot, installation)
    marker = holding.marker
    if marker is None:
        return Provenance(())
    # Of a marker of this hub the absence of labels says something: nobody labelled the source.
    unknown = UNKNOWN if holding.claim in OUR_HUBS else ()
    sets = marker.provenance or unknown
    is_vouched_for = holding.claim is Claim.OURS and _is_as_delivered(data, marker, installation)
    return Provenance(sets, marker.claimed, is_vouched_for and all(sets))


def _is_as_delivered(data: SecretData, marker: Marker, installation: Installation) -> bool:
    ring = installation.ring
    if not ring.knows(marker.fingerprint):
        return False
    found = fingerprint(
        ring,
        hub=marker.hub,
        intent=marker.intent,
        data=data.entries(),
        key_id=split_digest(marker.fingerprint)[0],
    )
    return found == marker.fingerprint


def flow_objection(
    lineage: Lineage, source: SecretRef | StoreRef | None, cluster: ClusterFacts, policies: Policies
) -> Finding | None:
    """Return why data may not flow to a cluster; None when it may.

    Args:
        lineage: Where the data comes from.
        source: What is read, for people.
        cluster: The target's cluster.
        policies: The hub's rules, and those of files: each must let the data pass by itself, so
            that a file can forbid and nothing else.
    """
    hub, files = policies.flows, policies.file_flows
    for flows, sources in ((hub, hub.sources), (files, hub.sources + files.sources)):
        if flows.is_declared and (
            finding := _objection(lineage.under(sources), source, cluster, flows)
        ):
            return finding
    return None


def can_never_flow(lineage: Lineage, cluster: ClusterFacts, policies: Policies) -> bool:
    """Tell whether a source is refused whatever it brings along, so that nobody waits for it.

    Args:
        lineage: What is known of the source before it is read.
        cluster: The target's cluster.
        policies: The rules.
    """
    # Without labels of its own, what it brings along may say what it is.
    is_certain = lineage.under(policies.flows.sources).is_classified
    return is_certain and flow_objection(lineage, None, cluster, policies) is not None


def _objection(
    provenance: Provenance, source: SecretRef | StoreRef | None, cluster: ClusterFacts, flows: Flows
) -> Finding | None:
    forbidding = [rule for rule in flows.rules if _forbids(rule, provenance, cluster)]
    if forbidding:
        # One that deletes comes first, so that the finding names the rule that did it.
        rule = min(forbidding, key=lambda rule: rule.on_refused is not OnRefused.DELETE)
        return _denied(rule, provenance, cluster)
    if flows.allowing and not flows.denying:
        return None
    if not provenance.is_classified:
        return _unclassified(source, flows)
    if not flows.denying or any(_permits(rule, provenance, cluster) for rule in flows.rules):
        return None
    return _not_allowed(flows.denying[0], provenance, cluster)


def _forbids(rule: FlowRule, provenance: Provenance, cluster: ClusterFacts) -> bool:
    sets = (*provenance.sets, *provenance.claimed)
    return (
        rule.is_deny and rule.target.matches(cluster.labels) and any(map(rule.source.matches, sets))
    )


def _permits(rule: FlowRule, provenance: Provenance, cluster: ClusterFacts) -> bool:
    if rule.is_deny or rule.source.is_empty or rule.target.is_empty:
        return False
    return (
        rule.target.matches(cluster.labels)
        and all(map(rule.source.matches, provenance.sets))
        and not any(_contradicts(rule.source, labels) for labels in provenance.claimed)
    )


def _contradicts(selector: Selector, labels: Labels) -> bool:
    """Tell whether a claim speaks of a label of the selector, and says otherwise.

    Declarations carry labels of all kinds (Helm, Argo CD): what does not speak of it says nothing.
    """
    return any(
        condition.key in labels and not condition.matches(labels)
        for condition in selector.requirements
    )


def _denied(rule: FlowRule, provenance: Provenance, cluster: ClusterFacts) -> Finding:
    sets = (*provenance.sets, *provenance.claimed)
    matched = next(labels for labels in sets if rule.source.matches(labels))
    return Finding(
        State.REFUSED,
        "FlowDenied",
        f"{rule.title} lets nothing from {_shown(matched)} flow to {_target(cluster)}",
        hint=f"take {cluster.name} out of the placement, or change `from` or `to` of flow"
        f" {rule.name} in FleetPolicy {rule.policy}",
        rule=rule.title,
        withdraws=rule.on_refused is OnRefused.DELETE,
    )


def _not_allowed(policy: str, provenance: Provenance, cluster: ClusterFacts) -> Finding:
    shown = " and ".join(map(_shown, provenance.sets))
    return Finding(
        State.REFUSED,
        "FlowNotAllowed",
        f"no flow is allowed from {shown} to {_target(cluster)}, and FleetPolicy {policy} sets"
        " defaultFlow: Deny",
        hint=f"add a flow with action Allow to FleetPolicy {policy} whose `from` selects"
        f" {shown} and whose `to` selects {_target(cluster)}",
        rule=f"{policy}/defaultFlow",
    )


def _unclassified(source: SecretRef | StoreRef | None, flows: Flows) -> Finding:
    policy = flows.rules[0].policy if flows.rules else flows.denying[0]
    return Finding(
        State.REFUSED,
        "UnclassifiedSource",
        f"FleetPolicy {policy} declares flows, and nothing says what {source or 'the source'} is:"
        " its cluster has no labels and no policy assigns it any",
        hint="label the FleetCluster of the source, assign labels in spec.sources of a FleetPolicy,"
        " or write spec.defaultFlow: Allow",
        rule=f"{policy}/defaultFlow",
    )


def _target(cluster: ClusterFacts) -> str:
    return f"{cluster.name} ({_shown(cluster.labels)})"


def _shown(labels: Labels) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "no labels"
