# SPDX-License-Identifier: Apache-2.0
"""FleetSecret -> Intent.

What is refused here is refused as a whole, so the targets stay as they are: nothing is delivered
that was not understood completely.
"""

from collections.abc import Mapping
from typing import Any

from keyfleet.base.errors import InvalidIntentError
from keyfleet.dialects.native.reads import read_of, refresh_of
from keyfleet.dialects.native.shaping import shape, template_reads
from keyfleet.model.intent import (
    ClusterTargets,
    Guard,
    Intent,
    OnMissing,
    Origin,
    Read,
    Rejection,
    Rollout,
)
from keyfleet.model.matchers import ChosenNamespaces
from keyfleet.model.places import IntentKey
from keyfleet.model.refresh import Standing
from keyfleet.model.v1alpha1.fleetsecret import (
    FleetSecretSpec,
    FleetSecretStatus,
    Via,
)
from keyfleet.model.v1alpha1.limits import SPECIAL_TYPE, check_delivery
from keyfleet.model.v1alpha1.parsing import INVALID, UNKNOWN_FIELD, parse_spec, parse_status
from keyfleet.model.v1alpha1.selection import chosen_clusters, chosen_namespaces
from keyfleet.plugin import Translation, labels_of, sync_requested

KIND = "FleetSecret"

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
        reads=_reads(spec, origin),
        shape=shape(spec),
        targets=_targets(spec, origin),
        guard=Guard(
            on_conflict=spec.conflict_policy,
            on_source_missing=spec.source.on_missing if spec.source else OnMissing.RETAIN,
            on_intent_deleted=spec.deletion_policy,
            on_unchangeable=spec.replace,
        ),
        rollout=Rollout(paused=spec.paused),
        labels=labels_of(manifest),
        revision=max(status.revision, 0),
        source_fingerprint=status.source_fingerprint,
        sync_requested=sync_requested(manifest),
        template_reads=template_reads(spec.template, origin.namespace),
        refresh=refresh_of(spec),
        standing=Standing(is_synced=status.revision > 0),
        version=f"{origin.generation} {sorted(labels_of(manifest).items())}",
    )


def _reads(spec: FleetSecretSpec, origin: Origin) -> tuple[Read, ...]:
    if (spec.source is None) is not bool(spec.sources):
        message = "give exactly one of source and sources"
        raise InvalidIntentError("intent.invalid", message, path="spec")
    if spec.source is not None:
        return (read_of(spec.source, origin, path="spec.source"),)
    names = [source.name for source in spec.sources]
    for index, name in enumerate(names):
        if name in names[:index]:
            message, path = "two sources have the same name", f"spec.sources[{index}].name"
            raise InvalidIntentError("intent.invalid", message, path=path)
    return tuple(
        read_of(each, origin, name=each.name, path=f"spec.sources[{index}]")
        for index, each in enumerate(spec.sources)
    )


def _targets(spec: FleetSecretSpec, origin: Origin) -> ClusterTargets:
    placement, own = spec.placement, ChosenNamespaces((origin.namespace,))
    check_delivery(spec.delivery, path="spec.delivery")
    return ClusterTargets(
        clusters=chosen_clusters(placement.clusters, path="spec.placement.clusters"),
        namespaces=chosen_namespaces(placement.namespaces, path="spec.placement.namespaces")
        if placement.namespaces is not None
        else own,
        name=placement.name or origin.name,
        sealed_as=spec.delivery.sealed_as,
        is_carried=spec.delivery.via is Via.HUB,
    )
