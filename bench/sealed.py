# SPDX-License-Identifier: Apache-2.0
"""Many SealedSecrets in one cluster, and a controller that starts: upstream needs 20-30 minutes.

First none of the Secrets exists; then all of them do, but one in a hundred was sealed anew while no
controller ran. Both are over when every SealedSecret says `Synced` of its newest generation and
nothing waits any more. Beside it, a bare unsealer makes the same Secrets, and a bare list reads
what a restart has to know.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench import objects
from bench.changing import create_namespace
from bench.figures import Figure, at_most, told
from bench.keeping import READS, scraped
from bench.looking import Items, last, looking
from bench.processes import contestant, running
from bench.sizes import Sizes
from bench.stage import Stage, each
from keyfleet.base.sealing import Scope, SealingCertificate, load_certificate, make_key
from keyfleet.cli.installingkinds import install_kinds
from keyfleet.engine.sealing.keysecrets import new_key_secret
from keyfleet.kube.resources import SEALEDSECRETS, SECRETS

NAMESPACE, BARE = "sealed", "sealed-bare"
WITHIN_S = 120
"""What is promised for 4,000 of them."""
CHANGED_PERCENT = 1
ITEMS = 3
"""The most that one has."""
SELDOM = 10
"""Writes that do not depend on how many SealedSecrets there are."""
_DEPTH = re.compile(r"^keyfleet_engine_queue_depth\{.*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Start:
    """What one start of the controller took."""

    took_s: float
    cpu_s: float
    rss_mb: float
    writes: float
    """In the member."""


class Sealed:
    """Cold starts of one stage."""

    def __init__(self, stage: Stage, sizes: Sizes) -> None:
        self._stage = stage
        self._member = stage.members(1)[0]
        self._bits = sizes.bits
        self._names = [objects.name_of(number) for number in range(sizes.sealed)]
        self._size = f"{sizes.sealed} SealedSecrets, keys of {sizes.bits} bits"

    async def run(self) -> list[Figure]:
        """Unseal everything, twice; then start again."""
        certificate = await self._set_up()
        await self._seal(certificate, BARE, self._names)
        made_s, listed_s = await self._bare()
        await self._stage.clear(BARE, [self._member])
        await self._seal(certificate, NAMESPACE, self._names)
        first = await self._start()
        changed = self._names[:: 100 // CHANGED_PERCENT]
        await self._seal(certificate, NAMESPACE, changed, is_there=True)
        again = await self._start()
        await self._stage.clear(NAMESPACE, [self._member])
        writes = f"{len(changed)} were sealed anew: Secret, status and Event of each"
        most = 3 * len(changed) + SELDOM
        return [
            *_figures("sealed, first start", first, self._size),
            told("sealed, bare unsealer", made_s, "s", f"{first.took_s / made_s:.3g} times faster"),
            *_figures("sealed, restart", again, self._size),
            told("sealed, bare list", listed_s, "s", f"{again.took_s / listed_s:.3g} times faster"),
            at_most("sealed, writes of a restart", again.writes, most, "", writes),
        ]

    async def _set_up(self) -> SealingCertificate:
        pair = await asyncio.to_thread(make_key, self._stage.clock.now(), bits=self._bits)
        for client in (self._stage.hub, self._member):
            await install_kinds(client, ["sealed-secrets"], tell=lambda _: None)
            while not await client.serves(SEALEDSECRETS):
                await self._stage.clock.sleep(0.1)
        body = new_key_secret(pair)
        await self._member.create(SECRETS, body, namespace=body["metadata"]["namespace"])
        await each(lambda name: create_namespace(name, self._member), [NAMESPACE, BARE])
        return load_certificate(pair.certificate)

    async def _seal(
        self,
        certificate: SealingCertificate,
        namespace: str,
        names: list[str],
        *,
        is_there: bool = False,
    ) -> None:
        async def seal(name: str) -> None:
            spec = {"encryptedData": _items(certificate, namespace, name)}
            if is_there:
                change = {"spec": spec}
                await self._member.merge_patch(SEALEDSECRETS, name, change, namespace=namespace)
            else:
                await self._member.create(SEALEDSECRETS, _manifest(namespace, name, spec))

        await each(seal, names)

    async def _bare(self) -> tuple[float, float]:
        argv = contestant("unsealer", str(self._stage.kubeconfig), self._member.cluster)
        began = time.perf_counter()
        async with running(argv) as bare:
            await bare.ask(do="unseal", namespace=BARE)
            made_s = time.perf_counter() - began
        began = time.perf_counter()
        async with running(argv) as bare:
            await bare.ask(do="list", namespace=BARE)
            return made_s, time.perf_counter() - began

    async def _start(self) -> Start:
        began = time.perf_counter()
        async with (
            self._stage.controller() as controller,
            looking(self._stage, [self._member], SEALEDSECRETS, NAMESPACE) as views,
        ):
            await controller.meets([self._member.cluster])
            await last(views, Synced(self._names))
            while any(float(depth) for depth in _DEPTH.findall(await scraped(controller))):
                await self._stage.clock.sleep(0.1)
            took_s, process = time.perf_counter() - began, controller.running
            writes = _writes(await scraped(controller), self._member.cluster)
            return Start(took_s, process.cpu_s, process.rss_mb, writes)


class Synced:
    """Tells whether all say so of their newest generation; looks at none again that did."""

    def __init__(self, names: list[str]) -> None:
        self._waiting = list(names)

    def __call__(self, items: Items) -> bool:
        """Look."""
        while self._waiting and _is_synced(items.get((NAMESPACE, self._waiting[-1])) or {}):
            self._waiting.pop()
        return not self._waiting


def _is_synced(manifest: Mapping[str, Any]) -> bool:
    status = manifest.get("status") or {}
    conditions = status.get("conditions") or [{}]
    is_new = status.get("observedGeneration") == manifest["metadata"]["generation"]
    return bool(is_new and conditions[0].get("status") == "True")


def _figures(name: str, start: Start, size: str) -> list[Figure]:
    return [
        at_most(f"{name} until all are synced", start.took_s, WITHIN_S, "s", size),
        told(f"{name}, CPU of the controller", start.cpu_s, "s"),
        told(f"{name}, memory of the controller", start.rss_mb, "MB"),
    ]


def _writes(page: str, cluster: str) -> float:
    found = re.findall(
        rf'^keyfleet_kube_requests_total\{{.*?cluster="{cluster}".*?verb="(\w+)".*\}} (\S+)$',
        page,
        re.MULTILINE,
    )
    return sum(float(count) for verb, count in found if verb not in READS)


def _items(certificate: SealingCertificate, namespace: str, name: str) -> dict[str, str]:
    label = Scope.STRICT.label(namespace, name)
    count = 1 + int(name[-1]) % ITEMS
    values = list(objects.data().items())[:count]
    return {key: certificate.seal(value, label) for key, value in values}


def _manifest(namespace: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": SEALEDSECRETS.api_version,
        "kind": SEALEDSECRETS.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": dict(spec),
    }
