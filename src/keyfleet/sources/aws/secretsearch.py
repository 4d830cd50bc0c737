# SPDX-License-Identifier: Apache-2.0
"""Find secrets in AWS Secrets Manager by name, tags and the beginning of the name.

With a path, or without a name, values come in batches of 20; a name alone is looked for in the list
of all secrets, and each match is read: so the calls, and the rights they need, are upstream's. AWS
matches tags by how they begin, and keys and values apart; here a pair has to be equal.
Source: docs/compat/eso-aws.md, "Searching".
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from keyfleet.base.errors import PermanentError, SecretNotFoundError
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import all_of
from keyfleet.model.stores import Search
from keyfleet.plugin.storesearch import name_matcher
from keyfleet.sources.aws.client import Client
from keyfleet.sources.aws.contents import subject_of, value_of
from keyfleet.sources.aws.failures import VERSION_MISSING, refusal_of
from keyfleet.sources.aws.pages import Found, pages

_GET: Final = "GetSecretValue"
_BATCH: Final = "BatchGetSecretValue"
_BATCH_MAX: Final = 20
_LIST_MAX: Final = 100
_AT_A_TIME: Final = 8


class SecretSearch:
    """One search."""

    def __init__(self, client: Client, search: Search) -> None:
        self._client = client
        self._search = search
        self._subject = subject_of(search)
        self._matches = name_matcher(search.name_regexp)
        self._found = Found(self._subject)

    async def run(self) -> Mapping[str, SecretValue]:
        """Return all that match, by full name.

        Raises:
            KeyfleetError: As `StoreSession.fetch`: also where a single one of them may not be read,
                since its absence would remove what was delivered.
        """
        if self._search.tags:
            names = [name async for name in self._listed()]
            await (self._each(names) if self._is_by_name_alone else self._batches(names))
        elif self._search.path:
            await self._batch(Filters=self._filters(), MaxResults=_BATCH_MAX)
        else:
            await self._each([name async for name in self._listed()])
        return self._found.values

    @property
    def _is_by_name_alone(self) -> bool:
        return bool(self._search.name_regexp) and not self._search.path

    async def _listed(self) -> AsyncIterator[str]:
        """Yield the names of the secrets that match, without their values."""
        parameters: dict[str, Any] = {"MaxResults": _LIST_MAX}
        if filters := self._filters():
            parameters["Filters"] = filters
        async for page in pages(
            self._client, "ListSecrets", self._subject, "SecretList", **parameters
        ):
            for entry in page.get("SecretList", ()):
                pairs = {(tag.get("Key"), tag.get("Value")) for tag in entry.get("Tags", ())}
                if pairs.issuperset(self._search.tags) and self._matches(entry["Name"]):
                    yield entry["Name"]

    def _filters(self) -> list[dict[str, Any]]:
        filters = [{"Key": "name", "Values": [self._search.path]}] if self._search.path else []
        for key, value in self._search.tags:
            filters.append({"Key": "tag-key", "Values": [key]})
            filters.append({"Key": "tag-value", "Values": [value]})
        return filters

    async def _each(self, names: Sequence[str]) -> None:
        for start in range(0, len(names), _AT_A_TIME):
            reads = (self._read(name) for name in names[start : start + _AT_A_TIME])
            await all_of(reads, name="read what was found")

    async def _read(self, name: str) -> None:
        try:
            answer = await self._client.call(_GET, name, SecretId=name)
        except PermanentError as error:
            _pass_over(error)
        else:
            self._add(name, answer)

    async def _batches(self, names: Sequence[str]) -> None:
        for start in range(0, len(names), _BATCH_MAX):
            await self._batch(SecretIdList=names[start : start + _BATCH_MAX])

    async def _batch(self, **parameters: Any) -> None:
        async for page in pages(
            self._client, _BATCH, self._subject, "SecretValues", "Errors", **parameters
        ):
            for problem in page.get("Errors", ()):
                told = {"Code": problem.get("ErrorCode"), "Message": problem.get("Message")}
                _pass_over(refusal_of({"Error": told}, _BATCH, problem.get("SecretId", "")))
            for entry in page.get("SecretValues", ()):
                if self._matches(entry["Name"]):
                    self._add(entry["Name"], entry)

    def _add(self, name: str, answer: Mapping[str, Any]) -> None:
        value = value_of(_GET, name, answer.get("SecretString"), answer.get("SecretBinary"))
        self._found.add(name, value)


def _pass_over(error: Exception) -> None:
    """Go on where a secret went away meanwhile or never had a value; raise whatever else it is."""
    is_gone = isinstance(error, SecretNotFoundError)
    if not is_gone and getattr(error, "code", "") != VERSION_MISSING:
        raise error
