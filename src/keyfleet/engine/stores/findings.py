# SPDX-License-Identifier: Apache-2.0
"""What went wrong with a store, as people are told it: entry, key, cause and remedy; no value.

Upstream says the cause in an event only; here it is in the condition too.
Source: compat/external-secrets.md 2.5, 3.2.
"""

from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    SecretNotFoundError,
    TemporaryError,
    ThrottledError,
    TransformError,
    UnreachableError,
)
from keyfleet.model.intent import Read
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import Finding, State
from keyfleet.model.stores import StoreRead, StoreRef

RULE = "store"


def entry_of(read: Read) -> str:
    """Return how an entry of a manifest is named, with the remote key where it has one.

    >>> from keyfleet.model.stores import How, Query
    >>> asked = StoreRead(StoreRef("SecretStore", "aws"), Query(How.VALUE, "db/password"))
    >>> entry_of(Read("store", asked, path="spec.data[0]"))
    'spec.data[0] (key: db/password)'
    """
    key = read.ref.query.key if isinstance(read.ref, StoreRead) else ""
    return f"{read.path} (key: {key})" if key else read.path


def absent(read: Read, ref: StoreRef, *, is_known: bool) -> Finding:
    """Return that there is no such store."""
    where = f"namespace {ref.namespace}" if ref.namespace else "the cluster"
    why = "it does not exist" if is_known else f"{ref.kind} is not served, or not listed yet"
    return Finding(
        State.PENDING,
        "StoreMissing",
        f'{read.path}: could not get {ref.kind} "{ref.name}" in {where}{_in(ref.cluster)}: {why}',
        hint=f"create it, or correct the reference to it in {read.path}",
        rule=RULE,
    )


def not_allowed(read: Read, ref: StoreRef, namespace: str, why: str) -> Finding:
    """Return that the store's conditions leave the namespace out."""
    return Finding(
        State.REFUSED,
        "StoreNotAllowed",
        f'{read.path}: using cluster store "{ref.name}" is not allowed from namespace'
        f' "{namespace}": {why}',
        hint=f"add the namespace to spec.conditions of {ref.kind} {ref.name}",
        rule=RULE,
    )


def not_ready(read: Read, ref: StoreRef, error: KeyfleetError) -> Finding:
    """Return that a store cannot be opened, and why."""
    message = f'{read.path}: {ref.kind} "{ref.name}" is not ready: {error}'
    return Finding(_state(error), _reason(error, "StoreNotReady"), message, error.hint, RULE)


def unread(read: Read, ref: StoreRef, error: KeyfleetError) -> Finding:
    """Return that what an entry asks for cannot be had from a store that is open."""
    message = f'{entry_of(read)}: {ref.kind} "{ref.name}": {error}'
    return Finding(_state(error), _reason(error, "SourceFailed"), message, error.hint, RULE)


def unreadable(read: Read) -> Finding:
    """Return that nothing reads stores here."""
    return Finding(State.FAILED, "SourceFailed", f"{entry_of(read)}: stores are not read here")


def _state(error: KeyfleetError) -> State:
    # What is absent may come: nothing about the declaration is known to be wrong.
    is_awaited = isinstance(error, TemporaryError | SecretNotFoundError)
    return State.PENDING if is_awaited else State.FAILED


def _reason(error: KeyfleetError, otherwise: str) -> str:
    if isinstance(error, SecretNotFoundError):
        return "SourceMissing"
    if isinstance(error, ThrottledError):
        return "ProviderThrottled"
    if isinstance(error, UnreachableError):
        return "SourceUnreachable"
    if isinstance(error, DeniedError):
        return "SourceDenied" if otherwise == "SourceFailed" else otherwise
    if isinstance(error, TransformError):
        return "PropertyMissing" if error.code == "store.property_missing" else otherwise
    return otherwise


def _in(cluster: ClusterName) -> str:
    return f" of cluster {cluster}" if cluster else ""
