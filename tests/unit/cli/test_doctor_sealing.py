# SPDX-License-Identifier: Apache-2.0
"""What `doctor` says of sealing keys, and of targets of other tools' manifests."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.cli.test_doctor import NOW, WELL, ailments, found

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.sealing import load_certificate, load_key
from keyfleet.cli.doctor.facts import ClusterSheet
from keyfleet.cli.doctor.manifests import Manifests
from keyfleet.cli.foreign import asking_kinds
from keyfleet.cli.sealing.keyring.ring import Ring, RingKey
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SEALEDSECRETS, Resource
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.testing.sealing import MADE, key_pair


def key(name: str = "one", days: int = 3650, backed_up: str = "2026-11-02T00:00:00Z") -> RingKey:
    pair = key_pair(name, days=days)
    place = f"kube-system/{name}"
    certificate = load_certificate(pair.certificate)
    return RingKey(load_key(pair.key), "active", place, certificate, backed_up)


def ring(*keys: RingKey, cluster: str = "east", problems: Any = ()) -> Ring:
    return Ring(cluster, keys, keys[0] if keys else None, problems)


def sheet(cluster: str, *keys: RingKey, uid: str = "") -> ClusterSheet:
    keyring = ring(*keys, cluster=cluster)
    return replace(WELL, name=cluster, uid=uid or f"uid-{cluster}", ring=keyring)


def test_keys_that_are_backed_up_and_of_one_cluster_are_well() -> None:
    assert found(sheet("east", key("one")), sheet("west", key("two"))) == []


@pytest.mark.parametrize(
    ("looked", "expected", "words"),
    [
        (lambda: None, ("note", "sealing"), "may not be listed"),
        (
            lambda: ring(key(backed_up="")),
            ("warning", "sealing"),
            "1 sealing key is in no backup: SHA256:",
        ),
        (
            lambda: ring(key(days=(NOW - MADE).days + 20)),
            ("warning", "sealing"),
            "the certificate to seal with ends on",
        ),
        (
            lambda: ring(key(days=(NOW - MADE).days - 1)),
            ("error", "sealing"),
            "the certificate to seal with ended on",
        ),
        (
            lambda: ring(
                problems=(InvalidInputError("sealing.pem", "no key in this", "kube-system/x"),)
            ),
            ("warning", "sealing"),
            "a sealing key cannot be used: no key in this: kube-system/x",
        ),
    ],
)
def test_one_thing_that_is_wrong_with_keys_is_found(
    looked: Callable[[], Ring | None], expected: tuple[str, str], words: str
) -> None:
    (one,) = ailments(ring=looked())
    assert (one.severity.value, one.check) == expected
    assert words in one.message


def test_a_key_that_several_clusters_use_is_told_once_for_all_of_them() -> None:
    both = (sheet("east", key("one")), sheet("west", key("two"), key("one")))
    assert found(*both) == [("warning", "sealing")]
    unused = replace(key("one"), is_active=False)
    assert found(both[0], sheet("west", key("two"), unused)) == []
    again = sheet("alias", key("one"), uid="uid-east")
    assert ("warning", "sealing") not in found(sheet("east", key("one")), again)


class Cluster:
    """Serves SealedSecrets, or does not, or does not let them be listed."""

    def __init__(self, *names: str, is_served: bool = True, is_allowed: bool = True) -> None:
        self.names = names
        self.is_served = is_served
        self.is_allowed = is_allowed

    async def serves(self, resource: Resource) -> bool:
        return self.is_served and resource == SEALEDSECRETS

    async def list_metadata(self, _resource: Resource) -> list[Metadata]:
        if not self.is_allowed:
            raise DeniedError("kube.denied", "denied")
        return [SimpleNamespace(namespace="shop", name=name) for name in self.names]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("cluster", "is_declared"),
    [
        (Cluster("db"), True),
        (Cluster("other"), False),
        (Cluster(is_served=False), False),
        (Cluster("db", is_allowed=False), None),
    ],
)
async def test_what_a_manifest_of_a_member_asked_for_is_no_orphan(
    cluster: Any, is_declared: bool | None
) -> None:
    there = Manifests(cluster, asking_kinds("keyfleet.io"))
    intent = IntentKey("SealedSecret", "shop", "db", ClusterName("east"))
    assert there.concern(intent)
    assert await there.declare(intent) is is_declared
    assert not there.concern(IntentKey("FleetSecret", "shop", "db"))
