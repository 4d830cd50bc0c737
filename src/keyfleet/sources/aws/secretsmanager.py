# SPDX-License-Identifier: Apache-2.0
"""AWS Secrets Manager: one secret by name or ARN, its tags, or secrets by search.

Source: docs/compat/eso-aws.md, "Secrets Manager".
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Final

from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Search
from keyfleet.sources.aws.client import Client
from keyfleet.sources.aws.contents import Tags, json_of, key_of, require, search_of, value_of
from keyfleet.sources.aws.secretsearch import SecretSearch

_GET: Final = "GetSecretValue"
_CURRENT: Final = "AWSCURRENT"
_BY_ID: Final = "uuid/"


@dataclass(frozen=True, slots=True)
class _Value:
    key: str
    """Name or ARN."""
    version_id: str = ""
    stage: str = ""


class SecretsManager:
    """Secrets Manager of one region."""

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
        key = key_of(query, self._prefix)
        if query.is_metadata:
            return Tags(key)
        if query.version.startswith(_BY_ID):
            return _Value(key, version_id=query.version.removeprefix(_BY_ID))
        return _Value(key, stage=query.version or _CURRENT)

    async def fetch(
        self, request: _Value | Tags | Search
    ) -> SecretValue | Mapping[str, SecretValue]:
        """Ask AWS; as `StoreSession.fetch`."""
        match request:
            case _Value():
                return await self._value(request)
            case Tags(key):
                answer = await self._client.call("DescribeSecret", key, SecretId=key)
                require(answer, "DescribeSecret", key, "ARN", "Name")
                return json_of(answer.get("Tags"))
            case Search():
                return await SecretSearch(self._client, request).run()

    async def _value(self, request: _Value) -> SecretValue:
        if request.version_id:
            version = {"VersionId": request.version_id}
        else:
            version = {"VersionStage": request.stage}
        answer = await self._client.call(_GET, request.key, SecretId=request.key, **version)
        return value_of(_GET, request.key, answer.get("SecretString"), answer.get("SecretBinary"))
