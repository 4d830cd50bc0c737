# SPDX-License-Identifier: Apache-2.0
"""SealedSecrets that lie on the hub until the cluster that they are for takes them.

Each cluster has a namespace of its own there. A carrier in it is called after the place that it is
for, so that the carriers of several namespaces do not meet; its template and an annotation name the
place again, for whoever takes it.
"""

import hashlib
from collections.abc import Mapping

from keyfleet.model.places import ClusterName

SEALED_FOR = "keyfleet.io/sealed-for"
"""Annotation with the cluster that something is sealed for, as `keyfleet seal` writes it."""
SEALED_INTO = "keyfleet.io/sealed-into"
"""Annotation of a carrier only: NAMESPACE/NAME of what is to become of it in that cluster."""
CARRIER_LABEL = "keyfleet.io/carrier"
"""Label of a carrier with the cluster that it is for, which is another than it lies in."""
NAME_MAX, LABEL_MAX = 253, 63
_DIGEST = 16


def carrier_name(namespace: str, name: str) -> str:
    """Return what the carrier of a place is called.

    >>> carrier_name("shop", "db")
    'shop.db'
    """
    return _within(NAME_MAX, f"{namespace}.{name}")


def carrier_labels(cluster: str) -> dict[str, str]:
    """Return the label by which the carriers of a cluster are found.

    >>> carrier_labels("edge-17")
    {'keyfleet.io/carrier': 'edge-17'}
    """
    return {CARRIER_LABEL: _within(LABEL_MAX, cluster)}


def carrier_selector(hub: str, cluster: str) -> str:
    """Return the label selector of the carriers of a cluster that a hub laid out.

    Args:
        hub: The selector of what is marked as the hub's.
        cluster: The cluster's name.
    """
    (value,) = carrier_labels(cluster).values()
    return f"{hub},{CARRIER_LABEL}={value}"


def _within(limit: int, whole: str) -> str:
    if len(whole) <= limit:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST]
    return f"{whole[: limit - _DIGEST - 1].rstrip('.-')}-{digest}"


def carried_place(name: str, annotations: Mapping[str, str]) -> tuple[str, str]:
    """Return namespace and name of what a carrier is for.

    The name says it, since no namespace has a dot in its own; of a name that was cut short, the
    annotation does, where it gives that very name.
    """
    namespace, _, rest = annotations.get(SEALED_INTO, "").partition("/")
    if namespace and rest and carrier_name(namespace, rest) == name:
        return namespace, rest
    namespace, _, rest = name.partition(".")
    return namespace, rest


def carrier_annotations(cluster: ClusterName, namespace: str, name: str) -> dict[str, str]:
    """Return what a carrier says of the place that it is for."""
    return {SEALED_FOR: cluster, SEALED_INTO: f"{namespace}/{name}"}


def is_carrier(annotations: Mapping[str, str]) -> bool:
    """Tell whether a SealedSecret only waits for another cluster to take it."""
    return SEALED_INTO in annotations
