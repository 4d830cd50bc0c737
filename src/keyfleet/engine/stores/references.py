# SPDX-License-Identifier: Apache-2.0
"""What the selectors of a store name, in the store's own cluster and under its scope's rules.

A SecretStore sees its own namespace. A ClusterSecretStore names a namespace, or looks where the
manifest is that asks ("referent"): as long as nobody asks that cannot be resolved.
Source: compat/external-secrets.md 1.6.
"""

import base64
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from keyfleet.base.errors import DeniedError, InvalidIntentError, NotFoundError, NotReadyError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Endpoint
from keyfleet.kube.client import Client
from keyfleet.kube.objects import metadata_of
from keyfleet.kube.resources import CONFIGMAPS, SECRETS, SERVICE_ACCOUNTS
from keyfleet.kube.tokens import service_account_token
from keyfleet.model.intent import SecretRef
from keyfleet.model.stores import CLUSTER_SECRET_STORE, Store
from keyfleet.plugin.stores import Selector

REFERENT_UNKNOWN = "store.referent_unknown"
MISSING = "store.reference_missing"
_BEGIN = "-----BEGIN CERTIFICATE-----"


class ClusterReferences:
    """Resolves the selectors of one store; implements `plugin.stores.StoreReferences`."""

    def __init__(self, store: Store, client: Callable[[], Client]) -> None:
        """Prepare.

        Args:
            store: Whose selectors.
            client: Gives its cluster, whenever it is asked; raises TemporaryError while that is
                away.
        """
        self._store = store
        self._client = client
        self.looked: dict[SecretRef, str] = {}
        """What was looked at, with the version that it had; empty: absent."""

    async def secret(self, selector: Selector, *, path: str, key: str = "") -> SecretValue:
        """Return one key of a Secret; raises as the protocol says."""
        ref = self._ref(selector, SECRETS.kind, path)
        wanted = self._text(selector, "key", path) or key
        if not wanted:
            raise self._wrong(f"{path}.key", "name the key of the Secret")
        with _telling(ref, path):
            found = await self._client().find_secret(ref.namespace, ref.name)
        self.looked[ref] = found.metadata.resource_version if found is not None else ""
        value = found.data.get(wanted) if found is not None else None
        if value is None:
            raise _missing(ref, path, wanted)
        return value

    async def authority(self, config: Selector, *, path: str) -> str:
        """Return the PEM text of `caBundle` or `caProvider`; raises as the protocol says."""
        bundle, provider = config.get("caBundle"), config.get("caProvider")
        within = f"{path}." if path else ""
        if bundle:
            return self._pem(bundle, f"{within}caBundle")
        if not isinstance(provider, Mapping):
            return ""
        path = f"{within}caProvider"
        self._check_place(provider, path)
        kind = provider.get("type")
        if kind == SECRETS.kind:
            return self._pem_of(await self.secret(provider, path=path), path)
        if kind == CONFIGMAPS.kind:
            return self._pem(await self._text_of(provider, path), path)
        raise self._wrong(f"{path}.type", "write Secret or ConfigMap")

    async def token(
        self, selector: Selector, *, audiences: Sequence[str], seconds: int, path: str
    ) -> SecretValue:
        """Return a fresh token of a ServiceAccount; raises as the protocol says."""
        ref = self._ref(selector, SERVICE_ACCOUNTS.kind, path)
        further = selector.get("audiences")
        wanted = [*audiences, *(further if isinstance(further, list) else ())]
        if not all(isinstance(audience, str) for audience in wanted):
            raise self._wrong(f"{path}.audiences", "write a list of texts")
        with _telling(ref, path, "let Keyfleet `create` serviceaccounts/token there"):
            return await service_account_token(
                self._client(), ref.namespace, ref.name, audiences=wanted, seconds=seconds
            )

    async def service_account(self, selector: Selector, *, path: str) -> Mapping[str, str]:
        """Return the annotations of a ServiceAccount; raises as the protocol says."""
        ref = self._ref(selector, SERVICE_ACCOUNTS.kind, path)
        with _telling(ref, path, "let Keyfleet `get` serviceaccounts there"):
            found = await self._client().find_metadata(
                SERVICE_ACCOUNTS, ref.name, namespace=ref.namespace
            )
        if found is None:
            raise _missing(ref, path)
        return found.annotations or {}

    def own_server(self) -> Endpoint | None:
        """Return how the API server of the store's cluster is reached."""
        return self._client().transport.endpoint

    def _ref(self, selector: Selector, kind: str, path: str) -> SecretRef:
        name = self._text(selector, "name", path)
        if not name:
            raise self._wrong(f"{path}.name", "name the object")
        return SecretRef(self._namespace(selector, path), name, self._store.ref.cluster, kind)

    def _namespace(self, selector: Selector, path: str) -> str:
        asked, home = self._text(selector, "namespace", path), self._store.namespace
        if asked and self._store.ref.kind == CLUSTER_SECRET_STORE:
            return asked
        if asked and asked != home:
            hint = f"leave it out, or write {home}: only a ClusterSecretStore reaches further"
            raise self._wrong(f"{path}.namespace", hint)
        if home:
            return home
        raise NotReadyError(
            REFERENT_UNKNOWN,
            "whose credentials the store uses depends on who asks, and nobody does",
            self._subject(path),
            f"write {path}.namespace for credentials that are the same for everyone",
        )

    def _check_place(self, provider: Selector, path: str) -> None:
        is_named = bool(self._text(provider, "namespace", path))
        if is_named is not (self._store.ref.kind == CLUSTER_SECRET_STORE):
            words = "leave it out in a SecretStore" if is_named else "a ClusterSecretStore names it"
            raise self._wrong(f"{path}.namespace", words)

    async def _text_of(self, selector: Selector, path: str) -> str:
        ref = self._ref(selector, CONFIGMAPS.kind, path)
        key = self._text(selector, "key", path)
        with _telling(ref, path):
            found = await self._client().find(CONFIGMAPS, ref.name, namespace=ref.namespace)
        self.looked[ref] = metadata_of(found).resource_version if found is not None else ""
        data = found.get("data") if found is not None else None
        text = data.get(key) if isinstance(data, Mapping) else None
        if not isinstance(text, str):
            raise _missing(ref, path, key)
        return text

    def _pem_of(self, value: SecretValue, path: str) -> str:
        return self._pem(value.reveal().decode("ascii", "ignore"), path)

    def _pem(self, given: Any, path: str) -> str:
        text = given if isinstance(given, str) else ""
        if _BEGIN not in text:
            with suppress(ValueError):
                text = base64.b64decode(text, validate=False).decode("ascii", "ignore")
        if not _is_x509(text):
            raise self._wrong(path, "write certificates in PEM, or base64 of that")
        return text

    def _text(self, selector: Selector, name: str, path: str) -> str:
        found = selector.get(name) or ""
        if not isinstance(found, str):
            raise self._wrong(f"{path}.{name}", "write a text")
        return found

    def _wrong(self, path: str, hint: str) -> InvalidIntentError:
        message = "a selector of the store is not allowed as it is written"
        return InvalidIntentError("store.selector", message, self._subject(path), hint, path=path)

    def _subject(self, path: str) -> str:
        return f"{self._store.ref.kind} {self._store.ref}, {path}"


@contextmanager
def _telling(ref: SecretRef, path: str, hint: str = "") -> Iterator[None]:
    """Say what a store's author is told where the cluster refuses: absent and forbidden alike."""
    try:
        yield
    except (DeniedError, NotFoundError):
        raise _missing(ref, path, hint=hint) from None


def _missing(ref: SecretRef, path: str, key: str = "", *, hint: str = "") -> NotReadyError:
    what = f"{ref.kind} {ref}, key {key}" if key else f"{ref.kind} {ref}"
    return NotReadyError(
        MISSING,
        "what the store names is absent or may not be read",
        f"{what} ({path})",
        hint or "create it, or correct the selector",
    )


def _is_x509(text: str) -> bool:
    if _BEGIN not in text:
        return False
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True
