# SPDX-License-Identifier: Apache-2.0
"""Which manifests of other tools' kinds are ours.

Another operator that runs in the same cluster would work on the same manifests. So a foreign kind
is left alone, unless we installed its CRD there or a setting says that its manifests are ours.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from keyfleet.kube.objects import Metadata
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL
from keyfleet.model.selectors import Selector
from keyfleet.plugin import Dialect, Kind

OWN_CRDS = f"{MANAGED_BY_LABEL}={MANAGED_BY}"
"""Selects the CRDs that we installed."""

Declared = tuple[Dialect, Kind]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a setting says of other tools' kinds."""

    dialects: frozenset[str] = frozenset()
    """Those whose kinds are served wherever they are, whoever installed their CRDs."""
    namespaces: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By dialect, the only ones whose manifests of foreign kinds are ours; none: all."""
    labels: Mapping[str, Selector] = field(default_factory=dict)
    """By dialect, what the labels of manifests of foreign kinds say that are ours; none: all."""
    controller_class: str = "default"
    """What stores that are ours call their controller."""

    def serves(self, dialect: Dialect, kind: Kind, crd: Metadata) -> bool:
        """Tell whether a kind is served where it has this CRD."""
        return not kind.is_foreign or dialect.name in self.dialects or is_own(crd)

    def covers(self, dialect: Dialect, kind: Kind, namespace: str) -> bool:
        """Tell whether the manifests of a namespace are ours; empty: of the whole cluster."""
        chosen = self.namespaces.get(dialect.name)
        return not (kind.is_foreign and namespace and chosen) or namespace in chosen

    def selects(self, dialect: Dialect, kind: Kind, labels: Mapping[str, str]) -> bool:
        """Tell whether a manifest with these labels is ours, wherever it is."""
        chosen = self.labels.get(dialect.name)
        return not kind.is_foreign or chosen is None or chosen.matches(labels)

    def are_all_own(self, declared: Iterable[Declared]) -> bool:
        """Tell whether these kinds are served only where we installed their CRDs."""
        return all(
            kind.is_foreign and dialect.name not in self.dialects for dialect, kind in declared
        )


def is_own(crd: Metadata) -> bool:
    """Tell whether we installed a CRD."""
    return (crd.labels or {}).get(MANAGED_BY_LABEL) == MANAGED_BY


def kinds_of(dialects: Iterable[Dialect]) -> Iterator[Declared]:
    """Yield the kinds that have manifests of their own."""
    for dialect in dialects:
        for kind in dialect.kinds:
            if not kind.metadata_only:
                yield dialect, kind


def for_members(dialects: Iterable[Dialect]) -> list[Declared]:
    """Return the kinds whose manifests count in members too."""
    return [(dialect, kind) for dialect, kind in kinds_of(dialects) if kind.is_for_members]
