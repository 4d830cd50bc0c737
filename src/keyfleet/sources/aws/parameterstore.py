# SPDX-License-Identifier: Apache-2.0
"""AWS Systems Manager Parameter Store: one parameter, its tags, or parameters by search.

Source: docs/compat/eso-aws.md, "Parameter Store".
"""

from collections.abc import AsyncIterator, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from keyfleet.base.errors import DeniedError, SecretNotFoundError
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Search
from keyfleet.plugin.storesearch import name_matcher
from keyfleet.sources.aws.client import Client
from keyfleet.sources.aws.contents import (
    Tags,
    json_of,
    key_of,
    require,
    search_of,
    subject_of,
    value_of,
)
from keyfleet.sources.aws.pages import Found, pages

_GET: Final = "GetParameter"
_PATH_MAX: Final = 10
_DESCRIBE_MAX: Final = 50
"""AWS allows no more on a page."""
_ROOT: Final = "/"


@dataclass(frozen=True, slots=True)
class _Value:
    name: str
    """With `:version` where one is asked for."""


class ParameterStore:
    """Parameter Store of one region."""

    def __init__(self, client: Client, prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix

    def request(self, query: Query) -> Hashable:
        """Return what to ask for: a version's value, tags, or a search.

        Raises:
            InvalidIntentError: `store.query`: no key, or a search by neither name nor tags.
        """
        if query.how is How.SEARCH:
            return search_of(query)
        name = key_of(query, self._prefix)
        if query.is_metadata:
            return Tags(name)
        return _Value(f"{name}:{query.version}" if query.version else name)

    async def fetch(
        self, request: _Value | Tags | Search
    ) -> SecretValue | Mapping[str, SecretValue]:
        """Ask AWS; as `StoreSession.fetch`."""
        match request:
            case _Value(name):
                return await self._value(name)
            case Tags(name):
                answer = await self._client.call(
                    "ListTagsForResource", name, ResourceType="Parameter", ResourceId=name
                )
                require(answer, "ListTagsForResource", name, "TagList")
                return json_of(answer.get("TagList"))
            case Search():
                return await self._find(request)

    async def _value(self, name: str) -> SecretValue:
        answer = await self._client.call(_GET, name, Name=name, WithDecryption=True)
        parameter = answer.get("Parameter") or {}
        return value_of(_GET, name, parameter.get("Value"))

    async def _find(self, search: Search) -> Mapping[str, SecretValue]:
        """Return all that match, by full name; a name wins over tags, as upstream has it."""
        if not search.name_regexp:
            filters = [_filter(f"tag:{key}", "Equals", value) for key, value in search.tags]
            return await self._described(search, filters)
        try:
            return await self._under_path(search)
        except DeniedError:
            # Whoever may read single parameters only is still served, as upstream does.
            return await self._described(search, [])

    async def _under_path(self, search: Search) -> Mapping[str, SecretValue]:
        operation, subject = "GetParametersByPath", subject_of(search)
        matches, found = name_matcher(search.name_regexp), Found(subject)
        async for page in pages(
            self._client,
            operation,
            subject,
            "Parameters",
            Path=search.path or _ROOT,
            Recursive=True,
            WithDecryption=True,
            MaxResults=_PATH_MAX,
        ):
            for parameter in page.get("Parameters", ()):
                name = parameter["Name"]
                if matches(name):
                    found.add(name, value_of(operation, name, parameter.get("Value")))
        return found.values

    async def _described(
        self, search: Search, filters: list[dict[str, Any]]
    ) -> Mapping[str, SecretValue]:
        found = Found(subject_of(search))
        async for name in self._names(search, filters):
            try:
                value = await self._value(name)
            except SecretNotFoundError:
                continue  # it went away meanwhile
            found.add(name, value)
        return found.values

    async def _names(self, search: Search, filters: list[dict[str, Any]]) -> AsyncIterator[str]:
        matches = name_matcher(search.name_regexp)
        if search.path:
            filters = [*filters, _filter("Path", "Recursive", search.path)]
        async for page in pages(
            self._client,
            "DescribeParameters",
            subject_of(search),
            "Parameters",
            ParameterFilters=filters,
            MaxResults=_DESCRIBE_MAX,
        ):
            for parameter in page.get("Parameters", ()):
                if matches(parameter["Name"]):
                    yield parameter["Name"]


def _filter(key: str, option: str, value: str) -> dict[str, Any]:
    return {"Key": key, "Option": option, "Values": [value]}
