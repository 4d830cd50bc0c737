# SPDX-License-Identifier: Apache-2.0
"""Annotated Secret -> Intent.

`<domain>/enabled: "true"` makes a Secret on the hub intent and source at once. A word under the
domain that is not known refuses the whole: delivering with a misspelt `targets` or
`deletion-policy` would do something that nobody wrote.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.carriers import SEALED_FOR, SEALED_INTO
from keyfleet.model.intent import (
    ClusterTargets,
    DeletionPolicy,
    Guard,
    Intent,
    Origin,
    Read,
    Rejection,
    SecretRef,
    Shape,
)
from keyfleet.model.matchers import EVERYTHING, ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import FIRST_KEY_ANNOTATION, OWNER_ANNOTATION
from keyfleet.model.places import IntentKey
from keyfleet.model.selectors import parse_selector
from keyfleet.model.v1alpha1.common import (
    DNS_LABEL,
    DNS_SUBDOMAIN,
    NAMES_MAX,
    ORIGIN,
    SYNC_REQUESTED,
)
from keyfleet.model.v1alpha1.parsing import nearest
from keyfleet.plugin import Translation, annotations_of, labels_of

DEFAULT_DOMAIN = "keyfleet.io"
KIND = "Secret"
SOURCE = "kubernetes"

ENABLED = "enabled"
TARGETS = "targets"
NAMESPACE = "namespace"
NAME = "name"
DELETION_POLICY = "deletion-policy"
SYNC = "sync-requested"
WORDS = (ENABLED, TARGETS, NAMESPACE, NAME, DELETION_POLICY, SYNC)

OWN = frozenset(
    {
        OWNER_ANNOTATION,
        FIRST_KEY_ANNOTATION,
        SYNC_REQUESTED,
        ORIGIN,
        "keyfleet.io/annotation-domain",
        "keyfleet.io/backed-up-at",
        "keyfleet.io/hub",
        "keyfleet.io/key-of",
        "keyfleet.io/sealed",
        SEALED_FOR,
        SEALED_INTO,
    }
)
"""Annotations of Keyfleet itself, which share the default domain."""

_REASONS = {
    "annotation.unknown": "UnknownAnnotation",
    "annotation.invalid": "InvalidAnnotation",
}
_NAME_MAX = 253
_NAMESPACE_MAX = 63


def is_wanted(annotations: Mapping[str, str], *, domain: str) -> bool:
    """Tell whether a Secret uses the annotation form at all.

    A delivered copy never does, whatever else it carries: copies would beget copies.
    """
    if OWNER_ANNOTATION in annotations:
        return False
    return any(_is_ours(name, domain) for name in annotations)


def translate(manifest: Mapping[str, Any], origin: Origin, *, domain: str) -> Translation:
    """Return the intent of an annotated Secret, or why it has none; never raises.

    Not enabled, and a delivered copy: neither intent nor rejection. Rejections:
    `UnknownAnnotation`, `InvalidAnnotation`, with the annotation as `path`; `NotOnHub`.
    """
    annotations = annotations_of(manifest)
    if not is_wanted(annotations, domain=domain):
        return Translation()
    key = IntentKey(KIND, origin.namespace, origin.name, origin.cluster)
    try:
        if not _is_enabled(annotations, domain):
            return Translation()
        if origin.cluster:
            message = "the annotation form counts on the hub only"
            return Translation(rejections=(Rejection(key, origin, "NotOnHub", message),))
        intent = _intent(key, annotations, origin, domain)
        return Translation(intents=(replace(intent, labels=labels_of(manifest)),))
    except InvalidIntentError as error:
        reason = _REASONS[error.code]
        found = Rejection(key, origin, reason, error.message, error.path, error.hint)
        return Translation(rejections=(found,))


def _is_ours(name: str, domain: str) -> bool:
    return name.startswith(f"{domain}/") and name not in OWN


def _is_enabled(annotations: Mapping[str, str], domain: str) -> bool:
    words = {
        name.removeprefix(f"{domain}/"): name for name in annotations if _is_ours(name, domain)
    }
    unknown = sorted(word for word in words if word not in WORDS)
    enabled = annotations.get(f"{domain}/{ENABLED}")
    if enabled == "false":
        return False
    if unknown:
        hint = nearest(unknown[0], WORDS)
        raise InvalidIntentError(
            "annotation.unknown", "unknown annotation", hint=hint, path=f"{domain}/{unknown[0]}"
        )
    if enabled is None:
        return False
    if enabled != "true":
        raise _invalid(f"{domain}/{ENABLED}", 'must be "true" or "false"')
    return True


def _intent(key: IntentKey, annotations: Mapping[str, str], origin: Origin, domain: str) -> Intent:
    return Intent(
        key=key,
        origins=(origin,),
        reads=(Read(SOURCE, SecretRef(origin.namespace, origin.name)),),
        shape=Shape(),
        targets=ClusterTargets(
            clusters=_clusters(annotations, f"{domain}/{TARGETS}"),
            namespaces=ChosenNamespaces((_namespace(annotations, origin, domain),)),
            name=_name(annotations, origin, domain),
        ),
        guard=Guard(on_intent_deleted=_deletion_policy(annotations, f"{domain}/{DELETION_POLICY}")),
        sync_requested=annotations.get(f"{domain}/{SYNC}", ""),
    )


def _clusters(annotations: Mapping[str, str], path: str) -> ChosenClusters:
    text = annotations.get(path, "").strip()
    if not text:
        hint = 'name clusters ("east,west"), a label selector ("env=production") or "*"'
        raise _invalid(path, "names no cluster", hint)
    if any(sign in text for sign in "=!("):
        try:
            return ChosenClusters(selector=parse_selector(text))
        except ValueError:
            raise _invalid(path, "not a label selector") from None
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if "" in names:
        raise _invalid(path, "holds an empty name", "separate names with one comma")
    if len(names) > NAMES_MAX:
        raise _invalid(path, f"names more than {NAMES_MAX} clusters", "use a label selector")
    if names != (EVERYTHING,) and any(EVERYTHING in name for name in names):
        raise _invalid(path, "names match whole: '*' stands alone and means every cluster")
    return ChosenClusters(names)


def _namespace(annotations: Mapping[str, str], origin: Origin, domain: str) -> str:
    path = f"{domain}/{NAMESPACE}"
    text = annotations.get(path, origin.namespace)
    if len(text) > _NAMESPACE_MAX or not re.fullmatch(DNS_LABEL.rstrip("$"), text):
        raise _invalid(path, "not a namespace name")
    return text


def _name(annotations: Mapping[str, str], origin: Origin, domain: str) -> str:
    path = f"{domain}/{NAME}"
    text = annotations.get(path, origin.name)
    if len(text) > _NAME_MAX or not re.fullmatch(DNS_SUBDOMAIN.rstrip("$"), text):
        raise _invalid(path, "not an object name")
    return text


def _deletion_policy(annotations: Mapping[str, str], path: str) -> DeletionPolicy:
    text = annotations.get(path, DeletionPolicy.DELETE.value)
    if text not in list(DeletionPolicy):
        allowed = ", ".join(DeletionPolicy)
        raise _invalid(path, "not a deletion policy", f"allowed: {allowed}")
    return DeletionPolicy(text)


def _invalid(path: str, message: str, hint: str = "") -> InvalidIntentError:
    return InvalidIntentError("annotation.invalid", message, hint=hint, path=path)
