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
"""Label of a carrier: it is for another cluster than the one it lies in."""
NAME_MAX = 253
_DIGEST = 16


def carrier_name(namespace: str, name: str) -> str:
    """Return what the carrier of a place is called.

    >>> carrier_name("shop", "db")
    'shop.db'
    """
    whole = f"{namespace}.{name}"
    if len(whole) <= NAME_MAX:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST]
    return f"{whole[: NAME_MAX - _DIGEST - 1].rstrip('.-')}-{digest}"


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
