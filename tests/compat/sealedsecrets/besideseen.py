# SPDX-License-Identifier: Apache-2.0
"""What became of a manifest, in a form in which two controllers' work can be compared."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from keyfleet.model.ownership import MANAGED_BY_LABEL

MARKS: Final = "keyfleet.io/"

Seen = Mapping[str, Any]


def seen(manifest: Mapping[str, Any], secret: Mapping[str, Any] | None, told: set[str]) -> Seen:
    """Return what people see of a manifest and its Secret, without what differs by nature."""
    conditions = (manifest.get("status") or {}).get("conditions") or [{}]
    return {
        "secret": secret and _plain(secret, manifest["metadata"]["uid"]),
        "status": conditions[0].get("status"),
        "message": conditions[0].get("message", ""),
        "since": conditions[0].get("lastTransitionTime"),
        "events": tuple(sorted(told)),
    }


def _plain(secret: Mapping[str, Any], uid: str) -> Seen:
    metadata = secret["metadata"]
    return {
        "uid": metadata["uid"],
        "data": {key: b64decode(text) for key, text in (secret.get("data") or {}).items()},
        "type": secret["type"],
        "immutable": secret.get("immutable", False),
        "labels": _foreign(metadata.get("labels")),
        "annotations": _foreign(metadata.get("annotations")),
        "finalizers": metadata.get("finalizers", []),
        "owners": [
            {**one, "uid": "UID" if one["uid"] == uid else one["uid"]}
            for one in metadata.get("ownerReferences", [])
        ],
    }


def _foreign(texts: Mapping[str, str] | None) -> dict[str, str]:
    """Return labels or annotations without the marks by which Keyfleet knows its Secrets."""
    return {
        name: text
        for name, text in (texts or {}).items()
        if name != MANAGED_BY_LABEL and not name.startswith(MARKS)
    }
