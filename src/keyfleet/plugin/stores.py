# SPDX-License-Identifier: Apache-2.0
"""The protocols of the providers behind stores and generators; `builtin.py` lists who does.

The engine opens a store once, keeps the session while it lasts, asks what several manifests want
once (`request`, `fetch`) and picks each one's answer out of it (`answer`). Limits, back-off and
sharing are the engine's; a provider says what went wrong by the kind of error it raises.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from keyfleet.base.clock import Clock
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Endpoint
from keyfleet.model.stores import Query, Store

Selector = Mapping[str, Any]
"""A reference in a store's spec, as written: `name`, `key`, `namespace`, `audiences`."""


class StoreReferences(Protocol):
    """What a store's own selectors name, under the rules of its scope.

    A SecretStore sees its own namespace only; a selector of a ClusterSecretStore names one, or is
    looked up where the manifest is that asks (`Store.namespace`). Whatever was looked at is
    remembered, so that a change of it opens the store anew.

    Every method raises:
        InvalidIntentError: `store.selector`: the selector breaks a rule; `path` says where.
        NotReadyError: `store.reference_missing`: the object or the key is absent or may not be
            read, or nobody asks yet whose namespace it would be looked up in
            (`store.referent_unknown`).
        UnreachableError: No answer.
    """

    async def secret(self, selector: Selector, *, path: str, key: str = "") -> SecretValue:
        """Return one key of a Secret; `key` is used where the selector has none."""
        ...

    async def authority(self, config: Selector, *, path: str) -> str:
        """Return the PEM text of `caBundle` or `caProvider` in `config`; empty without either."""
        ...

    async def token(
        self, selector: Selector, *, audiences: Sequence[str], seconds: int, path: str
    ) -> SecretValue:
        """Return a fresh token of a ServiceAccount; the selector's audiences are added."""
        ...

    async def service_account(self, selector: Selector, *, path: str) -> Mapping[str, str]:
        """Return the annotations of a ServiceAccount."""
        ...

    def own_server(self) -> Endpoint | None:
        """Return how the API server of the store's own cluster is reached; None: not known.

        `kubernetes.default` in a store means that server, and from the hub has no such name.
        """
        ...


@dataclass(frozen=True, slots=True)
class ProviderMeans:
    """What every provider may use of the world."""

    clock: Clock
    randomness: Callable[[int], bytes]
    """Unguessable bytes."""
    called: Callable[[str, str, bool], None]
    """Count a call: provider and call as upstream's metrics name them, and whether it succeeded."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Settings such as `AWS_ENDPOINT_URL`; read by `app`, never by a provider."""


Answer = SecretValue | Mapping[str, SecretValue]


class StoreSession(Protocol):
    """A store that was logged in to."""

    @property
    def principal(self) -> str:
        """Who the provider confirmed us to be; reads are shared only within it.

        Empty: nothing was confirmed, so nothing is shared.
        """
        ...

    @property
    def endpoint(self) -> str:
        """The service that answers: scheme, host and whatever else makes keys mean the same."""
        ...

    def request(self, query: Query) -> Hashable:
        """Return what to ask the provider for; queries with equal requests share one fetch.

        The whole remote secret is asked for, so that its properties cost one read.

        Raises:
            InvalidIntentError: `store.query`: the provider cannot be asked so.
        """
        ...

    async def fetch(self, request: Hashable) -> Any:
        """Ask the provider; what is returned goes to `answer` only.

        Raises:
            SecretNotFoundError: `store.secret_not_found`: the provider said that the secret itself
                is absent, and nothing else.
            DeniedError: `store.denied`: not with this login; a new one is tried once.
            ThrottledError: With `retry_after` where the provider said so.
            UnreachableError: No answer, TLS, 5xx.
            PermanentError: Whatever else the provider refuses; never with its text.
        """
        ...

    def answer(self, query: Query, fetched: Any) -> Answer:
        """Return what a query wants of what was fetched: a value, or a map for all but `VALUE`.

        Raises:
            SecretNotFoundError: As `fetch`, where only the content tells.
            TransformError: `store.property_missing`, `store.not_an_object`, ...; no value in it.
        """
        ...

    async def close(self) -> None:
        """Log out, where that means something."""
        ...


@runtime_checkable
class Doubted(Protocol):
    """A session that may not be sure that reads are allowed; what others do not say is no doubt.

    Such a store is ready all the same: upstream's reason is `ValidationUnknown`.
    """

    @property
    def doubt(self) -> str:
        """Why nobody can tell; empty where it was told."""
        ...


class Provider(Protocol):
    """A kind of store, or a kind of generator."""

    @property
    def name(self) -> str:
        """The key under `spec.provider`; a generator's kind."""
        ...

    @property
    def capabilities(self) -> str:
        """What upstream's controller writes as `status.capabilities`: `ReadOnly`, `ReadWrite`."""
        ...

    def check(self, store: Store) -> None:
        """Refuse a declaration that cannot work.

        Raises:
            InvalidIntentError: `store.invalid`, with `path` below `spec.provider.<name>`.
        """
        ...

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> StoreSession:
        """Log in and have the provider confirm who we are.

        Raises:
            InvalidIntentError: As `check`.
            DeniedError: `store.login_refused`.
            TemporaryError: As `fetch`, or as `StoreReferences`.
        """
        ...
