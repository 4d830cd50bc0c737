# SPDX-License-Identifier: Apache-2.0
"""Measure which verbs write Secrets fastest on a real control plane, side by side.

Creates by POST and by apply, updates by JSON patch, merge patch, PUT and apply, in interleaved
rounds whose order changes, so that a warming cache or a busy machine favours none. Prints medians
per verb: writes per second, its ratio to the fastest verb of the same round, client CPU per write.
docs/adr/0001-write-with-post-and-json-patch.md rests on it.

    .venv/bin/python bench/write_verbs.py [--objects 500] [--rounds 5] [--connections 32]
"""

import argparse
import asyncio
import operator
import secrets
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.clock import SystemClock
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SECRETS
from keyfleet.localplane import ControlPlane

Write = Callable[[Client, Metadata], Awaitable[Metadata]]

KEYS = 3
VALUE_BYTES = 100


@dataclass
class Measured:
    """What the rounds of one verb took."""

    per_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


def data() -> dict[str, SecretValue]:
    """Return fresh values: an update that changes nothing would not be written."""
    return {f"key-{n}": SecretValue(secrets.token_bytes(VALUE_BYTES)) for n in range(KEYS)}


def body(seen: Metadata, **metadata: str) -> dict[str, Any]:
    """Return a whole Secret with fresh values."""
    place = {"name": seen.name, "namespace": seen.namespace, **metadata}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {**place, "labels": {"app.kubernetes.io/managed-by": "keyfleet"}},
        "type": "Opaque",
        "data": data(),
    }


async def post(client: Client, seen: Metadata) -> Metadata:
    """Create by POST."""
    return await client.create(SECRETS, body(seen))


async def apply(client: Client, seen: Metadata) -> Metadata:
    """Create, or update without a precondition, by server-side apply."""
    return await client.apply(SECRETS, body(seen), force=True)


async def apply_locked(client: Client, seen: Metadata) -> Metadata:
    """Update by server-side apply with the resource version as precondition."""
    whole = body(seen, resourceVersion=seen.resource_version)
    return await client.apply(SECRETS, whole, force=True)


async def json_patch(client: Client, seen: Metadata) -> Metadata:
    """Update by replacing the data and naming the version."""
    version = {"path": "/metadata/resourceVersion", "value": seen.resource_version}
    operations: list[Mapping[str, Any]] = [
        {"op": "replace", **version},
        {"op": "replace", "path": "/data", "value": data()},
    ]
    return await client.json_patch(SECRETS, seen.name, operations, namespace=seen.namespace)


async def merge_patch(client: Client, seen: Metadata) -> Metadata:
    """Update by merging the data, with the version as precondition."""
    change = {"metadata": {"resourceVersion": seen.resource_version}, "data": data()}
    return await client.merge_patch(SECRETS, seen.name, change, namespace=seen.namespace)


async def put(client: Client, seen: Metadata) -> Metadata:
    """Update by replacing the whole object."""
    return await client.replace(SECRETS, body(seen, resourceVersion=seen.resource_version))


CREATES: Mapping[str, Write] = {"create by POST": post, "create by apply": apply}
UPDATES: Mapping[str, Write] = {
    "update by JSON patch": json_patch,
    "update by merge patch": merge_patch,
    "update by PUT": put,
    "update by apply": apply_locked,
}


class Bench:
    """Rounds on one plane."""

    def __init__(self, client: Client, *, objects: int, connections: int) -> None:
        self._client = client
        self._objects = objects
        self._connections = connections
        self.measured: dict[str, Measured] = defaultdict(Measured)

    async def round(self, number: int) -> None:
        """Run every verb once, in an order of this round's own."""
        for verb, write in _rotated(CREATES, number):
            created = await self._timed(verb, write, await self._empty(number, verb))
            for other, update in _rotated(UPDATES, number):
                created = await self._timed(other, update, created)
            await self._remove(created)

    async def _empty(self, number: int, verb: str) -> list[Metadata]:
        prefix = f"{verb.rpartition(' ')[2].lower()}-{number}"
        return [Metadata(name=f"{prefix}-{n}", namespace="bench") for n in range(self._objects)]

    async def _timed(self, verb: str, write: Write, seen: list[Metadata]) -> list[Metadata]:
        began, cpu = time.perf_counter(), time.process_time()
        written = await self._all(write, seen)
        self.measured[verb].per_s.append(len(seen) / (time.perf_counter() - began))
        self.measured[verb].cpu_ms.append((time.process_time() - cpu) / len(seen) * 1000)
        return written

    async def _all(self, write: Write, seen: list[Metadata]) -> list[Metadata]:
        waiting, written = list(seen), []

        async def worker() -> None:
            while waiting:
                written.append(await write(self._client, waiting.pop()))

        async with asyncio.TaskGroup() as group:
            for _ in range(self._connections):
                group.create_task(worker())
        return written

    async def _remove(self, seen: list[Metadata]) -> None:
        async def delete(client: Client, one: Metadata) -> Metadata:
            await client.delete(SECRETS, one.name, namespace=one.namespace, uid=one.uid)
            return one

        await self._all(delete, seen)


def _rotated(verbs: Mapping[str, Write], by: int) -> list[tuple[str, Write]]:
    pairs = list(verbs.items())
    return pairs[by % len(pairs) :] + pairs[: by % len(pairs)]


async def main(*, objects: int, rounds: int, connections: int) -> None:
    """Measure and print."""
    async with await ControlPlane.start("bench") as plane:
        plane.create_namespace("bench")
        token = StaticToken(SecretValue(plane.tokens["admin"].encode()))
        client = Client(
            "bench",
            Access(Endpoint(plane.url, plane.ca_pem), token),
            clock=SystemClock(),
            in_flight=connections,
        )
        bench = Bench(client, objects=objects, connections=connections)
        for number in range(rounds + 1):
            await bench.round(number)
            if number == 0:
                bench.measured.clear()  # the first round warms up server and connections
        await client.close()
    sys.stdout.write("".join(f"{line}\n" for line in table(bench.measured)))


def table(measured: Mapping[str, Measured]) -> list[str]:
    """Return the lines of the result."""
    lines = [f"{'verb':<24}{'writes/s':>10}{'lowest':>10}{'highest':>10}{'ratio':>8}{'CPU ms':>8}"]
    for verbs in (CREATES, UPDATES):
        fastest = [max(speeds) for speeds in zip(*(measured[v].per_s for v in verbs), strict=True)]
        for verb in verbs:
            found = measured[verb]
            ratio = statistics.median(map(operator.truediv, found.per_s, fastest))
            speed = f"{statistics.median(found.per_s):>10,.0f}"
            span = f"{min(found.per_s):>10,.0f}{max(found.per_s):>10,.0f}"
            cpu = statistics.median(found.cpu_ms)
            lines.append(f"{verb:<24}{speed}{span}{ratio:>8.2f}{cpu:>8.3f}")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args()
    asyncio.run(main(objects=given.objects, rounds=given.rounds, connections=given.connections))
