# SPDX-License-Identifier: Apache-2.0
"""`spec.source` and `spec.sources` of a FleetSecret -> what is read, and how often."""

from datetime import timedelta

from keyfleet.base import goduration
from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.dialects.native.shaping import SOURCE
from keyfleet.model.intent import Origin, Read, SecretRef
from keyfleet.model.places import ClusterName
from keyfleet.model.refresh import Refresh, RefreshPolicy
from keyfleet.model.sealed import SealedRead
from keyfleet.model.stores import How, Query, StoreRead, StoreRef
from keyfleet.model.v1alpha1.common import StoreKind
from keyfleet.model.v1alpha1.fleetsecret import (
    REFRESH_INTERVAL,
    FleetSecretSpec,
    SealedValues,
    SecretReference,
    StoreReference,
    ValueSource,
)
from keyfleet.model.v1alpha1.limits import check_source

STORE = "store"
"""What reads of stores name as their source."""
SEALED = "sealed"
"""What reads of sealed values name as theirs."""


def read_of(spec: ValueSource, origin: Origin, *, path: str, name: str = "") -> Read:
    """Return what a source names.

    Raises:
        InvalidIntentError: `intent.invalid`: it names several, none, or a field of another.
    """
    check_source(spec, path=path)
    if spec.secret_ref is not None:
        path = path if name else f"{path}.secretRef"
        return Read(SOURCE, _secret(spec.secret_ref, origin), name, path)
    if spec.sealed is not None:
        path = path if name else f"{path}.sealed"
        return Read(SEALED, _sealed(spec.sealed, origin), name, path)
    return Read(STORE, _store_read(spec, origin, path), name, path, key=spec.to or "")


def refresh_of(spec: FleetSecretSpec) -> Refresh | None:
    """Return when stores are asked again; None where none is read.

    Raises:
        InvalidIntentError: `intent.invalid`: an interval is no duration.
    """
    asked = [(spec.source, "spec.source")] if spec.source is not None else []
    named = [(each, f"spec.sources[{index}]") for index, each in enumerate(spec.sources)]
    found = [_interval(each, path) for each, path in (*asked, *named) if each.store_ref]
    if not found:
        return None
    shortest = min(filter(None, found), default=None)
    return Refresh(interval=shortest) if shortest else Refresh(RefreshPolicy.ON_CHANGE)


def _interval(spec: ValueSource, path: str) -> timedelta:
    text = REFRESH_INTERVAL if spec.refresh_interval is None else spec.refresh_interval
    try:
        return goduration.parse(text)
    except InvalidInputError:
        raise _wrong(f"{path}.refreshInterval", "write it as 30s, 5m or 1h30m") from None


def _secret(spec: SecretReference, origin: Origin) -> SecretRef:
    cluster = ClusterName(spec.cluster or "")
    return SecretRef(spec.namespace or origin.namespace, spec.name, cluster)


def _sealed(spec: SealedValues, origin: Origin) -> SealedRead:
    return SealedRead(
        origin.namespace,
        origin.name,
        spec.encrypted_data,
        spec.scope,
        ClusterName(spec.cluster or ""),
        kind=origin.kind,
    )


def _store_read(spec: ValueSource, origin: Origin, path: str) -> StoreRead:
    assert spec.store_ref is not None  # noqa: S101 - narrows the type; check_source() looked
    store = _store(spec.store_ref, origin, path)
    how = How.VALUE if spec.to is not None else How.MAP
    query = Query(how, spec.key or "", spec.property or "", spec.version or "")
    return StoreRead(store, query)


def _store(spec: StoreReference, origin: Origin, path: str) -> StoreRef:
    if spec.kind is StoreKind.SECRET_STORE:
        return StoreRef(spec.kind.value, spec.name, spec.namespace or origin.namespace)
    if spec.namespace is not None:
        raise _wrong(f"{path}.storeRef.namespace", "a ClusterSecretStore is in no namespace")
    return StoreRef(spec.kind.value, spec.name)


def _wrong(path: str, message: str) -> InvalidIntentError:
    return InvalidIntentError("intent.invalid", message, path=path)
