# SPDX-License-Identifier: Apache-2.0
"""Open stores of provider `kubernetes`."""

from keyfleet.base.errors import KeyfleetError
from keyfleet.kube.access import Access
from keyfleet.kube.client import Client
from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import login_refused
from keyfleet.plugin.stores import ProviderMeans, StoreReferences
from keyfleet.sources.remotecluster.config import checked
from keyfleet.sources.remotecluster.failures import UNAUTHORIZED, store_error
from keyfleet.sources.remotecluster.login import Login
from keyfleet.sources.remotecluster.reviews import cluster_uid, may_read, principal_of
from keyfleet.sources.remotecluster.session import PROVIDER, Identity, KubernetesSession

IN_FLIGHT = 8
"""Requests of one store at a time."""


class KubernetesProvider:
    """Stores that are namespaces of a cluster."""

    name = "kubernetes"
    capabilities = "ReadWrite"

    def check(self, store: Store) -> None:
        """Refuse a declaration that cannot work.

        Raises:
            InvalidIntentError: `store.invalid`.
        """
        checked(store)

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> KubernetesSession:
        """Log in, ask who we are and whether Secrets may be read.

        Raises:
            InvalidIntentError: `store.invalid`, or as `StoreReferences`.
            DeniedError: `store.login_refused`: the credential is not accepted, or may not read.
            TemporaryError: No answer, or as `StoreReferences`.
        """
        config = checked(store)
        access = await Login(store, references, means).access(config)
        client = Client(
            f"{store.ref.kind} {store.ref}", access, clock=means.clock, in_flight=IN_FLIGHT
        )
        try:
            identity = await _Opening(store, client, means).identity(
                access, config.remote_namespace
            )
        except BaseException:
            await client.close()
            raise
        return KubernetesSession(client, config.remote_namespace, identity, means.called)


class _Opening:
    """What is asked once per login."""

    def __init__(self, store: Store, client: Client, means: ProviderMeans) -> None:
        self._store = store
        self._client = client
        self._means = means

    async def identity(self, access: Access, namespace: str) -> Identity:
        try:
            principal = await principal_of(self._client, access.endpoint)
            doubt = await self._doubt(namespace)
            uid = await cluster_uid(self._client)
        except KeyfleetError as error:
            is_refused = error.code == UNAUTHORIZED
            problem = login_refused(self._store) if is_refused else store_error(error)
        else:
            place = f"{access.endpoint.server} namespace {namespace}"
            return Identity(principal, f"{place} cluster {uid}" if uid else place, doubt)
        raise problem

    async def _doubt(self, namespace: str) -> str:
        allowed = await self._may_read(namespace)
        if allowed is False:
            hint = f"allow it to get secrets in namespace {namespace}"
            raise login_refused(self._store, hint)
        return "" if allowed else "the cluster does not tell whether secrets may be read"

    async def _may_read(self, namespace: str) -> bool | None:
        call = "CreateSelfSubjectRulesReview"
        try:
            allowed = await may_read(self._client, namespace)
        except KeyfleetError:
            self._means.called(PROVIDER, call, False)
            raise
        self._means.called(PROVIDER, call, allowed is not None)
        return allowed
