# SPDX-License-Identifier: Apache-2.0
"""All intents of the fleet, with the indexes that turn a change into the keys it concerns."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from keyfleet.model.intent import Intent, Rejection, SecretRef
from keyfleet.model.matchers import ClusterMatcher, NamespaceMatcher
from keyfleet.model.places import ClusterFacts, IntentKey, NamespaceFacts
from keyfleet.model.stores import StoreRef
from keyfleet.plan.placement import is_wanted_at

K = TypeVar("K")


class Intents:
    """The intents by key, by source and by target name."""

    def __init__(self) -> None:
        self._by_key: dict[IntentKey, Intent] = {}
        self._rejected: dict[IntentKey, Rejection] = {}
        self._by_source: dict[SecretRef | StoreRef, set[IntentKey]] = {}
        self._by_target_name: dict[str, set[IntentKey]] = {}
        # By what they name; under None those that choose by more than names.
        self._by_cluster: dict[str | None, set[IntentKey]] = {}
        self._by_namespace: dict[str | None, set[IntentKey]] = {}

    def __iter__(self) -> Iterator[Intent]:
        return iter(list(self._by_key.values()))

    def __len__(self) -> int:
        return len(self._by_key)

    def get(self, key: IntentKey) -> Intent | None:
        """Return the intent; None when it is gone or rejected."""
        return self._by_key.get(key)

    def rejection(self, key: IntentKey) -> Rejection | None:
        """Return why the manifest of this key is no intent."""
        return self._rejected.get(key)

    def is_known(self, key: IntentKey) -> bool:
        """Tell whether a manifest of this key exists, understood or not."""
        return key in self._by_key or key in self._rejected

    def put(self, intent: Intent) -> None:
        """Add or replace an intent."""
        self.drop(intent.key)
        self._by_key[intent.key] = intent
        for read in intent.all_reads:
            self._by_source.setdefault(read.subject, set()).add(intent.key)
        self._by_target_name.setdefault(intent.targets.name, set()).add(intent.key)
        for name in _named(intent.targets.clusters):
            self._by_cluster.setdefault(name, set()).add(intent.key)
        for name in _named(intent.targets.namespaces):
            self._by_namespace.setdefault(name, set()).add(intent.key)

    def reject(self, rejection: Rejection) -> None:
        """Keep a manifest that cannot be understood: it still owns its targets."""
        self.drop(rejection.key)
        self._rejected[rejection.key] = rejection

    def drop(self, key: IntentKey) -> None:
        """Forget an intent."""
        self._rejected.pop(key, None)
        intent = self._by_key.pop(key, None)
        if intent is None:
            return
        for read in intent.all_reads:
            _discard(self._by_source, read.subject, key)
        _discard(self._by_target_name, intent.targets.name, key)
        for name in _named(intent.targets.clusters):
            _discard(self._by_cluster, name, key)
        for name in _named(intent.targets.namespaces):
            _discard(self._by_namespace, name, key)

    def reading(self, refs: Iterable[SecretRef | StoreRef]) -> set[IntentKey]:
        """Return the intents that read any of these."""
        return {key for ref in refs for key in self._by_source.get(ref, ())}

    def of_kind(self, kind: str) -> list[IntentKey]:
        """Return the keys of one kind, understood or not."""
        return [key for key in (*self._by_key, *self._rejected) if key.kind == kind]

    def meaning(self, cluster: ClusterFacts) -> list[Intent]:
        """Return the intents whose placement chooses a cluster."""
        names = (None, cluster.name, *cluster.aliases)
        return [
            intent
            for intent in self._found(self._by_cluster, names)
            if intent.targets.clusters.matches(cluster)
        ]

    def meaning_namespace(self, cluster: ClusterFacts, name: str) -> list[Intent]:
        """Return the intents that may mean a namespace of a cluster, whatever its labels."""
        return [
            intent
            for intent in self._found(self._by_namespace, (None, name))
            if intent.targets.clusters.matches(cluster)
        ]

    def _found(self, index: dict[K, set[IntentKey]], names: Iterable[K]) -> list[Intent]:
        # A dict, so that the order is the same in every run.
        keys = dict.fromkeys(key for name in names for key in index.get(name, ()))
        return [self._by_key[key] for key in keys]

    def wanting(
        self, cluster: ClusterFacts, namespace: NamespaceFacts, name: str, kind: str = ""
    ) -> Iterator[Intent]:
        """Yield the intents that want a target at a place, of any kind unless one is said."""
        for key in self._by_target_name.get(name, ()):
            intent = self._by_key[key]
            if is_wanted_at(intent, cluster, namespace, name, kind):
                yield intent

    def rival(
        self,
        key: IntentKey,
        cluster: ClusterFacts,
        namespace: NamespaceFacts,
        name: str,
        kind: str = "",
        *,
        may_write: Callable[[Intent], bool] = lambda _: True,
    ) -> IntentKey | None:
        """Return the intent with a stronger claim to a place than `key`'s; None when there is none.

        An intent that is gone or does not want the place itself is weaker than any that does. One
        that may not write there has no claim: what a stranger asks for reserves nothing.
        """
        if self._by_target_name.get(name, set()) <= {key}:
            # The usual case: nobody else uses the name anywhere.
            return None
        others = [
            intent
            for intent in self.wanting(cluster, namespace, name, kind)
            if intent.key != key and may_write(intent)
        ]
        strongest = min(others, key=lambda intent: intent.seniority, default=None)
        own = self._by_key.get(key)
        if strongest is None:
            return None
        if own is not None and is_wanted_at(own, cluster, namespace, name, kind):
            return strongest.key if strongest.seniority < own.seniority else None
        return strongest.key


def _named(matcher: ClusterMatcher | NamespaceMatcher) -> tuple[str | None, ...]:
    return matcher.names if matcher.is_by_name else (None,)


def _discard(index: dict[K, set[IntentKey]], at: K, key: IntentKey) -> None:
    keys = index.get(at)
    if keys is not None:
        keys.discard(key)
        if not keys:
            del index[at]
