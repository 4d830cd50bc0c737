# SPDX-License-Identifier: Apache-2.0
"""Ask an API server about itself and about who asks: version, kinds, rights, name."""

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from keyfleet.base.errors import NotFoundError
from keyfleet.kube import requests
from keyfleet.kube.connection import Connection
from keyfleet.kube.resources import Resource
from keyfleet.kube.responses import unexpected_answer

T = TypeVar("T")

_VERSION = re.compile(r"[A-Za-z0-9.+_~-]{1,64}")


class _Discovered(msgspec.Struct):
    name: str = ""


# Fields without a default must be there: `{}` from a proxy is no answer.
class _Discovery(msgspec.Struct, rename="camel"):
    group_version: str
    resources: list[_Discovered] | None = None


class _Version(msgspec.Struct, rename="camel"):
    git_version: str


class _Verdict(msgspec.Struct):
    allowed: bool


class _Review(msgspec.Struct):
    status: _Verdict


class _User(msgspec.Struct):
    username: str


class _Person(msgspec.Struct, rename="camel"):
    user_info: _User


class _SelfReview(msgspec.Struct):
    status: _Person


class Inquirer(Connection):
    """Asks one cluster what it is, and what may be done there."""

    async def serves(self, resource: Resource) -> bool:
        """Tell whether the server serves a kind under this group and version."""
        try:
            found = await self._ask(requests.served_kinds(resource), _decoder(_Discovery))
        except NotFoundError:
            return False
        return any(kind.name == resource.plural for kind in found.resources or ())

    async def version(self) -> str:
        """Return the server's version, such as `v1.36.0`."""
        request = requests.server_version()
        found = await self._ask(request, _decoder(_Version))
        if not _VERSION.fullmatch(found.git_version):
            # It is shown to people and stored in a status.
            raise unexpected_answer(f"{self.cluster}/{request.subject}")
        return found.git_version

    async def can(
        self,
        verb: str,
        resource: Resource,
        *,
        namespace: str = "",
        name: str = "",
        subresource: str = "",
    ) -> bool:
        """Tell whether the own identity may do this."""
        request = requests.access_review(
            verb, resource, namespace=namespace, name=name, subresource=subresource
        )
        return (await self._ask(request, _decoder(_Review))).status.allowed

    async def username(self) -> str:
        """Return how the server calls who is logged in."""
        found = await self._ask(requests.self_review(), _decoder(_SelfReview))
        return found.status.user_info.username


def _decoder(kind: type[T]) -> Callable[[bytes], T]:
    return msgspec.json.Decoder(kind).decode
