# SPDX-License-Identifier: Apache-2.0
"""May this intent read its source? Asked before the read, at every delivery."""

from keyfleet.model.intent import SecretRef
from keyfleet.model.places import ClusterFacts, IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding, State
from keyfleet.model.policy import Policies


def source_missing(ref: SecretRef) -> Finding:
    """Return the finding for a source that is absent; forbidden looks the same on purpose."""
    return Finding(
        State.PENDING,
        "SourceMissing",
        f"Secret {ref} cannot be read: it is absent or this intent may not read it",
        hint=f"create it, or grant hub namespaces access to {ref.namespace} with a FleetPolicy",
        rule="source-is-granted",
    )


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
    if not policies.is_complete:
        return Finding(
            State.HELD,
            "PolicyUnknown",
            "the FleetPolicies of the hub cannot be listed",
            rule="policies-known",
        )
    asker = NamespaceFacts(key.namespace)
    if cluster is None or not policies.may_read(asker, cluster, ref.namespace):
        return source_missing(ref)
    return None
