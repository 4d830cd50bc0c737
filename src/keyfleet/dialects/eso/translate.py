# SPDX-License-Identifier: Apache-2.0
"""ExternalSecret -> Intent.

Whose stores and generators are is found out when they are read: the manifest alone does not say.
Source: compat/external-secrets.md 1.3, 2.3, 2.6, 2.7.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from keyfleet.base import goduration
from keyfleet.base.breadth import has_at_most
from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.dialects.eso.conditions import previous
from keyfleet.dialects.eso.hashes import synced_version
from keyfleet.dialects.eso.kinds import (
    CreationPolicy,
    DeletionPolicy,
    ExternalSecretSpec,
    SyncWindows,
    Target,
)
from keyfleet.dialects.eso.marks import ownership
from keyfleet.dialects.eso.reading import entries
from keyfleet.dialects.eso.rules import INVALID, problems
from keyfleet.dialects.eso.shaping import shape, template_reads
from keyfleet.model import intent as model
from keyfleet.model.assembly import Assembly
from keyfleet.model.intent import ClusterTargets, Guard, Intent, OnMissing, Origin, Rejection
from keyfleet.model.matchers import ChosenNamespaces, ClusterMatcher, OneCluster, TheHub
from keyfleet.model.places import IntentKey
from keyfleet.model.refresh import Refresh, Standing
from keyfleet.model.v1alpha1.parsing import parse_part
from keyfleet.model.windows import Window, WindowKind, Windows
from keyfleet.plugin import Translation, annotations_of, labels_of, sync_requested

KIND = "ExternalSecret"
VALUES_MAX = 12_000
"""In a spec, some 2,000 entries: each change of a manifest, be it of its status, is read anew."""


def translate(
    manifest: Mapping[str, Any], origin: Origin, *, namespaces: Collection[str] | None = None
) -> Translation:
    """Return the intent of an ExternalSecret, or why it has none; never raises.

    Args:
        manifest: v1 or v1beta1.
        origin: Where it was found.
        namespaces: Those whose manifests are ours; None: all.
    Returns:
        Neither intent nor rejection for a manifest that is not ours. Rejections: `InvalidSpec`,
        `SpecialType`, `GenericTarget`, `UnsupportedGenerator`, each with `path`.
    """
    if namespaces is not None and origin.namespace not in namespaces:
        return Translation()
    key = IntentKey(KIND, origin.namespace, origin.name, origin.cluster)
    try:
        _check_breadth(manifest.get("spec"))
        spec = parse_part(ExternalSecretSpec, manifest.get("spec"), path="spec", is_foreign=True)
        if rejection := _rejected(key, origin, spec):
            return Translation(rejections=(rejection,))
        return Translation(intents=(_intent(key, manifest, origin, spec),))
    except InvalidIntentError as error:
        found = Rejection(key, origin, INVALID, error.message, error.path, error.hint)
        return Translation(rejections=(found,))


def _check_breadth(spec: Any) -> None:
    if not has_at_most(VALUES_MAX, spec):
        message, hint = "too much to look at", f"at most {VALUES_MAX:,} values: write several"
        raise InvalidIntentError("intent.invalid", message, hint=hint, path="spec")


def _rejected(key: IntentKey, origin: Origin, spec: ExternalSecretSpec) -> Rejection | None:
    found = tuple(problems(spec))
    if not found:
        return None
    first, *others = found
    message = "; ".join((first.message, *(f"{each.path}: {each.message}" for each in others)))
    return Rejection(key, origin, first.reason, message, first.path, first.hint)


def _intent(
    key: IntentKey, manifest: Mapping[str, Any], origin: Origin, spec: ExternalSecretSpec
) -> Intent:
    read = tuple(entries(spec, origin))
    assembly = Assembly(tuple(piece for _, piece in read))
    version, refresh = _version(manifest, origin), _refresh(spec)
    return Intent(
        key=key,
        origins=(origin,),
        reads=tuple(each for each, _ in read),
        shape=shape(spec.target, manifest, origin, assembly),
        targets=_targets(spec.target, origin),
        guard=_guard(spec.target, origin),
        refresh=refresh,
        standing=_standing(manifest.get("status"), version, refresh),
        labels=labels_of(manifest),
        sync_requested=sync_requested(manifest),
        template_reads=template_reads(spec.target, origin),
        version=version,
    )


def _targets(target: Target, origin: Origin) -> ClusterTargets:
    here: ClusterMatcher = OneCluster(origin.cluster) if origin.cluster else TheHub()
    return ClusterTargets(here, ChosenNamespaces((origin.namespace,)), target.name or origin.name)


def _guard(target: Target, origin: Origin) -> Guard:
    is_owner = target.creation_policy is CreationPolicy.OWNER
    # What upstream does not own it does not delete either.
    deletes = is_owner and target.deletion_policy is DeletionPolicy.DELETE
    policies = model.DeletionPolicy
    return Guard(
        takes_unmarked=True,
        on_source_missing=OnMissing.DELETE if deletes else OnMissing.RETAIN,
        on_intent_deleted=policies.DELETE if is_owner else policies.RETAIN,
        ownership=ownership(origin.namespace, origin.name),
    )


def _refresh(spec: ExternalSecretSpec) -> Refresh:
    interval = _duration(spec.refresh_interval, "spec.refreshInterval")
    return Refresh(spec.refresh_policy, interval, _windows(spec.sync_windows))


def _windows(spec: SyncWindows | None) -> Windows | None:
    if spec is None or spec.kind not in list(WindowKind):
        # Upstream lets a kind that it does not know pass.
        return None
    path = "spec.syncWindows.windows"
    windows = tuple(
        Window(each.schedule, _duration(each.duration, f"{path}[{index}].duration"))
        for index, each in enumerate(spec.windows)
    )
    return Windows(WindowKind(spec.kind), windows)


def _duration(text: str, path: str) -> timedelta:
    try:
        return goduration.parse(text)
    except InvalidInputError:
        pass
    hint = "write it as 30s, 5m or 1h30m; a day is 24h"
    raise InvalidIntentError("intent.invalid", "not a duration", hint=hint, path=path)


def _version(manifest: Mapping[str, Any], origin: Origin) -> str:
    labels, annotations = labels_of(manifest), annotations_of(manifest)
    return synced_version(origin.generation, labels=labels, annotations=annotations)


def _standing(status: Any, version: str, refresh: Refresh) -> Standing:
    if not isinstance(status, Mapping):
        return Standing()
    if previous(status).get("status") == "False" and not refresh.is_once:
        # Whether it still fails is found out by trying, not when time comes.
        return Standing()
    synced = status.get("syncedResourceVersion")
    return Standing(_time(status.get("refreshTime")), bool(synced), synced == version)


def _time(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
