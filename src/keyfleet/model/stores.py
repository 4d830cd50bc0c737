# SPDX-License-Identifier: Apache-2.0
"""Stores: places outside of Secrets where values come from, and what may be asked of one.

A store is declared by a manifest (`SecretStore`, `ClusterSecretStore`) in some cluster; its
provider (`aws`, `vault`, ...) knows how to log in and to read. A `Query` is one question of a
manifest to a store; a generator is asked like a store, and answers something new every time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from keyfleet.model.places import ClusterName

SECRET_STORE = "SecretStore"  # noqa: S105 - a kind
CLUSTER_SECRET_STORE = "ClusterSecretStore"  # noqa: S105


@dataclass(frozen=True, slots=True)
class StoreRef:
    """A store or a generator by kind, name and place; an empty cluster is the hub."""

    kind: str
    """`SecretStore`, `ClusterSecretStore`, or a generator's kind, such as `Password`."""
    name: str
    namespace: str = ""
    """Empty for kinds of the whole cluster."""
    cluster: ClusterName = ClusterName("")

    @property
    def is_generator(self) -> bool:
        """Tell whether it makes values instead of keeping them."""
        return self.kind not in (SECRET_STORE, CLUSTER_SECRET_STORE)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.cluster or "hub", self.namespace, self.name)))


class How(StrEnum):
    """What kind of answer a manifest wants."""

    VALUE = "value"
    """One value: `data[]`."""
    MAP = "extract"
    """All members of one remote secret: `dataFrom[].extract`."""
    SEARCH = "find"
    """All secrets that match: `dataFrom[].find`."""
    GENERATE = "generate"
    """Whatever a generator makes: `dataFrom[].sourceRef.generatorRef`."""


@dataclass(frozen=True, slots=True)
class Search:
    """Which secrets of a store are meant; providers refuse what they cannot search by."""

    name_regexp: str = ""
    """RE2, unanchored, on the remote name."""
    tags: tuple[tuple[str, str], ...] = ()
    """All pairs must be equal; sorted."""
    path: str = ""
    """Root path or name prefix, as the provider has it."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question to a store; hashable, so that equal questions can share an answer."""

    how: How
    key: str = ""
    """Remote name, as the provider writes it; without the store's prefix."""
    property: str = ""
    """Part of the value, a gjson path."""
    version: str = ""
    is_metadata: bool = False
    """Ask for the provider's metadata instead of the value (`metadataPolicy: Fetch`)."""
    search: Search | None = None
    """For `SEARCH`."""


@dataclass(frozen=True, slots=True)
class Store:
    """A store as it was declared: the part of its spec that its provider understands."""

    ref: StoreRef
    provider: str
    """Name of the provider, the one key of `spec.provider`; a generator's kind."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """What stands under that key, as written; a generator's spec."""
    namespace: str = ""
    """Where selectors without a namespace look: the store's own, or that of the manifest that asks
    (`ClusterSecretStore`); empty: nobody asks yet, so that such a selector cannot be resolved."""
    max_retries: int | None = None
    retry_interval_s: float | None = None
    uid: str = ""
    generation: int = 0


@dataclass(frozen=True, slots=True)
class StoreRead:
    """What a `Read` of a store names."""

    store: StoreRef
    query: Query

    @property
    def kind(self) -> str:
        """The store's kind."""
        return self.store.kind

    @property
    def namespace(self) -> str:
        """The store's namespace; empty for those of the whole cluster."""
        return self.store.namespace

    @property
    def name(self) -> str:
        """The store's name."""
        return self.store.name

    @property
    def cluster(self) -> ClusterName:
        """The cluster that declares the store; empty is the hub."""
        return self.store.cluster

    def __str__(self) -> str:
        return f"{self.store} {self.query.key}".rstrip()
