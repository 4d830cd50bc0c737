# SPDX-License-Identifier: Apache-2.0
"""May this intent read its source? Asked before the read, at every delivery."""

from keyfleet.model.intent import Read, SecretRef
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


def source_missing(key: IntentKey, read: Read, policies: Policies) -> Finding:
    """Return the finding for a source that is absent; forbidden looks the same on purpose."""
    ref = read.ref
    return Finding(
        State.PENDING,
        "SourceMissing",
        f"{ref.kind} {ref} cannot be read: it is absent or this intent may not read it",
        hint=_way_to_read(key, read, policies),
        rule="source-is-granted",
    )


def _way_to_read(key: IntentKey, read: Read, policies: Policies) -> str:
    ref = read.ref
    if policies.is_operator:
        # From a command line the person's own rights are the limit, and no policy widens them.
        return f"create it, correct {read.path}, or log in with the right to read it"
    if ref.cluster == key.cluster and ref.namespace in ("", key.namespace):
        return f"create it, or correct {read.path}"
    cluster = f"clusters: {{names: [{ref.cluster}]}}, " if ref.cluster else ""
    sources = f"{{{cluster}namespaces: {{names: [{ref.namespace}]}}}}"
    grant = f"[{{hub: [{key.namespace}], sources: {sources}}}]"
    return f"create it, or add a FleetPolicy with spec.namespaces {grant}"


def source_objection(
    key: IntentKey, read: Read, cluster: ClusterFacts | None, policies: Policies
) -> Finding | None:
    """Return why the intent may not read something; None when it may.

    Args:
        key: The intent; its namespace is whose rights count.
        read: What it wants to read.
        cluster: The cluster that it names; None when nobody answers to that name.
        policies: What the hub's FleetPolicies grant.
    """
    if unknown := policies_unknown(policies):
        return unknown
    if cluster is None or not _may_read(key, read, cluster, policies):
        return source_missing(key, read, policies)
    return None


def _may_read(key: IntentKey, read: Read, cluster: ClusterFacts, policies: Policies) -> bool:
    if policies.is_operator:
        # From a command line the person's own rights are the limit.
        return True
    ref = read.ref
    is_scoped = bool(ref.namespace) or isinstance(ref, SecretRef)
    is_home = cluster.answers_to(key.cluster) if key.cluster else cluster.is_hub
    if is_home and not is_scoped:
        # One for all namespaces of its cluster; its own conditions say for which.
        return True
    if key.cluster:
        # Found in a member: what policies grant is for namespaces of the hub.
        return is_home and ref.namespace == key.namespace
    return is_scoped and policies.may_read(NamespaceFacts(key.namespace), cluster, ref.namespace)
