# SPDX-License-Identifier: Apache-2.0
"""A FleetCluster document as a snapshot: which login it means, and how far it is trusted."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from keyfleet.base.errors import InvalidInputError, NotFoundError
from keyfleet.kube.access import Access
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.incluster import in_cluster_access
from keyfleet.kube.kubeconfig import Kubeconfig, Trust, parse
from keyfleet.kube.nowhere import open_nowhere
from keyfleet.kube.objects import metadata_of
from keyfleet.model.places import ClusterName
from keyfleet.model.v1alpha1 import ClusterIdentity, FleetClusterSpec, FleetClusterStatus
from keyfleet.model.v1alpha1.common import ORIGIN
from keyfleet.model.v1alpha1.fleetcluster import KubeconfigReference
from keyfleet.model.v1alpha1.limits import check_cluster
from keyfleet.model.v1alpha1.parsing import parse_spec, parse_status
from keyfleet.plugin import ClusterSnapshot

ACCEPTED_NAMES = "keyfleet.io/accepted-names"
"""Annotation with earlier names of the cluster that a person accepted, separated by commas."""

Open = Callable[[], Awaitable[Access]]


@dataclass(frozen=True, slots=True)
class Login:
    """What logging in to a declared cluster may use."""

    kubeconfig: Kubeconfig
    """The operator's own."""
    surroundings: Surroundings
    hub: Client
    """Holds the Secrets that `kubeconfigRef` names."""


def snapshot_of(
    document: Mapping[str, Any], login: Login, *, secret_version: str = ""
) -> ClusterSnapshot:
    """Return the cluster a FleetCluster declares.

    Args:
        document: The FleetCluster.
        login: What logging in may use.
        secret_version: resourceVersion of the Secret that `kubeconfigRef` names.
    """
    metadata = metadata_of(document)
    name = ClusterName(metadata.name)
    annotations = metadata.annotations or {}
    status = parse_status(FleetClusterStatus, document.get("status"))
    pinned = status.identity if isinstance(status.identity, ClusterIdentity) else ClusterIdentity()
    try:
        spec = parse_spec(FleetClusterSpec, document, subject=name)
        check_cluster(spec)
        opening, generation, problem = _opening(spec, login, name, secret_version)
    except InvalidInputError as error:
        spec, generation = FleetClusterSpec(), f"invalid {metadata.generation}"
        opening, problem = partial(_refuse, error), f"{error.path}: {error}"
    context = spec.context or ""
    return ClusterSnapshot(
        name=name,
        open=opening,
        labels=metadata.labels or {},
        aliases=frozenset({context} - {""}),
        generation=" in ".join([generation, *sorted(spec.namespaces)]),
        paused=spec.paused,
        pinned_uid=pinned.uid,
        pinned_ca_sha256=pinned.ca_sha256,
        pinned_at=pinned.pinned_at,
        on_removed=spec.on_removed.value,
        accepted_names=frozenset(filter(None, annotations.get(ACCEPTED_NAMES, "").split(","))),
        is_declared=True,
        declared_as=metadata.generation,
        is_bare=ORIGIN in annotations,
        problem=problem,
        in_flight=spec.limits.in_flight or 0,
        namespaces=spec.namespaces,
        sealing_certificate=spec.sealing.certificate or "",
        hub_namespace=spec.sealing.hub_namespace or (f"fleet-{name}"[:63] if spec.agent else ""),
        is_agent=spec.agent,
    )


def _opening(
    spec: FleetClusterSpec, login: Login, name: str, secret_version: str
) -> tuple[Open, str, str]:
    if spec.context:
        is_known = spec.context in login.kubeconfig.contexts
        problem = "" if is_known else f"the kubeconfig has no context {spec.context}"
        opening: Open = partial(_open_context, login, spec.context)
        return opening, f"context {spec.context}", problem
    if spec.kubeconfig_ref:
        reference = spec.kubeconfig_ref
        generation = (
            f"secret {reference.namespace}/{reference.name} {reference.key} {secret_version}"
        )
        return partial(_open_secret, login, reference, name), generation, ""
    if spec.agent:
        return open_nowhere, "agent", ""
    return partial(_open_pod, login), "incluster", ""


async def _open_context(login: Login, context: str) -> Access:
    return login.kubeconfig.access(context, login.surroundings)


async def _open_pod(login: Login) -> Access:
    return in_cluster_access(login.surroundings)


async def _open_secret(login: Login, reference: KubeconfigReference, name: str) -> Access:
    subject = f"Secret {reference.namespace}/{reference.name}, key {reference.key}"
    secret = await login.hub.find_secret(reference.namespace, reference.name)
    if secret is None or reference.key not in secret.data:
        raise NotFoundError(
            "inventory.kubeconfig_missing",
            "the kubeconfig of this cluster does not exist",
            subject,
            hint=f"create it, or correct spec.kubeconfigRef of FleetCluster {name}",
        )
    config = parse(secret.data[reference.key].reveal(), origin=subject, trust=Trust.INVENTORY)
    return config.current_access(login.surroundings)


async def _refuse(error: InvalidInputError) -> Access:
    raise error
