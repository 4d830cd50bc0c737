# SPDX-License-Identifier: Apache-2.0
"""SealedSecrets as their authors write them."""

from collections.abc import Mapping
from typing import Any

from keyfleet.dialects.sealedsecrets.translate import translate
from keyfleet.model.intent import Intent, Origin, Rejection
from keyfleet.model.places import ClusterName


def origin(cluster: str = "", uid: str = "u1") -> Origin:
    """Return who asks."""
    return Origin(
        "sealed-secrets", "SealedSecret", "shop", "db", uid, 7, cluster=ClusterName(cluster)
    )


def sealed_secret(spec: Any, annotations: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a manifest."""
    metadata = {"name": "db", "namespace": "shop", "annotations": dict(annotations or {})}
    return {"apiVersion": "bitnami.com/v1alpha1", "metadata": metadata, "spec": spec}


def intent_of(
    spec: Any, annotations: Mapping[str, Any] | None = None, *, cluster: str = ""
) -> Intent:
    """Return what a manifest asks for."""
    found = translate(sealed_secret(spec, annotations), origin(cluster))
    assert found.rejections == ()
    (intent,) = found.intents
    return intent


def rejection_of(spec: Any) -> Rejection:
    """Return why a manifest asks for nothing."""
    found = translate(sealed_secret(spec), origin())
    assert found.intents == ()
    (rejection,) = found.rejections
    return rejection
