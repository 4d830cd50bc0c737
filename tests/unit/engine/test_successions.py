# SPDX-License-Identifier: Apache-2.0
"""A target that is delivered another way: nobody is without its values in between."""

import json
from typing import Any

import pytest
from tests.unit.engine.carrybench import CarryBench, sealed_intent
from tests.unit.engine.fakecluster import Asked
from tests.unit.engine.fakes import OTHER_VALUE, VALUE, intent_of
from tests.unit.engine.passbench import states

from keyfleet.kube.resources import SEALEDSECRETS, SECRETS
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.model.plan import State

SEALED_AT = (SEALEDSECRETS.label, "payments", "db")
MANAGED = "sealedsecrets.bitnami.com/managed"
IN_SYNC = [(State.IN_SYNC, "")]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> CarryBench:
    bench = CarryBench(monkeypatch)
    bench.add_home("home")
    return bench


def is_released(found: dict[str, Any]) -> bool:
    """Tell whether a target was left in place."""
    marker = json.loads(found["metadata"]["annotations"][OWNER_ANNOTATION])
    return bool(marker.get("released"))


async def test_a_sealedsecret_stays_for_the_agent_once_the_carrier_is_written(
    bench: CarryBench,
) -> None:
    bench.want(sealed_intent(is_carried=False))
    await bench.engage("home")
    await bench.run()
    before = bench.cluster.objects[SEALED_AT]["spec"]
    bench.want(sealed_intent(is_carried=True))
    result = await bench.run()
    assert (states(result), result.left_over) == (IN_SYNC, ())
    assert bench.carriers == ["home/payments.db"]
    found = bench.cluster.objects[SEALED_AT]
    assert (is_released(found), found["spec"]) == (True, before)
    assert MANAGED not in found["metadata"]["annotations"]
    bench.gate.asked.clear()
    assert (await bench.run()).wrote == 0
    await bench.clean_up()
    assert SEALED_AT in bench.cluster.objects, "whoever took it has it now"
    assert (bench.carriers, len(bench.gate.asked)) == ([], 1)


async def test_nothing_is_let_go_before_the_carrier_is_there(bench: CarryBench) -> None:
    bench.want(sealed_intent(is_carried=False))
    await bench.engage()
    await bench.run()
    bench.want(sealed_intent(is_carried=True))
    assert states(await bench.run()) == [(State.PENDING, "HubNamespaceMissing")]
    assert not is_released(bench.cluster.objects[SEALED_AT])


async def test_what_was_let_go_is_taken_again_when_it_is_wanted_there(bench: CarryBench) -> None:
    bench.want(sealed_intent(is_carried=False))
    await bench.engage("home")
    await bench.run()
    for is_carried in (True, False):
        bench.want(sealed_intent(is_carried=is_carried))
        await bench.run()
    assert bench.carriers == []
    assert not is_released(bench.cluster.objects[SEALED_AT])


@pytest.mark.parametrize("is_carried", [True, False])
async def test_a_secret_stays_for_whoever_opens_what_is_sealed(
    bench: CarryBench, *, is_carried: bool
) -> None:
    """Its controller takes over only what says so."""
    bench.want(intent_of())
    await bench.engage("home")
    await bench.run()
    bench.want(sealed_intent(is_carried=is_carried))
    bench.cluster.asked.clear()
    assert states(await bench.run()) == IN_SYNC
    found = bench.cluster.secret()
    assert found is not None
    assert (is_released(found), found["data"]) == (True, {"k": VALUE})
    assert found["metadata"]["annotations"][MANAGED] == "true"
    # Before anybody could begin to open what is sealed.
    assert bench.cluster.writes() == ["patch"] + ["create"] * (not is_carried)


async def test_without_a_source_it_goes_all_the_same(bench: CarryBench) -> None:
    """What is deleted on purpose is not handed on."""
    bench.want(intent_of())
    await bench.engage("home")
    await bench.run()
    bench.want(sealed_intent(is_carried=True))
    await bench.clean_up()
    assert bench.cluster.secret() is None


def unseal(bench: CarryBench, uid: str = "") -> None:
    """Make the Secret as the cluster's controller of sealed secrets does."""
    owner = {
        "apiVersion": SEALEDSECRETS.api_version,
        "kind": SEALEDSECRETS.kind,
        "name": "db",
        "uid": uid or bench.cluster.objects[SEALED_AT]["metadata"]["uid"],
        "controller": True,
    }
    bench.cluster.put_secret(k=OTHER_VALUE, metadata={"ownerReferences": [owner]})


async def test_the_secret_is_taken_over_before_its_sealedsecret_goes(bench: CarryBench) -> None:
    bench.want(sealed_intent(is_carried=False))
    await bench.engage()
    await bench.run()
    unseal(bench)
    bench.want(intent_of())
    bench.cluster.asked.clear()
    result = await bench.run()
    assert (states(result), result.left_over) == (IN_SYNC, ())
    found = bench.cluster.secret()
    assert found is not None
    # Nothing ties it to what is deleted, so no garbage collector follows.
    assert (found["data"], found["metadata"]["ownerReferences"]) == ({"k": VALUE}, [])
    assert SEALED_AT not in bench.cluster.objects
    writes = [one for one in bench.cluster.asked if one.verb in ("create", "patch", "delete")]
    assert writes == [Asked("patch", "Secret", "db"), Asked("delete", "SealedSecret", "db")]
    assert (await bench.run()).wrote == 0


async def test_a_reference_that_comes_back_goes_before_the_sealedsecret(bench: CarryBench) -> None:
    """As when a controller, or a restart, came between the two."""
    bench.want(intent_of())
    await bench.engage()
    await bench.run()
    secret = bench.cluster.secret()
    assert secret is not None
    bench.want(sealed_intent(is_carried=False))
    del bench.cluster.objects[SECRETS.label, "payments", "db"]
    await bench.run()
    unseal(bench)
    after = bench.cluster.secret()
    assert after is not None
    after["data"] = secret["data"]
    after["metadata"] |= {key: secret["metadata"][key] for key in ("labels", "annotations")}
    bench.want(intent_of())
    assert states(await bench.run()) == IN_SYNC
    found = bench.cluster.secret()
    assert found is not None
    assert found["metadata"]["ownerReferences"] == []
    assert SEALED_AT not in bench.cluster.objects


async def test_a_secret_of_somebody_elses_sealedsecret_stays_a_conflict(bench: CarryBench) -> None:
    bench.want(sealed_intent(is_carried=False))
    await bench.engage()
    await bench.run()
    unseal(bench, "uid-of-another")
    bench.want(intent_of())
    assert states(await bench.run()) == [(State.CONFLICT, "Unmarked")]
    found = bench.cluster.secret()
    assert found is not None
    assert found["data"] == {"k": OTHER_VALUE}
    assert SEALED_AT in bench.cluster.objects
