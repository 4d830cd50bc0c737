# SPDX-License-Identifier: Apache-2.0
"""Which labels and annotations a template may set.

The source's own metadata is never copied, so no tracking label of another tool comes along. What
remains is to keep templates from forging or breaking Keyfleet's marks.
"""

from collections.abc import Mapping

from keyfleet.base.errors import TransformError
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL
from keyfleet.model.selectors import Requirement, requirement_problem

RESERVED_DOMAIN = "keyfleet.io"
"""Names under this domain and those below it are Keyfleet's."""

AUTHORITY = (
    "kubernetes.io/service-account.name",
    "kubernetes.io/service-account.uid",
    "sealedsecrets.bitnami.com/sealed-secrets-key",
)
"""What controllers act on: annotations that bind a Secret to a service account, and the label that
makes it a sealing key. Whoever may write a manifest where the keys are, and no Secret, could else
have a key put there that they know, and read all that is sealed from then on."""

ANNOTATIONS_MAX_BYTES = 262_144
"""Largest sum of annotation keys and values that an API server takes."""


def check_metadata(labels: Mapping[str, str], annotations: Mapping[str, str]) -> None:
    """Refuse template metadata that is reserved or that no API server takes.

    Raises:
        TransformError: `transform.metadata_reserved`, `transform.metadata_invalid`; `key` is the
            label's or annotation's name.
    """
    for key in (*labels, *annotations):
        if _is_reserved(key):
            raise _reserved(key)
    if labels.get(MANAGED_BY_LABEL, MANAGED_BY) != MANAGED_BY:
        raise _reserved(MANAGED_BY_LABEL)
    for key, value in labels.items():
        if requirement_problem(Requirement(key, "In", (value,))):
            raise _invalid("label", key)
    for key, value in annotations.items():
        # Annotation names follow the rule of label names but may be written in capitals.
        if requirement_problem(Requirement(key.lower(), "Exists")) or not _is_text(value):
            raise _invalid("annotation", key)
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > ANNOTATIONS_MAX_BYTES:
        what = "annotations larger than 256 KiB together, the first is"
        raise _invalid(what, next(iter(annotations)))


def _is_text(value: str) -> bool:
    """Tell whether a value is no binary one, whose bytes no UTF-8 holds."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_reserved(key: str) -> bool:
    prefix, slash, _ = key.lower().partition("/")
    if key.lower() in AUTHORITY:
        return True
    return bool(slash) and (prefix == RESERVED_DOMAIN or prefix.endswith(f".{RESERVED_DOMAIN}"))


def _reserved(key: str) -> TransformError:
    return TransformError(
        "transform.metadata_reserved",
        "this label or annotation is kept for Keyfleet or for the cluster and cannot be set",
        key,
        "remove it from spec.template.metadata",
        key=key,
    )


def _invalid(what: str, key: str) -> TransformError:
    return TransformError(
        "transform.metadata_invalid",
        "no API server takes this label or annotation",
        f"{what}: {key}",
        "correct spec.template.metadata",
        key=key,
    )
