# SPDX-License-Identifier: Apache-2.0
"""May this intent read its source? Asked before the read, at every delivery."""

from keyfleet.model.intent import SecretRef
from keyfleet.model.places import ClusterFacts, IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding, State
from keyfleet.model.policy import Policies


def policies_unknown(policies: Policies) -> Finding | None:
    """Return why nothing may be delivered under these policies: an error is not "no policy".

    A FleetPolicy that cannot be read may forbid what others let pass, so it holds everything.
    """
    if not policies.is_complete:
        return Finding(
            State.HELD,
            "PolicyUnknown",
            "the FleetPolicies of the hub cannot be listed",
            hint="grant list and watch on fleetpolicies.keyfleet.io to Keyfleet",
            rule="policies-known",
        )
    if policies.unreadable:
        names = ", ".join(policies.unreadable)
        return Finding(
            State.HELD,
            "PolicyUnknown",
            f"what FleetPolicy {names} forbids is not known: it cannot be understood",
            hint=f"`kubectl describe fleetpolicy {policies.unreadable[0]}` says what is wrong:"
            " correct it or delete it",
            rule="policies-known",
        )
    return None


def source_missing(key: IntentKey, ref: SecretRef, policies: Policies) -> Finding:
    """Return the finding for a source that is absent; forbidden looks the same on purpose."""
    return Finding(
        State.PENDING,
        "SourceMissing",
        f"Secret {ref} cannot be read: it is absent or this intent may not read it",
        hint=_way_to_read(key, ref, policies),
        rule="source-is-granted",
    )


def _way_to_read(key: IntentKey, ref: SecretRef, policies: Policies) -> str:
    if policies.is_operator:
        # From a command line the person's own rights are the limit, and no policy widens them.
        return "create it, correct spec.source.secretRef, or log in with the right to read it"
    if not ref.cluster and ref.namespace == key.namespace:
        return "create it, or correct spec.source.secretRef"
    cluster = f"clusters: {{names: [{ref.cluster}]}}, " if ref.cluster else ""
    sources = f"{{{cluster}namespaces: {{names: [{ref.namespace}]}}}}"
    grant = f"[{{hub: [{key.namespace}], sources: {sources}}}]"
    return f"create it, or add a FleetPolicy with spec.namespaces {grant}"


def source_objection(
    key: IntentKey, ref: SecretRef, cluster: ClusterFacts | None, policies: Policies
) -> Finding | None:
    """Return why the intent may not read `ref`; None when it may.

    Args:
        key: The intent; its namespace is whose rights count.
        ref: What it wants to read.
        cluster: The cluster that `ref` names; None when nobody answers to that name.
        policies: What the hub's FleetPolicies grant.
    """
    if unknown := policies_unknown(policies):
        return unknown
    asker = NamespaceFacts(key.namespace)
    if cluster is None or not policies.may_read(asker, cluster, ref.namespace):
        return source_missing(key, ref, policies)
    return None
