# SPDX-License-Identifier: Apache-2.0
"""What both services have in common: what may be asked, and what answers hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from keyfleet.base import gojson
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Search
from keyfleet.plugin.storeerrors import unaskable
from keyfleet.plugin.storesearch import name_matcher
from keyfleet.sources.aws.failures import foreign


@dataclass(frozen=True, slots=True)
class Tags:
    """A request for the tags of a secret: `metadataPolicy: Fetch`."""

    key: str


def key_of(query: Query, prefix: str) -> str:
    """Return the remote name that a query means.

    Raises:
        InvalidIntentError: `store.query`: it names none.
    """
    if query.how is How.GENERATE:
        raise unaskable(query, "a store keeps values, only a generator makes them")
    if not query.key:
        raise unaskable(query, "write the name of the secret as key")
    return prefix + query.key


def search_of(query: Query) -> Search:
    """Return the search that a query means.

    Raises:
        InvalidIntentError: `store.query`: by neither name nor tags, or with a bad expression.
    """
    search = query.search
    if search is None or not (search.name_regexp or search.tags):
        raise unaskable(query, "AWS is searched by name.regexp or by tags")
    if search.name_regexp:
        name_matcher(search.name_regexp)
    return search


def subject_of(search: Search) -> str:
    """Return how a search is named in errors."""
    by = {"path": search.path, "name.regexp": search.name_regexp, "tags": dict(search.tags)}
    return ", ".join(f"find.{name} {value}" for name, value in by.items() if value)


def value_of(operation: str, key: str, *values: str | bytes | None) -> SecretValue:
    """Return the first value that is there.

    Raises:
        UnreachableError: None is: whoever answered is not AWS.
    """
    for value in values:
        if isinstance(value, bytes):
            return SecretValue(value)
        if isinstance(value, str):
            return SecretValue(_utf8(value))
    where = f"{operation} {key}"
    raise foreign(where)


def require(answer: Mapping[str, Any], operation: str, key: str, *holds: str) -> None:
    """Refuse an answer that has nothing of what AWS always says, such as a proxy's page.

    Raises:
        UnreachableError: It is not AWS'.
    """
    if not any(name in answer for name in holds):
        where = f"{operation} {key}"
        raise foreign(where)


def json_of(tags: Iterable[Mapping[str, Any]] | None) -> SecretValue:
    """Return tags as the JSON object that `metadataPolicy: Fetch` means."""
    named = {str(tag.get("Key")): str(tag.get("Value", "")) for tag in tags or ()}
    return SecretValue(gojson.encode(named, escape_html=True))


def _utf8(text: str) -> bytes:
    """Return the text as Go reads it from JSON: half a pair of surrogates becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        halves = text.encode("utf-16-le", "surrogatepass")
    return halves.decode("utf-16-le", "replace").encode()
