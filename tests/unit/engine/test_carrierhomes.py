# SPDX-License-Identifier: Apache-2.0
"""What lies on the hub for a cluster moves with the namespace that is said for it."""

from copy import deepcopy

import pytest
from tests.unit.engine.carrybench import CarryBench
from tests.unit.engine.passbench import states

from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.model.plan import State

AT = (SEALEDSECRETS.label, "old", "payments.db")


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> CarryBench:
    """One carrier lies in the namespace `old`."""
    bench = CarryBench(monkeypatch)
    bench.add_home("old", "new")
    await bench.engage("old")
    await bench.run()
    assert bench.carriers == ["old/payments.db"]
    return bench


async def test_it_is_written_to_the_new_namespace_and_goes_from_the_old(bench: CarryBench) -> None:
    await bench.engage("new")
    bench.hub.asked.clear()
    result = await bench.run()
    assert (states(result), result.left_over) == ([(State.IN_SYNC, "")], ())
    assert bench.carriers == ["new/payments.db"]
    assert bench.hub.writes() == ["create", "delete"]


async def test_nothing_goes_before_the_new_one_is_there(bench: CarryBench) -> None:
    await bench.engage("absent")
    assert states(await bench.run()) == [(State.PENDING, "HubNamespaceMissing")]
    assert bench.carriers == ["old/payments.db"]
    bench.add_home("absent")
    await bench.run()
    assert bench.carriers == ["absent/payments.db"]


async def test_it_goes_from_both_with_its_intent(bench: CarryBench) -> None:
    await bench.engage("absent")
    await bench.clean_up()
    assert bench.carriers == []


async def test_a_copy_elsewhere_is_left_alone(bench: CarryBench) -> None:
    """It carries a marker that verifies for the place in the cluster, but not for where it lies."""
    copy = deepcopy(bench.hub.objects[AT])
    copy["metadata"] |= {"namespace": "theirs", "uid": "uid-copy"}
    bench.hub.objects[SEALEDSECRETS.label, "theirs", "payments.db"] = copy
    await bench.engage("new")
    await bench.run()
    assert bench.carriers == ["new/payments.db", "theirs/payments.db"]


async def test_once_it_has_moved_nothing_is_written(bench: CarryBench) -> None:
    await bench.engage("new")
    await bench.run()
    await bench.engage("new")
    bench.hub.asked.clear()
    assert (await bench.run()).wrote == 0
    assert bench.hub.writes() == []
