# SPDX-License-Identifier: Apache-2.0
"""What it takes to serve the manifests of External Secrets."""

from keyfleet.kube.resources import (
    CLUSTEREXTERNALSECRETS,
    CLUSTERGENERATORS,
    CLUSTERSECRETSTORES,
    CONFIGMAPS,
    EXTERNALSECRETS,
    GENERATORS,
    SECRETSTORES,
)
from keyfleet.manifests.rights.need import AT_HOME, Need, to_follow, to_miss, to_serve
from keyfleet.manifests.rights.right import Reach

HUB = (
    *to_serve(EXTERNALSECRETS, CLUSTEREXTERNALSECRETS, SECRETSTORES, CLUSTERSECRETSTORES),
    *to_follow(*GENERATORS, CLUSTERGENERATORS),
    Need(
        Reach.CLUSTER,
        "get",
        EXTERNALSECRETS,
        "to ask once more whether an ExternalSecret is really gone before its target is deleted",
    ),
    Need(
        Reach.CLUSTER,
        "create patch delete",
        EXTERNALSECRETS,
        "to make those that ClusterExternalSecrets ask for, and to take upstream's finalizer off"
        " one that is being deleted",
    ),
    Need(
        Reach.CLUSTER,
        "patch",
        CLUSTEREXTERNALSECRETS,
        "to take upstream's finalizer off one that is being deleted",
    ),
    to_miss(EXTERNALSECRETS),
)

MEMBER = (
    *HUB,
    *AT_HOME,
    Need(
        Reach.CHOSEN,
        "get list watch",
        CONFIGMAPS,
        "to read templates that ExternalSecrets name, and to notice their changes",
    ),
)
