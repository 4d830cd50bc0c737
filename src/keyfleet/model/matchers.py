# SPDX-License-Identifier: Apache-2.0
"""Which clusters and namespaces an intent means.

Each dialect brings its own rules, so a matcher is a protocol; `Chosen` is the native rule:
(names or selector) minus exclude, where an empty selector selects nothing and the name `*` is
everything (design.md 4.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts
from keyfleet.model.selectors import Selector

EVERYTHING = "*"


class ClusterMatcher(Protocol):
    """A frozen value that knows which clusters are meant."""

    @property
    def names(self) -> tuple[str, ...]:
        """Clusters asked for by name, so that an unknown one can be reported."""
        ...

    @property
    def is_by_name(self) -> bool:
        """Only the named can match: no other cluster has to be looked at."""
        ...

    def matches(self, facts: ClusterFacts) -> bool:
        """Tell whether this cluster is meant."""
        ...

    def describe(self) -> str:
        """Return the rule for people."""
        ...


class NamespaceMatcher(Protocol):
    """A frozen value that knows which namespaces are meant."""

    @property
    def names(self) -> tuple[str, ...]:
        """Namespaces asked for by name, so that an absent one can be reported."""
        ...

    @property
    def is_by_name(self) -> bool:
        """Only the named can match: no other namespace has to be looked at."""
        ...

    def matches(self, facts: NamespaceFacts) -> bool:
        """Tell whether this namespace is meant."""
        ...

    def describe(self) -> str:
        """Return the rule for people."""
        ...


@dataclass(frozen=True, slots=True)
class _Chosen:
    wanted: tuple[str, ...] = ()
    selector: Selector = Selector()
    exclude: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names asked for, without `*` and without the excluded."""
        if EVERYTHING in self.exclude:
            return ()
        return tuple(
            name for name in self.wanted if name != EVERYTHING and name not in self.exclude
        )

    @property
    def is_by_name(self) -> bool:
        """Only the named can match: no other has to be looked at."""
        return self.selector.is_empty and EVERYTHING not in self.wanted

    def describe(self) -> str:
        """Return the rule for people.

        >>> ChosenClusters(("a", "b"), exclude=("b",)).describe()
        'names a, b except b'
        """
        parts = []
        if EVERYTHING in self.wanted:
            parts.append("all")
        elif self.wanted:
            parts.append(f"names {', '.join(self.wanted)}")
        if not self.selector.is_empty:
            parts.append(f"labels {self.selector}")
        text = " or ".join(parts) or "none"
        return f"{text} except {', '.join(self.exclude)}" if self.exclude else text

    def _by_labels(self, labels: Mapping[str, str]) -> bool:
        return not self.selector.is_empty and self.selector.matches(labels)


@dataclass(frozen=True, slots=True)
class ChosenClusters(_Chosen):
    """Clusters by name, label and exclusion; a name may also be an alias."""

    def matches(self, facts: ClusterFacts) -> bool:
        """Tell whether this cluster is chosen."""
        if any(name == EVERYTHING or facts.answers_to(name) for name in self.exclude):
            return False
        by_name = any(name == EVERYTHING or facts.answers_to(name) for name in self.wanted)
        return by_name or self._by_labels(facts.labels)


@dataclass(frozen=True, slots=True)
class ChosenNamespaces(_Chosen):
    """Namespaces by name, label and exclusion."""

    def matches(self, facts: NamespaceFacts) -> bool:
        """Tell whether this namespace is chosen."""
        if EVERYTHING in self.exclude or facts.name in self.exclude:
            return False
        by_name = EVERYTHING in self.wanted or facts.name in self.wanted
        return by_name or self._by_labels(facts.labels)


@dataclass(frozen=True, slots=True)
class OneCluster:
    """The cluster of this very name, whatever else answers to it."""

    name: ClusterName

    @property
    def names(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    @property
    def is_by_name(self) -> bool:
        """No other has to be looked at."""
        return True

    def matches(self, facts: ClusterFacts) -> bool:
        """Tell whether this is it."""
        return facts.name == self.name

    def describe(self) -> str:
        """Return the rule for people."""
        return f"cluster {self.name}"


@dataclass(frozen=True, slots=True)
class TheHub:
    """The hub itself, as a member of its fleet."""

    @property
    def names(self) -> tuple[str, ...]:
        """Nobody asks for it by name."""
        return ()

    @property
    def is_by_name(self) -> bool:
        """Every cluster has to be looked at: which one is the hub is not in its name."""
        return False

    def matches(self, facts: ClusterFacts) -> bool:
        """Tell whether this is the hub."""
        return facts.is_hub

    def describe(self) -> str:
        """Return the rule for people."""
        return "the hub"
