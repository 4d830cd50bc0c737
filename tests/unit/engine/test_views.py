# SPDX-License-Identifier: Apache-2.0
from typing import Any

from msgspec.structs import replace
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import INSTALLATION, VALUE, key_of

from keyfleet.base.keyring import Keyring
from keyfleet.base.secret import SecretValue
from keyfleet.engine.views import actual_from_secret, namespace_facts
from keyfleet.kube.objects import Metadata, SecretObject
from keyfleet.model.data import fingerprint
from keyfleet.model.desired import Actual
from keyfleet.model.ownership import MARKED, Installation, Marker
from keyfleet.model.places import IntentKey, NamespaceFacts
from keyfleet.testing.canary import canary

DELETED = "2026-01-01T00:00:00Z"


async def read(**fields: Any) -> Actual:
    cluster = FakeCluster()
    cluster.put_secret(k=VALUE, **fields)
    secret = await cluster.find_secret("payments", "db")
    assert secret is not None
    return actual_from_secret(secret, INSTALLATION, key_of())


async def test_a_live_secret_is_seen_with_its_values_and_their_fingerprint() -> None:
    actual = await read(immutable=True, metadata={"labels": {"l": "1"}, "annotations": {}})
    expected = fingerprint(
        INSTALLATION.ring, hub=INSTALLATION.hub, intent=key_of(), data={"k": VALUE}
    )
    assert (actual.data, actual.fingerprint) == ({"k": VALUE}, expected)
    assert (actual.has_labels, actual.has_annotations, actual.is_immutable) == (True, True, True)
    assert not actual.is_deleting


async def test_missing_maps_and_a_deletion_under_way_are_seen() -> None:
    actual = await read(metadata={"deletionTimestamp": DELETED})
    assert (actual.has_labels, actual.has_annotations, actual.is_deleting) == (False, False, True)


def test_a_namespace_is_its_name_its_labels_and_whether_it_goes() -> None:
    going = Metadata(name="a", labels={"x": "1"}, deletion_timestamp=DELETED)
    assert namespace_facts(going) == NamespaceFacts("a", {"x": "1"}, is_terminating=True)
    assert namespace_facts(Metadata(name="a")) == NamespaceFacts("a")


def test_only_data_that_is_as_its_marker_says_is_as_marked() -> None:
    """Under whichever key of the ring it was marked."""
    key = IntentKey("FleetSecret", "pay", "db")
    old, new = Keyring({"old": b"o" * 32}), Keyring({"new": b"n" * 32, "old": b"o" * 32})
    data = {"k": SecretValue(canary("rendered"))}
    print_ = fingerprint(old, hub="h", intent=key, data=data)
    said = ("h", key.kind, key.namespace, key.name, "u", "c", "pay", "db")
    marked = Marker(*said, inputs="v1:old:aa", fingerprint=print_)

    def judged(marker: Marker, held: dict[str, SecretValue], ring: Keyring = new) -> bool:
        notes = MARKED.marks(marker, Installation("h", old)).annotations
        secret = SecretObject(Metadata(annotations=dict(notes)), "Opaque", held)
        return actual_from_secret(secret, Installation("h", ring), key).is_as_marked

    assert judged(marked, data)
    assert judged(marked, data, old)
    assert not judged(marked, {"k": SecretValue(canary("edited"))})
    assert not judged(marked, data, Keyring({"new": b"n" * 32}))
    assert not judged(replace(marked, intent_name="other"), data)
    assert judged(replace(marked, inputs=""), data)
