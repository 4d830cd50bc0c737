# SPDX-License-Identifier: Apache-2.0
"""What it takes to serve SealedSecrets, with the sealing keys that open them."""

from keyfleet.kube.resources import SEALEDSECRETS, SECRETS
from keyfleet.manifests.rights.need import AT_HOME, Need, to_miss, to_serve
from keyfleet.manifests.rights.right import Reach

SEALING_KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"

_MANIFESTS = (
    *to_serve(SEALEDSECRETS),
    Need(
        Reach.CLUSTER,
        "get",
        SEALEDSECRETS,
        "to ask once more whether a SealedSecret is really gone before its Secret is deleted",
    ),
    to_miss(SEALEDSECRETS),
)

_KEYS = (
    Need(
        Reach.KEYS,
        "get list watch",
        SECRETS,
        "to open sealed values with the cluster's keys, and to notice new ones",
    ),
    Need(Reach.KEYS, "create", SECRETS, "to make the cluster's sealing key, and its successors"),
)

HUB = (
    *_MANIFESTS,
    *_KEYS,
    Need(
        Reach.CLUSTER,
        "create patch delete",
        SEALEDSECRETS,
        "to lay out what clusters take for themselves, and to take it away again",
    ),
)

MEMBER = (
    *_MANIFESTS,
    *_KEYS,
    *AT_HOME,
    Need(
        Reach.CLUSTER,
        "create patch delete",
        SEALEDSECRETS,
        "to deliver FleetSecrets as SealedSecrets, and to take them away again",
    ),
)
