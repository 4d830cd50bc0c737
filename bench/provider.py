# SPDX-License-Identifier: Apache-2.0
"""What a refresh of the same manifests in many clusters costs at the provider, by its own log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from bench import objects
from bench.changing import create_namespace
from bench.figures import Figure, at_most
from bench.looking import Items, View, last, looking
from bench.sizes import Sizes
from bench.stage import Stage, each
from keyfleet.cli.installingkinds import install_kinds
from keyfleet.kube.client import Client
from keyfleet.kube.resources import EXTERNALSECRETS, SECRETS, SECRETSTORES, SERVICE_ACCOUNTS
from keyfleet.localplane import rig
from keyfleet.localplane.moto import Moto

NAMESPACE = "provider"
ACCOUNT, STORE = "reader", "store"
REGION = "us-east-1"
ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/reader"}
AUTH = {"jwt": {"serviceAccountRef": {"name": ACCOUNT}}}
PROVIDER = {"aws": {"service": "SecretsManager", "region": REGION, "auth": AUTH}}
SIGNED = {
    "Content-Type": "application/x-amz-json-1.1",
    "Authorization": f"AWS4-HMAC-SHA256 Credential=bench/20260101/{REGION}/secretsmanager/"
    "aws4_request, SignedHeaders=host, Signature=0",
}


class Provider:
    """The same ExternalSecrets in every cluster, and AWS Secrets Manager as moto plays it."""

    def __init__(self, stage: Stage, sizes: Sizes) -> None:
        self._stage = stage
        self._members = stage.members(sizes.wide)
        self._names = [objects.name_of(number) for number in range(sizes.keys)]

    async def run(self) -> list[Figure]:
        """Let every cluster take all keys, change them, and make all stores be asked again."""
        with Moto() as moto:
            await each(self._set_up, [self._stage.hub, *self._members])
            await self._write(moto, "CreateSecret", "Name", "one")
            async with self._views(moto) as views:
                await last(views, partial(self._hold, "one"))
                before = moto.count("GetSecretValue")
                logins = moto.count("AssumeRoleWithWebIdentity")
                await self._write(moto, "PutSecretValue", "SecretId", "two")
                await self._refresh()
                await last(views, partial(self._hold, "two"))
                reads = moto.count("GetSecretValue") - before
        await self._stage.clear(NAMESPACE, [self._stage.hub, *self._members])
        keys, clusters = len(self._names), len(self._members)
        note = f"{keys} ExternalSecrets in each of {clusters} clusters, {before} reads at first"
        return [
            at_most("provider reads of a refresh", reads, keys, "", note),
            at_most("provider logins", logins, clusters, "", "one for each store"),
        ]

    @asynccontextmanager
    async def _views(self, moto: Moto) -> AsyncIterator[list[View]]:
        stage = self._stage
        async with (
            stage.controller(AWS_ENDPOINT_URL=moto.url) as controller,
            looking(stage, self._members, SECRETS, NAMESPACE) as views,
        ):
            await controller.meets([client.cluster for client in self._members])
            yield views

    async def _write(self, moto: Moto, action: str, field: str, value: str) -> None:
        for name in self._names:
            await asyncio.to_thread(_ask, moto, action, {field: name, "SecretString": value})

    async def _refresh(self) -> None:
        # A store that is declared anew makes its readers due.
        note = {"spec": {"refreshInterval": 3600}}
        await each(
            lambda client: client.merge_patch(SECRETSTORES, STORE, note, namespace=NAMESPACE),
            self._members,
        )

    def _hold(self, value: str, items: Items) -> bool:
        text = {"one": "b25l", "two": "dHdv"}[value]
        found = (items.get((NAMESPACE, name)) or {} for name in self._names)
        return all((one.get("data") or {}).get("value") == text for one in found)

    async def _set_up(self, client: Client) -> None:
        await install_kinds(client, ["eso"], tell=lambda _: None)
        await create_namespace(NAMESPACE, client)
        if client is self._stage.hub:
            return
        for kind in (SECRETSTORES, EXTERNALSECRETS):
            while not await client.serves(kind):
                await self._stage.clock.sleep(0.1)
        await client.create(SERVICE_ACCOUNTS, _body(SERVICE_ACCOUNTS, ACCOUNT, annotations=ROLE))
        await client.create(SECRETSTORES, _body(SECRETSTORES, STORE, {"provider": PROVIDER}))
        for name in self._names:
            entry = {"secretKey": "value", "remoteRef": {"key": name}}
            spec = {"secretStoreRef": {"name": STORE}, "data": [entry]}
            await client.create(EXTERNALSECRETS, _body(EXTERNALSECRETS, name, spec))


def _body(kind: Any, name: str, spec: Any = None, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name, "namespace": NAMESPACE, **metadata},
        **({"spec": spec} if spec else {}),
    }


def _ask(moto: Moto, action: str, body: dict[str, str]) -> None:
    headers = {**SIGNED, "X-Amz-Target": f"secretsmanager.{action}"}
    rig.must(moto.url, "POST", "/", body, headers=headers)
