# SPDX-License-Identifier: Apache-2.0
"""SealedSecret -> Intent: its items, opened with the keys of its own cluster, into one Secret.

What the items are bound to is told by the manifest's own name, namespace and annotations, never by
its template. Source: compat/sealed-secrets.md 1.2, 1.5, 2.1, 2.5.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from keyfleet.base.breadth import has_at_most
from keyfleet.base.errors import InvalidIntentError
from keyfleet.base.sealing import scope_of
from keyfleet.dialects.sealedsecrets.kinds import SealedSecretSpec
from keyfleet.dialects.sealedsecrets.marks import ownership
from keyfleet.dialects.sealedsecrets.shaping import is_owner, shape
from keyfleet.model.carriers import SEALED_FOR, is_carrier
from keyfleet.model.intent import (
    ClusterTargets,
    DeletionPolicy,
    Guard,
    Intent,
    Origin,
    Read,
    Rejection,
)
from keyfleet.model.matchers import ChosenNamespaces, ClusterMatcher, OneCluster, TheHub
from keyfleet.model.places import IntentKey
from keyfleet.model.sealed import SealedRead
from keyfleet.model.v1alpha1.parsing import parse_part
from keyfleet.plugin import Translation, annotations_of, labels_of, sync_requested

KIND = "SealedSecret"
SOURCE = "sealed"
VALUES_MAX = 20_000
"""In a spec: as many items as an API server's largest object can hold, several times over."""


def translate(manifest: Mapping[str, Any], origin: Origin) -> Translation:
    """Return the intent of a SealedSecret, or why it has none; never raises.

    Args:
        manifest: v1alpha1.
        origin: Where it was found: its own cluster's keys open it, and the Secret goes there.
    Returns:
        The only rejection is `InvalidSpec`, with `path`.
    """
    if is_carrier(annotations_of(manifest)):
        # It is another cluster's, and only lies here until that takes it.
        return Translation()
    key = IntentKey(KIND, origin.namespace, origin.name, origin.cluster)
    try:
        spec = _spec(manifest.get("spec"))
    except InvalidIntentError as error:
        found = Rejection(key, origin, "InvalidSpec", error.message, error.path, error.hint)
        return Translation(rejections=(found,))
    return Translation(intents=(_intent(key, manifest, origin, spec),))


def _spec(document: Any) -> SealedSecretSpec:
    if not has_at_most(VALUES_MAX, document):
        message, hint = "too much to look at", f"at most {VALUES_MAX:,} values: write several"
        raise InvalidIntentError("intent.invalid", message, hint=hint, path="spec")
    return parse_part(SealedSecretSpec, document, path="spec", is_foreign=True)


def _intent(
    key: IntentKey, manifest: Mapping[str, Any], origin: Origin, spec: SealedSecretSpec
) -> Intent:
    return Intent(
        key=key,
        origins=(origin,),
        reads=(_read(manifest, origin, spec),),
        shape=shape(spec, origin),
        targets=_targets(origin),
        guard=Guard(
            # What is not tied to the manifest stays when that goes, as upstream leaves it.
            on_intent_deleted=DeletionPolicy.DELETE if is_owner(spec) else DeletionPolicy.RETAIN,
            ownership=ownership(origin.name),
            takes_own_namespace=True,
        ),
        labels=labels_of(manifest),
        sync_requested=sync_requested(manifest),
        notices=tuple(_notices(spec)),
    )


def _read(manifest: Mapping[str, Any], origin: Origin, spec: SealedSecretSpec) -> Read:
    annotations = annotations_of(manifest)
    sealed = SealedRead(
        origin.namespace,
        origin.name,
        spec.items,
        scope_of(annotations),
        origin.cluster,
        whole=spec.whole,
        meant_for=annotations.get(SEALED_FOR, ""),
    )
    return Read(SOURCE, sealed, path="spec.encryptedData")


def _targets(origin: Origin) -> ClusterTargets:
    here: ClusterMatcher = OneCluster(origin.cluster) if origin.cluster else TheHub()
    return ClusterTargets(here, ChosenNamespaces((origin.namespace,)), origin.name)


def _notices(spec: SealedSecretSpec) -> Iterator[str]:
    twice = sorted(spec.items.keys() & spec.template.data.keys()) if spec.whole is None else []
    if twice:
        yield (
            f"both sealed and in spec.template.data: {', '.join(twice)}; the sealed value is"
            " delivered, where Sealed Secrets before v0.37 delivered the template's"
        )
