# SPDX-License-Identifier: Apache-2.0
"""FleetPolicies as the flow rules that the guards read."""

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.flows import (
    ChosenStores,
    FlowAction,
    FlowRule,
    Flows,
    OnRefused,
    SourceLabels,
)
from keyfleet.model.matchers import ChosenNamespaces
from keyfleet.model.selectors import Requirement, requirement_problem
from keyfleet.model.v1alpha1 import fleetpolicy as api
from keyfleet.model.v1alpha1.selection import chosen_clusters, selector


def policy_flows(name: str, spec: api.FleetPolicySpec) -> Flows:
    """Return what a policy says about flows; while it is paused, only what forbids.

    Raises:
        InvalidIntentError: A selector, a label or a rule's name is none; `path` says which.
    """
    rules = _rules(name, spec)
    sources = tuple(
        _source(name, entry, f"spec.sources[{index}]") for index, entry in enumerate(spec.sources)
    )
    return Flows(
        # Pausing must never open anything: whoever pauses a policy means "less", not "more".
        rules=tuple(rule for rule in rules if rule.is_deny) if spec.paused else rules,
        sources=sources,
        denying=(name,) if spec.default_flow is FlowAction.DENY else (),
        allowing=(name,) if spec.default_flow is FlowAction.ALLOW and not spec.paused else (),
    )


def _rules(policy: str, spec: api.FleetPolicySpec) -> tuple[FlowRule, ...]:
    names: set[str] = set()
    found = []
    for index, entry in enumerate(spec.flows):
        path = f"spec.flows[{index}]"
        if entry.name in names:
            message = "two rules have the same name"
            raise InvalidIntentError("intent.invalid", message, path=f"{path}.name")
        names.add(entry.name)
        found.append(_rule(policy, entry, path))
    return tuple(found)


def _rule(policy: str, spec: api.FlowRule, path: str) -> FlowRule:
    if spec.action is FlowAction.ALLOW and spec.on_refused is not OnRefused.KEEP:
        message = "onRefused is for Deny: an Allow refuses nothing"
        raise InvalidIntentError("intent.invalid", message, path=f"{path}.onRefused")
    return FlowRule(
        policy,
        spec.name,
        selector(spec.from_, path=f"{path}.from"),
        selector(spec.to, path=f"{path}.to"),
        spec.action,
        spec.on_refused,
    )


def _source(policy: str, spec: api.SourceLabels, path: str) -> SourceLabels:
    for key, value in spec.labels.items():
        if problem := requirement_problem(Requirement(key, "In", (value,))):
            raise InvalidIntentError("intent.invalid", problem, path=f"{path}.labels")
    return SourceLabels(
        policy,
        chosen_clusters(spec.clusters, path=f"{path}.clusters"),
        ChosenNamespaces(spec.namespaces.names, exclude=spec.namespaces.exclude),
        dict(spec.labels),
        ChosenStores(spec.stores.names, tuple(spec.stores.kinds)) if spec.stores else None,
    )
