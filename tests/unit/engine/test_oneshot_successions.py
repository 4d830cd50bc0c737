# SPDX-License-Identifier: Apache-2.0
"""One-shot commands change the way of a delivery in an order that leaves nobody without it."""

from dataclasses import replace

import pytest
from tests.unit.engine.carrybench import sealed_intent
from tests.unit.engine.fakes import OTHER_VALUE, VALUE, intent_of
from tests.unit.engine.livebench import LiveBench

from keyfleet.base.errors import DeniedError
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.testing.sealing import key_pair

SEALED_AT = (SEALEDSECRETS.label, "payments", "db")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> LiveBench:
    bench = LiveBench(monkeypatch)
    certificate = key_pair("one").certificate.decode()
    bench.snapshots = [replace(bench.snapshots[0], sealing_certificate=certificate)]
    bench.east.served = frozenset({SEALEDSECRETS})
    return bench


def unseal(bench: LiveBench) -> None:
    """Make the Secret as the cluster's controller of sealed secrets does."""
    uid = bench.east.objects[SEALED_AT]["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "SealedSecret", "name": "db", "uid": uid}
    metadata = {"ownerReferences": [{**owner, "controller": True}]}
    bench.east.put_secret(k=OTHER_VALUE, metadata=metadata)


async def test_a_secret_is_taken_over_before_its_sealedsecret_goes(bench: LiveBench) -> None:
    await bench.apply(sealed_intent(is_carried=False))
    unseal(bench)
    bench.east.asked.clear()
    await bench.apply(intent_of(), prune=True)
    found = bench.east.secret()
    assert found is not None
    assert (found["data"], found["metadata"]["ownerReferences"]) == ({"k": VALUE}, [])
    assert (bench.east.writes(), SEALED_AT in bench.east.objects) == (["patch", "delete"], False)


async def test_what_could_not_be_taken_over_keeps_its_sealedsecret(bench: LiveBench) -> None:
    await bench.apply(sealed_intent(is_carried=False))
    unseal(bench)
    bench.east.errors["patch Secret"] = [DeniedError("api.forbidden", "no")]
    await bench.apply(intent_of(), prune=True)
    assert SEALED_AT in bench.east.objects


async def test_a_secret_is_let_go_before_it_is_delivered_sealed(bench: LiveBench) -> None:
    await bench.apply(intent_of())
    bench.east.asked.clear()
    await bench.apply(sealed_intent(is_carried=False), prune=True)
    assert bench.east.writes() == ["patch", "create"]
    found = bench.east.secret()
    assert found is not None
    assert found["metadata"]["annotations"]["sealedsecrets.bitnami.com/managed"] == "true"
