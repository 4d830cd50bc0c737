# SPDX-License-Identifier: Apache-2.0
"""What stands in the way of a write, as people are told it."""

from keyfleet.base.errors import DeniedError, KeyfleetError, NotFoundError, TemporaryError
from keyfleet.kube.nowhere import AGENT_ONLY_ERROR
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.model.places import ClusterName, Place
from keyfleet.model.plan import Finding, State
from keyfleet.plan.sealing import agent_only


def failure_finding(place: Place, error: KeyfleetError) -> Finding:
    """Return how a request that failed is told."""
    where = str(place)
    if error.code == AGENT_ONLY_ERROR:
        return agent_only(place.cluster)
    if error.code == NOT_SERVED or isinstance(error, TemporaryError):
        return Finding(State.PENDING, "Retrying", f"{where}: {error.message}")
    if isinstance(error, NotFoundError):
        return Finding(
            State.PENDING,
            "NamespaceMissing",
            f"namespace of {where} does not exist",
            hint="create the namespace; the secret follows at once",
            rule="write",
        )
    if error.code == "api.namespace_terminating":
        return Finding(
            State.PENDING,
            "NamespaceTerminating",
            f"namespace of {where} is being deleted",
            hint="wait, or find which finalizer keeps the namespace; make it anew if it is needed",
        )
    if isinstance(error, DeniedError):
        return Finding(
            State.FAILED,
            "Forbidden",
            f"cluster {place.cluster} forbids it: {error.subject}",
            hint="grant Keyfleet the verb on Secrets of that namespace",
            rule="write",
        )
    return Finding(State.FAILED, "WriteRefused", f"{where}: {error}", hint=error.hint)


def cluster_paused(name: ClusterName) -> Finding:
    """Return why nothing is written to a cluster that is paused."""
    return Finding(
        State.PAUSED,
        "ClusterPaused",
        f"cluster {name} is paused",
        hint=f"set spec.paused of FleetCluster {name} to false",
    )


def contested(place: Place) -> Finding:
    """Return what is told when somebody else wrote before every decision."""
    return Finding(
        State.PENDING,
        "Contested",
        f"{place} changed under every decision",
        hint="find who else writes it",
    )
