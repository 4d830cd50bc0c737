# SPDX-License-Identifier: Apache-2.0
"""Keys of a fleet, and SealedSecrets for it, as the API is asked about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.codec import decode_json, encode_json
from keyfleet.base.errors import NotFoundError, NotReadyError
from keyfleet.base.sealing import (
    KeyPair,
    Keyset,
    Scope,
    SealingCertificate,
    load_certificate,
    load_key,
)
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.api import answers
from keyfleet.engine.sealing.api.answers import Answer
from keyfleet.engine.sealing.api.keys import ClusterKeys
from keyfleet.model.places import ClusterName
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import key_pair

HUB = ClusterName("")
EAST = ClusterName("east")
OLD, NEW, FOREIGN = (key_pair(name) for name in ("old", "new", "foreign"))


def keyset(*pairs: KeyPair) -> Keyset:
    return Keyset([load_key(pair.key) for pair in pairs])


@dataclass
class FleetKeys:
    """The hub with a new and an old key, and east with one of its own."""

    pairs: dict[ClusterName, tuple[KeyPair, ...]] = field(
        default_factory=lambda: {HUB: (NEW, OLD), EAST: (FOREIGN,)}
    )
    is_ready: bool = True

    def of(self, cluster: ClusterName) -> ClusterKeys:
        return ClusterKeys(self.keyset(cluster), self.certificate(cluster))

    def keyset(self, cluster: ClusterName) -> Keyset:
        return keyset(*self._of(cluster))

    def certificate(self, cluster: ClusterName) -> SealingCertificate | None:
        pairs = self._of(cluster)
        return load_certificate(pairs[0].certificate) if pairs else None

    def _of(self, cluster: ClusterName) -> tuple[KeyPair, ...]:
        if not self.is_ready:
            raise NotReadyError("sealing.standby", "this replica stands by and knows no keys")
        if cluster not in self.pairs:
            raise NotFoundError("sealing.no_cluster", "there is no such cluster", cluster)
        return self.pairs[cluster]


def sealed(
    *names: str,
    pair: KeyPair = OLD,
    scope: Scope = Scope.STRICT,
    namespace: str = "shop",
    name: str = "db",
) -> dict[str, str]:
    """Return items sealed for the owner of a key, and for one place."""
    certificate = load_certificate(pair.certificate)
    label = scope.label(namespace, name)
    return {item: certificate.seal(SecretValue(canary(item)), label) for item in names}


def sealed_secret(
    items: Mapping[str, str],
    *,
    annotations: Mapping[str, str] | None = None,
    namespace: str = "shop",
    name: str = "db",
    template: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"namespace": namespace, "name": name}
    if annotations is not None:
        metadata["annotations"] = dict(annotations)
    spec: dict[str, Any] = {"encryptedData": dict(items)}
    if template is not None:
        spec["template"] = dict(template)
    return {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": metadata,
        "spec": spec,
    }


KEYS = FleetKeys()
HUBS = KEYS.of(HUB)
CLUSTER_WIDE = {"sealedsecrets.bitnami.com/cluster-wide": "true"}
NAMESPACE_WIDE = {"sealedsecrets.bitnami.com/namespace-wide": "true"}


def in_time() -> bool:
    return True


def verify(document: Any, cluster: ClusterName = HUB) -> Answer:
    return answers.verify(KEYS.of(cluster), encode_json(document), in_time)


def rotate(document: Any, cluster: ClusterName = HUB) -> Answer:
    return answers.rotate(KEYS.of(cluster), encode_json(document), in_time)


def rotated(document: Any) -> Any:
    answer = rotate(document)
    assert (answer.status, answer.content_type) == (200, "application/json")
    return decode_json(answer.body, subject="")


def opened(text: str, label: bytes) -> bytes:
    """Return what the newest key alone gets out of it."""
    return keyset(NEW).open(text, label).value.reveal()
