# SPDX-License-Identifier: Apache-2.0
"""FleetSecret -> Intent.

What is refused here is refused as a whole, so the targets stay as they are: nothing is delivered
that was not understood completely.
"""

from collections.abc import Mapping
from typing import Any

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.intent import (
    ClusterTargets,
    Guard,
    Intent,
    KeyRename,
    Origin,
    Read,
    Rejection,
    Rollout,
    SecretRef,
    Shape,
)
from keyfleet.model.matchers import ChosenNamespaces
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.selectors import Requirement, requirement_problem
from keyfleet.model.v1alpha1.common import SYNC_REQUESTED
from keyfleet.model.v1alpha1.fleetsecret import (
    FleetSecretSpec,
    FleetSecretStatus,
    KeyMapping,
    Placement,
    SecretReference,
    TargetTemplate,
)
from keyfleet.model.v1alpha1.limits import SPECIAL_TYPE, check_type
from keyfleet.model.v1alpha1.parsing import INVALID, UNKNOWN_FIELD, parse_spec, parse_status
from keyfleet.model.v1alpha1.selection import chosen_clusters, chosen_namespaces
from keyfleet.plugin import Translation, labels_of

KIND = "FleetSecret"
SOURCE = "kubernetes"

TOKEN_MAX = 253
"""Longest token of a `keyfleet sync`; `sync` itself writes a short one."""

_REASONS = {
    UNKNOWN_FIELD: "UnknownField",
    INVALID: "InvalidSpec",
    SPECIAL_TYPE: "SpecialType",
}


def translate(manifest: Mapping[str, Any], origin: Origin) -> Translation:
    """Return the intent of a FleetSecret, or why it has none; never raises.

    Rejections: `UnknownField`, `InvalidSpec`, `SpecialType`, each with `path`; `NotOnHub`.
    """
    key = IntentKey(KIND, origin.namespace, origin.name, origin.cluster)
    if origin.cluster:
        message = "a FleetSecret counts on the hub only"
        return Translation(rejections=(Rejection(key, origin, "NotOnHub", message),))
    try:
        return Translation(intents=(_intent(key, manifest, origin),))
    except InvalidIntentError as error:
        return Translation(rejections=(_rejection(key, origin, error),))


def _rejection(key: IntentKey, origin: Origin, error: InvalidIntentError) -> Rejection:
    reason = _REASONS.get(error.code, "InvalidSpec")
    return Rejection(key, origin, reason, error.message, error.path, error.hint)


def _intent(key: IntentKey, manifest: Mapping[str, Any], origin: Origin) -> Intent:
    spec = parse_spec(FleetSecretSpec, manifest)
    status = parse_status(FleetSecretStatus, manifest.get("status"))
    return Intent(
        key=key,
        origins=(origin,),
        reads=(Read(SOURCE, _reference(spec.source.secret_ref, origin)),),
        shape=_shape(spec),
        targets=_targets(spec.placement, origin),
        guard=Guard(
            on_conflict=spec.conflict_policy,
            on_source_missing=spec.source.on_missing,
            on_intent_deleted=spec.deletion_policy,
            on_unchangeable=spec.replace,
        ),
        rollout=Rollout(paused=spec.paused),
        labels=labels_of(manifest),
        revision=max(status.revision, 0),
        source_fingerprint=status.source_fingerprint,
        sync_requested=_sync_requested(manifest),
    )


def _reference(spec: SecretReference, origin: Origin) -> SecretRef:
    cluster = ClusterName(spec.cluster or "")
    return SecretRef(spec.namespace or origin.namespace, spec.name, cluster)


def _shape(spec: FleetSecretSpec) -> Shape:
    _check_template(spec.template)
    return Shape(
        type=spec.template.type,
        keys=None if spec.data is None else _renames(spec.data),
        labels=dict(spec.template.metadata.labels),
        annotations=dict(spec.template.metadata.annotations),
    )


def _check_template(spec: TargetTemplate) -> None:
    check_type(spec.type, path="spec.template.type")
    for name, value in spec.metadata.labels.items():
        if problem := requirement_problem(Requirement(name, "In", (value,))):
            path = "spec.template.metadata.labels"
            raise InvalidIntentError("intent.invalid", problem, path=path)


def _renames(spec: tuple[KeyMapping, ...]) -> tuple[KeyRename, ...]:
    seen: set[str] = set()
    renames = []
    for index, item in enumerate(spec):
        target = item.to or item.from_
        if target in seen:
            message = "two keys would get the same name"
            raise InvalidIntentError("intent.invalid", message, path=f"spec.data[{index}]")
        seen.add(target)
        renames.append(KeyRename(item.from_, target))
    return tuple(renames)


def _targets(spec: Placement, origin: Origin) -> ClusterTargets:
    own = ChosenNamespaces((origin.namespace,))
    return ClusterTargets(
        clusters=chosen_clusters(spec.clusters, path="spec.placement.clusters"),
        namespaces=chosen_namespaces(spec.namespaces, path="spec.placement.namespaces")
        if spec.namespaces is not None
        else own,
        name=spec.name or origin.name,
    )


def _sync_requested(manifest: Mapping[str, Any]) -> str:
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    token = annotations.get(SYNC_REQUESTED) if isinstance(annotations, Mapping) else None
    # It comes back in the status: a token, not a place to keep text.
    return token if isinstance(token, str) and len(token) <= TOKEN_MAX else ""
