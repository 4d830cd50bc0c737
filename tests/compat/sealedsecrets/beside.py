# SPDX-License-Identifier: Apache-2.0
"""Upstream's controller and the installed Keyfleet, each in front of a real API server.

Both are given the same sealing key and the same manifests; then each takes over the other's work.
"""

import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final

from tests.compat.sealedsecrets.besidecases import OWNED, Case
from tests.compat.sealedsecrets.besideseen import Seen, seen
from tests.e2e.harness import Program, Running, isolated

from keyfleet.base import codec
from keyfleet.base.clock import SystemClock
from keyfleet.base.sealing import KeyPair, load_certificate, make_key
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.keysecrets import KEY_LABEL, new_key_secret
from keyfleet.kube.resources import CRDS, FLEETCLUSTERS, NAMESPACES, SEALEDSECRETS, SECRETS
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.manifests import crds, namespace
from keyfleet.manifests.sealedsecrets import sealedsecrets_crds

OURS, THEIRS = "ours", "theirs"
PLACE: Final = "beside"
PATIENCE_S = 90.0
SETTLED_S = 2.5
"""Upstream tries six times within a second; a status of ours waits up to one; a busy machine."""
PAUSE = Event()


@dataclass
class Beside:
    """Two planes, the key that both have, and the controllers."""

    fleet: LocalFleet
    folder: Path
    upstream: Path
    pair: KeyPair = field(default_factory=lambda: make_key(SystemClock().now(), bits=2048))

    def plane(self, side: str) -> ControlPlane:
        return self.fleet.planes[side]

    # What people write.

    def prepare(self, cases: Mapping[str, Case]) -> None:
        """Install the kinds, the key and what the cases begin with."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._prepare, (OURS, THEIRS)))
            written = {name: self._manifest(name, case) for name, case in cases.items()}
            list(pool.map(lambda side: self._write_all(side, cases, written), (OURS, THEIRS)))

    def edit(self, cases: Mapping[str, Case]) -> None:
        """Change the manifests of the cases that say how."""
        for name, case in cases.items():
            spec = {**(case.edit or {})}
            if case.items_later:
                spec["encryptedData"] = self._sealed(name, case, case.items_later)
            for side in (OURS, THEIRS) if spec else ():
                path = SEALEDSECRETS.path(namespace=PLACE, name=name)
                kind = "application/merge-patch+json"
                body = {"spec": spec}
                answer = self.plane(side).api.call("PATCH", path, body, content_type=kind)
                assert answer.status == HTTPStatus.OK, (name, answer.body)
            for side in (OURS, THEIRS) if case.is_deleted else ():
                self.plane(side).api.must("DELETE", SECRETS.path(namespace=PLACE, name=name))

    def declare(self, side: str) -> None:
        """Make a plane a member of Keyfleet's fleet."""
        body = {
            "apiVersion": FLEETCLUSTERS.api_version,
            "kind": FLEETCLUSTERS.kind,
            "metadata": {"name": side},
            "spec": {"context": side},
        }
        self.plane(OURS).api.must("POST", FLEETCLUSTERS.path(), body)

    # The controllers.

    @contextmanager
    def keyfleet(self) -> Iterator[Running]:
        """Run Keyfleet, whose hub is a member of its own fleet."""
        kubeconfig = self.fleet.write_kubeconfig(self.folder / "kubeconfig")
        program = Program(isolated(self.folder, KUBECONFIG=str(kubeconfig)), self.folder)
        words = ("--dialects", "sealed-secrets", "--sealed-secrets-key-namespace", PLACE)
        declared = ("--members", "declared", "--context", OURS, "--listen", "127.0.0.1:0")
        with program.running("run", *declared, *words) as running:
            yield running

    @contextmanager
    def controller(self, side: str) -> Iterator[Path]:
        """Run upstream's controller; give its log."""
        config = self.plane(side).write_kubeconfig(self.folder / f"{side}.kubeconfig")
        log = self.folder / f"upstream-{side}-{monotonic()}.log"
        with log.open("wb") as output:
            command = [str(self.upstream), str(config), PLACE, "2048"]
            process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield log
        finally:
            process.kill()
            process.wait()

    # What people see.

    def settle(self, *sides: str) -> None:
        """Wait until every manifest is answered and then nothing changes any more."""
        none_left(lambda: self.unanswered(*sides))
        before: object = None
        while before != (now := [self._versions(side) for side in sides]):
            before = now
            PAUSE.wait(SETTLED_S)

    def key_secrets(self, side: str) -> list[str]:
        """Return the names of the key Secrets."""
        path = f"{_SECRETS}?labelSelector={KEY_LABEL}"
        return [one["metadata"]["name"] for one in self._list(side, path)]

    def until_ours(self, side: str) -> None:
        """Wait until Keyfleet has answered every manifest: only it gives reasons."""
        path = SEALEDSECRETS.path(namespace=PLACE)
        none_left(lambda: [one for one in self._list(side, path) if not _reason(one)])
        self.settle(side)

    def until_theirs(self, side: str, log: Path) -> None:
        """Wait until upstream's controller has looked at every manifest."""
        found = self._list(side, SEALEDSECRETS.path(namespace=PLACE))
        lines = [f"INFO Updating key={PLACE}/{one['metadata']['name']}\n" for one in found]
        none_left(lambda: [line for line in lines if line not in log.read_text()])
        self.settle(side)

    def unanswered(self, *sides: str) -> list[str]:
        """Return the manifests without a status for what they say now."""
        return [
            f"{side}: {one['metadata']['name']}"
            for side in sides
            for one in self._list(side, SEALEDSECRETS.path(namespace=PLACE))
            if (one.get("status") or {}).get("observedGeneration") != one["metadata"]["generation"]
        ]

    def look(self, side: str) -> dict[str, Seen]:
        """Return what became of every manifest, without what differs by nature."""
        secrets = {one["metadata"]["name"]: one for one in self._list(side, _SECRETS)}
        told: dict[str, set[str]] = {}
        for event in self._list(side, f"/api/v1/namespaces/{PLACE}/events"):
            told.setdefault(event["involvedObject"]["name"], set()).add(event["reason"])
        return {
            name: seen(manifest, secrets.get(name), told.get(name, set()))
            for manifest in self._list(side, SEALEDSECRETS.path(namespace=PLACE))
            for name in (manifest["metadata"]["name"],)
        }

    def _prepare(self, side: str) -> None:
        api = self.plane(side).api
        for crd in [*sealedsecrets_crds(), *(crds() if side == OURS else ())]:
            api.must("POST", CRDS.path(), crd)
        for name in (PLACE, *([namespace()["metadata"]["name"]] if side == OURS else ())):
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            api.must("POST", NAMESPACES.path(), body)
        secret = new_key_secret(self.pair, namespace=PLACE)
        values = secret["data"].items()
        secret["data"] = {item: b64encode(value.reveal()).decode() for item, value in values}
        api.must("POST", _SECRETS, secret)
        paths = [SEALEDSECRETS.path(), *([FLEETCLUSTERS.path()] if side == OURS else ())]
        none_left(lambda: [path for path in paths if api.call("GET", path).status != HTTPStatus.OK])

    def _write_all(self, side: str, cases: Mapping[str, Case], written: Mapping[str, Any]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: self._write(side, cases[name], written[name]), cases))

    def _write(self, side: str, case: Case, manifest: Mapping[str, Any]) -> None:
        api, name = self.plane(side).api, manifest["metadata"]["name"]
        answer = api.call("POST", SEALEDSECRETS.path(namespace=PLACE), manifest)
        assert (answer.status == HTTPStatus.CREATED) != case.is_refused, (name, answer.body)
        if case.is_refused:
            return
        if case.there is not None:
            owner = _reference(answer.json())
            metadata = {**case.there.get("metadata", {}), "name": name}
            owners = metadata.get("ownerReferences", ())
            metadata["ownerReferences"] = [owner if one == OWNED else one for one in owners]
            body = {**case.there, "metadata": metadata}
            body["data"] = {
                key: b64encode(v).decode() for key, v in case.there.get("data", {}).items()
            }
            api.must("POST", _SECRETS, {"apiVersion": "v1", "kind": "Secret", **body})

    def _manifest(self, name: str, case: Case) -> dict[str, Any]:
        spec: dict[str, Any] = {"encryptedData": self._sealed(name, case, case.items)}
        if isinstance(case.raw, Mapping):
            spec["encryptedData"] |= case.raw
        elif case.raw is not None:
            spec["encryptedData"] = case.raw
        if case.whole is not None:
            whole = {"": codec.encode_json(case.whole)}
            spec["data"] = self._sealed(name, case, whole)[""]
        if case.template is not None:
            spec["template"] = case.template
        return {
            "apiVersion": SEALEDSECRETS.api_version,
            "kind": SEALEDSECRETS.kind,
            "metadata": {"name": name, "annotations": dict(case.annotations)},
            "spec": spec | dict(case.spec),
        }

    def _sealed(self, name: str, case: Case, items: Mapping[str, bytes]) -> dict[str, str]:
        label = case.scope.label(PLACE, case.sealed_as or name)
        seal = load_certificate(self.pair.certificate).seal
        return {item: seal(SecretValue(value), label) for item, value in items.items()}

    def _list(self, side: str, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.plane(side).api.must("GET", path)["items"]
        return items

    def _versions(self, side: str) -> str:
        # Of the newest object of each kind, and how many there are.
        paths = (
            _SECRETS,
            SEALEDSECRETS.path(namespace=PLACE),
            f"/api/v1/namespaces/{PLACE}/events",
        )
        metadata = [one["metadata"] for path in paths for one in self._list(side, path)]
        return str(sorted((one["uid"], one["resourceVersion"]) for one in metadata))


_SECRETS: Final = SECRETS.path(namespace=PLACE)


def _reason(manifest: Mapping[str, Any]) -> str | None:
    reason: str | None = manifest["status"]["conditions"][0].get("reason")
    return reason


def _reference(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "name": manifest["metadata"]["name"],
        "uid": manifest["metadata"]["uid"],
        "controller": True,
    }


def none_left(look: Callable[[], list[Any]]) -> None:
    """Look until nothing is left."""
    end = monotonic() + PATIENCE_S
    while left := look():
        assert monotonic() < end, left
        PAUSE.wait(0.1)
