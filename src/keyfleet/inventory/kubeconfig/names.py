# SPDX-License-Identifier: Apache-2.0
"""Cluster names for contexts: the context's own where it is an object name, else one made of it."""

import hashlib
import re

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_OBJECT_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LENGTH_MAX = 253
_DIGITS = 6


def cluster_name(context: str) -> str:
    """Return the name of a context's cluster.

    A context that is no object name (an ARN, `gke_…`, `a@b`, capitals) is lower-cased, its other
    characters become `-`, and six hex digits of its SHA-256 keep it unique.

    >>> cluster_name("east")
    'east'
    >>> cluster_name("Admin@Prod")
    'admin-prod-0d57c7'
    """
    if _OBJECT_NAME.fullmatch(context) and len(context) <= _LENGTH_MAX:
        return context
    digest = hashlib.sha256(context.encode()).hexdigest()[:_DIGITS]
    plain = re.sub(r"[^a-z0-9]+", "-", context.lower()).strip("-") or "context"
    return f"{plain[: 63 - _DIGITS - 1].rstrip('-')}-{digest}"
