# SPDX-License-Identifier: Apache-2.0
"""Manifests for the tests of the dialect."""

from collections.abc import Mapping
from typing import Any

from keyfleet.dialects.eso.translate import translate
from keyfleet.model.intent import Intent, Origin, Rejection
from keyfleet.model.places import ClusterName

STORE = {"name": "vault"}
ENTRY = {"secretKey": "password", "remoteRef": {"key": "db", "property": "pw"}}


def external_secret(
    spec: Mapping[str, Any] | None = None, *, status: Any = None, **metadata: Any
) -> dict[str, Any]:
    """Return an ExternalSecret with one entry, with the fields of its spec replaced."""
    fields = {"secretStoreRef": STORE, "data": [ENTRY]} | dict(spec or {})
    manifest = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"namespace": "shop", "name": "db", "uid": "u-1", "generation": 2, **metadata},
        "spec": {name: value for name, value in fields.items() if value is not None},
    }
    return manifest if status is None else manifest | {"status": status}


def origin(cluster: str = "", **fields: Any) -> Origin:
    """Return where it was found."""
    known: dict[str, Any] = {"namespace": "shop", "name": "db", "uid": "u-1", "generation": 2}
    found = known | fields
    return Origin("eso", "ExternalSecret", cluster=ClusterName(cluster), **found)


def intent_of(spec: Mapping[str, Any] | None = None, cluster: str = "", **metadata: Any) -> Intent:
    """Return the intent of a manifest that has one."""
    found = translate(external_secret(spec, **metadata), origin(cluster))
    assert found.rejections == ()
    return found.intents[0]


def rejection_of(spec: Mapping[str, Any]) -> Rejection:
    """Return why a manifest has none."""
    found = translate(external_secret(spec), origin())
    assert found.intents == ()
    return found.rejections[0]
