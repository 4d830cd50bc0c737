# SPDX-License-Identifier: Apache-2.0
"""What providers of stores say when a store or a question is no good: one text for each code.

Subjects name the store, the remote key and the property; none of them is a secret. What a provider
answered is never quoted.
"""

from typing import Any, TypeVar

from keyfleet.base import codec
from keyfleet.base.errors import (
    DeniedError,
    InvalidInputError,
    InvalidIntentError,
    PermanentError,
    SecretNotFoundError,
    TransformError,
)
from keyfleet.model.stores import Query, Store

T = TypeVar("T")


def config_of(kind: type[T], store: Store) -> T:
    """Return the store's configuration as a Struct; fields that it does not know are ignored.

    Raises:
        InvalidIntentError: `store.invalid`: not of that shape; `path` says where.
    """
    try:
        return codec.convert(kind, _plain(store.config), subject=str(store.ref))
    except InvalidInputError as error:
        problem = invalid(store, error.path, error.message)
    raise problem


def _plain(value: Any) -> Any:
    return dict(value) if not isinstance(value, dict) else value


def invalid(store: Store, path: str, hint: str) -> InvalidIntentError:
    """Return the refusal of a declaration that cannot work.

    Args:
        store: The store or generator.
        path: The field, below `spec.provider.<name>`.
        hint: What is wrong with it, or what to write.
    """
    return InvalidIntentError(
        "store.invalid",
        "the store cannot work as it is declared",
        f"{store.ref.kind} {store.ref}, {path}" if path else f"{store.ref.kind} {store.ref}",
        hint,
        path=path,
    )


def unaskable(query: Query, hint: str) -> InvalidIntentError:
    """Return the refusal of a question that the provider does not understand."""
    return InvalidIntentError("store.query", "the store cannot be asked so", query.key, hint)


def login_refused(store: Store, hint: str = "") -> DeniedError:
    """Return the error for a login that the provider does not accept."""
    return DeniedError(
        "store.login_refused",
        "the store's provider does not accept the login",
        f"{store.ref.kind} {store.ref}",
        hint or "check the credentials that the store names",
    )


def secret_not_found(query: Query) -> SecretNotFoundError:
    """Return the error for a remote secret that the provider said to be absent."""
    return SecretNotFoundError(
        "store.secret_not_found",
        "the secret does not exist in the store",
        _named(query),
        "create it there, or correct the key",
    )


def property_missing(query: Query) -> TransformError:
    """Return the error for a remote secret without the property that is asked for."""
    return TransformError(
        "store.property_missing",
        "the secret in the store has no such property",
        f"{query.property} of {_named(query)}",
        "add it there, or correct the property",
        key=query.property,
    )


def not_an_object(query: Query) -> TransformError:
    """Return the error for a value that has no members, though its members are asked for."""
    return TransformError(
        "store.not_an_object",
        "the value in the store is not a JSON object",
        f"{query.property} of {_named(query)}" if query.property else _named(query),
        "only a JSON object can be extracted; use data for a single value",
        key=query.key,
    )


def search_too_large(where: str, hint: str) -> PermanentError:
    """Return the error for a search that finds more than is kept in memory.

    Args:
        where: What was searched.
        hint: How to find less, and what the bounds are.
    """
    return PermanentError(
        "store.search_too_large", "the search finds more than is kept", where, hint
    )


def _named(query: Query) -> str:
    return f"{query.key}, version {query.version}" if query.version else query.key
