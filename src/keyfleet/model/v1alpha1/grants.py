# SPDX-License-Identifier: Apache-2.0
"""FleetPolicies as the grants that the authority check reads."""

from keyfleet.model.matchers import ChosenNamespaces
from keyfleet.model.policy import Grant, SourceScope, TargetScope
from keyfleet.model.v1alpha1.fleetpolicy import (
    FleetPolicySpec,
    NamespaceGrant,
    SourceGrant,
    TargetGrant,
)
from keyfleet.model.v1alpha1.selection import chosen_clusters, chosen_namespaces


def policy_grants(name: str, spec: FleetPolicySpec) -> tuple[Grant, ...]:
    """Return what a policy grants; nothing while it is paused.

    Raises:
        InvalidIntentError: A selector is none; `path` says which.
    """
    if spec.paused:
        return ()
    return tuple(
        _grant(name, grant, f"spec.namespaces[{index}]")
        for index, grant in enumerate(spec.namespaces)
    )


def _grant(policy: str, spec: NamespaceGrant, path: str) -> Grant:
    return Grant(
        policy=policy,
        hub=ChosenNamespaces(spec.hub),
        sources=_sources(spec.sources, f"{path}.sources") if spec.sources else None,
        targets=_targets(spec.targets, f"{path}.targets") if spec.targets else None,
    )


def _sources(spec: SourceGrant, path: str) -> SourceScope:
    return SourceScope(
        chosen_clusters(spec.clusters, path=f"{path}.clusters"),
        ChosenNamespaces(spec.namespaces.names, exclude=spec.namespaces.exclude),
    )


def _targets(spec: TargetGrant, path: str) -> TargetScope:
    return TargetScope(
        chosen_clusters(spec.clusters, path=f"{path}.clusters"),
        chosen_namespaces(spec.namespaces, path=f"{path}.namespaces"),
        kinds=tuple(kind.value for kind in spec.kinds),
        types=spec.types,
    )
