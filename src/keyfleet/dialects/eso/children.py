# SPDX-License-Identifier: Apache-2.0
"""ClusterExternalSecret -> the ExternalSecrets that it makes; pure.

Source: compat/external-secrets.md 1.5, 6.3.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from keyfleet.base import goduration
from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.dialects.eso.kinds import ClusterExternalSecretSpec
from keyfleet.dialects.eso.rules import INVALID
from keyfleet.dialects.eso.shaping import is_own
from keyfleet.dialects.eso.spelling import is_same_spec
from keyfleet.model.dress import OwnerReference
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.places import IntentKey, NamespaceFacts
from keyfleet.model.selectors import Selector
from keyfleet.model.v1alpha1.parsing import parse_part
from keyfleet.model.v1alpha1.selection import selector
from keyfleet.plugin import annotations_of, labels_of
from keyfleet.plugin.parents import Around, Brood, Manifest

KIND, CHILD = "ClusterExternalSecret", "ExternalSecret"
FORCE_SYNC = "external-secrets.io/force-sync"
"""The one annotation of a parent that its children get."""
EVERY = timedelta(hours=1)
MOST_OFTEN = timedelta(seconds=1)
"""A shorter `refreshTime` counts as this one."""
TAKEN = "external secret already exists in namespace"


def brood(parent: Manifest, around: Around) -> Brood:
    """Return what is to be done for a ClusterExternalSecret; never raises."""
    try:
        return _Parent(parent).brood(around)
    except InvalidIntentError as error:
        return Brood(rejection=_rejection(parent, error))


def _rejection(parent: Manifest, error: InvalidIntentError) -> Rejection:
    name = str(_metadata(parent).get("name", ""))
    origin = Origin("eso", KIND, "", name)
    return Rejection(
        IntentKey(KIND, "", name), origin, INVALID, error.message, error.path, error.hint
    )


class _Parent:
    """A ClusterExternalSecret that was understood."""

    def __init__(self, manifest: Manifest) -> None:
        spec = manifest.get("spec")
        self._manifest = manifest
        self._spec = parse_part(ClusterExternalSecretSpec, spec, path="spec", is_foreign=True)
        self._child_spec = spec.get("externalSecretSpec") if isinstance(spec, Mapping) else None
        if not isinstance(self._child_spec, Mapping):
            path = "spec.externalSecretSpec"
            raise InvalidIntentError("intent.invalid", "must be an object", path=path)
        self._name = str(_metadata(manifest).get("name", ""))
        self._selectors = tuple(self._selectors_of())
        self._every = self._interval()

    def brood(self, around: Around) -> Brood:
        name = self._spec.external_secret_name or self._name
        known = {_place(child): child for child in around.children}
        chosen = sorted(
            facts.name
            for facts in around.namespaces.values()
            if self._means(facts) and not facts.is_terminating
        )
        taken = {
            place for place in chosen if (place, name) in known
            and not self._is_mine(known[place, name])
        }  # fmt: skip
        wanted = {(place, name): self._child(place, name, known) for place in chosen}
        mine = {place: child for place, child in wanted.items() if place[0] not in taken}
        return Brood(
            name=name,
            create=tuple(child for place, child in mine.items() if place not in known),
            change=tuple(
                child
                for place, child in mine.items()
                if place in known and not _is_same(child, known[place])
            ),
            delete=tuple(
                child
                for place, child in known.items()
                if place not in wanted and self._is_mine(child) and not _is_going(place, around)
            ),
            provisioned=tuple(place for place in chosen if place not in taken),
            failed=dict.fromkeys(sorted(taken), TAKEN),
            again=self._every,
        )

    def _selectors_of(self) -> Iterator[Selector]:
        if self._spec.namespace_selector is not None:
            yield selector(self._spec.namespace_selector, path="spec.namespaceSelector")
        for index, labels in enumerate(self._spec.namespace_selectors):
            yield selector(labels, path=f"spec.namespaceSelectors[{index}]")

    def _interval(self) -> timedelta:
        text = self._spec.refresh_time
        try:
            every = goduration.parse(text) if text else EVERY
            return max(every, MOST_OFTEN) if every > timedelta() else EVERY
        except InvalidInputError:
            pass
        message, hint = "not a duration", "write it as 30s, 5m or 1h30m"
        raise InvalidIntentError("intent.invalid", message, hint=hint, path="spec.refreshTime")

    def _means(self, facts: NamespaceFacts) -> bool:
        is_named = facts.name in self._spec.namespaces
        return is_named or any(one.matches(facts.labels) for one in self._selectors)

    def _is_mine(self, child: Manifest) -> bool:
        owners = _metadata(child).get("ownerReferences")
        return any(
            isinstance(owner, Mapping)
            and owner.get("controller") is True
            and (owner.get("kind"), owner.get("name")) == (KIND, self._name)
            for owner in (owners if isinstance(owners, list) else ())
        )

    def _child(
        self, namespace: str, name: str, known: Mapping[tuple[str, str], Manifest]
    ) -> dict[str, Any]:
        """Return a child as it shall be."""
        before = known.get((namespace, name))
        found = _metadata(before) if before else {}
        identity = {key: found[key] for key in ("uid", "resourceVersion") if key in found}
        metadata = {
            "namespace": namespace,
            "name": name,
            **identity,
            "labels": dict(self._spec.external_secret_metadata.labels),
            "annotations": self._annotations(before),
            "ownerReferences": [self._owner()],
        }
        version = self._manifest.get("apiVersion")
        return {
            "apiVersion": version,
            "kind": CHILD,
            "metadata": metadata,
            "spec": self._child_spec,
        }

    def _annotations(self, before: Manifest | None) -> dict[str, str]:
        # What `keyfleet sync` writes is not an edit of somebody else.
        own = {name: text for name, text in annotations_of(before or {}).items() if is_own(name)}
        found = own | self._spec.external_secret_metadata.annotations
        forced = annotations_of(self._manifest).get(FORCE_SYNC)
        if forced is None:
            found.pop(FORCE_SYNC, None)
            return found
        return found | {FORCE_SYNC: forced}

    def _owner(self) -> Mapping[str, Any]:
        version, uid = self._manifest.get("apiVersion"), _metadata(self._manifest).get("uid", "")
        return OwnerReference(str(version), KIND, self._name, str(uid)).body()


def _is_same(wanted: Manifest, found: Manifest) -> bool:
    is_labelled = labels_of(wanted) == labels_of(found)
    is_annotated = annotations_of(wanted) == annotations_of(found)
    return is_labelled and is_annotated and is_same_spec(wanted["spec"], found.get("spec"))


def _is_going(place: tuple[str, str], around: Around) -> bool:
    """Tell whether Kubernetes deletes what is there anyway."""
    facts = around.namespaces.get(place[0])
    return facts is None or facts.is_terminating


def _place(manifest: Manifest) -> tuple[str, str]:
    metadata = _metadata(manifest)
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


def _metadata(manifest: Manifest) -> Mapping[str, Any]:
    found = manifest.get("metadata")
    return found if isinstance(found, Mapping) else {}
