# SPDX-License-Identifier: Apache-2.0
"""The native kinds as typed values, and how a document becomes one.

The types are the one source of truth: CRDs, admission policies, the reference page and the parser
are all derived from them. A field that Keyfleet does not carry out yet is not declared, so that it
is refused as unknown instead of being ignored in silence.
"""

from keyfleet.model.v1alpha1.common import API_VERSION, GROUP, VERSION, Condition
from keyfleet.model.v1alpha1.deletions import policy_limits
from keyfleet.model.v1alpha1.fleetcluster import (
    ClusterCounts,
    ClusterIdentity,
    FleetClusterSpec,
    FleetClusterStatus,
)
from keyfleet.model.v1alpha1.fleetpolicy import FleetPolicySpec, FleetPolicyStatus
from keyfleet.model.v1alpha1.fleetsecret import (
    ClusterState,
    FleetSecretSpec,
    FleetSecretStatus,
    Summary,
)
from keyfleet.model.v1alpha1.flowrules import policy_flows
from keyfleet.model.v1alpha1.grants import policy_grants
from keyfleet.model.v1alpha1.parsing import parse_spec, parse_status, to_document

__all__ = [
    "API_VERSION",
    "GROUP",
    "VERSION",
    "ClusterCounts",
    "ClusterIdentity",
    "ClusterState",
    "Condition",
    "FleetClusterSpec",
    "FleetClusterStatus",
    "FleetPolicySpec",
    "FleetPolicyStatus",
    "FleetSecretSpec",
    "FleetSecretStatus",
    "Summary",
    "parse_spec",
    "parse_status",
    "policy_flows",
    "policy_grants",
    "policy_limits",
    "to_document",
]
