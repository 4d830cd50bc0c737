# SPDX-License-Identifier: Apache-2.0
"""What Keyfleet itself needs, whatever other tools' manifests it serves."""

from keyfleet.kube.resources import (
    CONFIGMAPS,
    CRDS,
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    LEASES,
    NAMESPACES,
    SECRETS,
)
from keyfleet.manifests.rights.need import TO_SPEAK, Need, to_miss, to_serve
from keyfleet.manifests.rights.right import KUBE_SYSTEM, Reach
from keyfleet.model.held import HELD_CONFIGMAP

KEY_SECRET = "keyfleet-fingerprint"  # noqa: S105 - the object's name
LEASE = "keyfleet"

_MANIFESTS = (
    *to_serve(FLEETSECRETS, FLEETCLUSTERS, FLEETPOLICIES),
    Need(
        Reach.CLUSTER,
        "get",
        FLEETSECRETS,
        "to ask once more whether a FleetSecret is really gone before its targets are deleted",
    ),
    Need(
        Reach.CLUSTER,
        "get",
        FLEETCLUSTERS,
        "to read a status before it is written, and to ask whether a FleetCluster is really gone",
    ),
    Need(
        Reach.CLUSTER, "list watch", CRDS, "to know which native kinds are served, and since when"
    ),
    to_miss(FLEETSECRETS),
    to_miss(FLEETCLUSTERS),
)
"""To serve the native kinds."""

_SURROUNDINGS = (
    Need(
        Reach.CLUSTER,
        "get list watch",
        NAMESPACES,
        "to recognise the hub, and to delete nothing while a namespace is being deleted",
    ),
    TO_SPEAK,
)

_SOURCES = (
    Need(
        Reach.CHOSEN,
        "get list watch",
        SECRETS,
        "to read sources and kubeconfigs, to notice their changes, and to find annotated Secrets",
    ),
    Need(
        Reach.CHOSEN,
        "get list watch",
        CONFIGMAPS,
        "to read templates that FleetSecrets name, to notice their changes, and to hear of"
        " approvals of held plans",
    ),
)
"""To read what is copied."""

_INSTALLATION = (
    Need(
        Reach.SYSTEM,
        "create patch",
        SECRETS,
        "to make the installation's key where `install` did not; an apply is asked for its name",
        name=KEY_SECRET,
    ),
    Need(Reach.SYSTEM, "create", LEASES, "to make the Lease where there is none: no name is asked"),
    Need(Reach.SYSTEM, "get update", LEASES, "to lead, and to see who leads", name=LEASE),
)
"""To be one installation, with one that leads."""

_PLANS = (
    Need(
        Reach.SYSTEM,
        "create",
        CONFIGMAPS,
        "to make the ConfigMap of held plans where there is none: no name is asked",
    ),
    Need(
        Reach.SYSTEM,
        "patch",
        CONFIGMAPS,
        "to count what is deleted, and to hold what is too much",
        name=HELD_CONFIGMAP,
    ),
)
"""To hold deletions."""

HUB = (*_MANIFESTS, *_SURROUNDINGS, *_SOURCES, *_INSTALLATION, *_PLANS)

MEMBER = (
    Need(
        Reach.CLUSTER,
        "get",
        NAMESPACES,
        "to recognise the cluster by the UID of kube-system before a value is sent to it",
        name=KUBE_SYSTEM,
    ),
    Need(
        Reach.CLUSTER,
        "list watch",
        NAMESPACES,
        "to serve namespaces by their labels, and as soon as they come",
    ),
    Need(Reach.CHOSEN, "list watch", SECRETS, "to find the targets by their label and see edits"),
    Need(
        Reach.CHOSEN,
        "get",
        SECRETS,
        "to look at what stands at a target's name, and to read sources in this cluster",
    ),
    Need(Reach.CHOSEN, "create patch delete", SECRETS, "to write and remove targets"),
)
