# SPDX-License-Identifier: Apache-2.0
"""One-shot commands lay out on the hub what a cluster takes for itself, and ask that nothing."""

from dataclasses import replace

import pytest
from tests.unit.engine.fakes import VALUE, intent_of
from tests.unit.engine.livebench import LiveBench, told

from keyfleet.base.sealing import Keyset, Scope, load_key
from keyfleet.kube.client import Client
from keyfleet.kube.nowhere import NOWHERE, open_nowhere
from keyfleet.kube.resources import NAMESPACES, SEALEDSECRETS
from keyfleet.model.intent import Intent
from keyfleet.model.matchers import ChosenClusters
from keyfleet.model.places import ClusterName
from keyfleet.plugin import ClusterSnapshot
from keyfleet.testing.clock import FakeClock
from keyfleet.testing.sealing import key_pair

AT = (SEALEDSECRETS.label, "fleet-edge", "payments.db")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> LiveBench:
    """A cluster `edge` that nobody connects to."""
    bench = LiveBench(monkeypatch)
    certificate = key_pair("one").certificate.decode()
    bench.snapshots.append(
        ClusterSnapshot(
            ClusterName("edge"),
            open_nowhere,
            sealing_certificate=certificate,
            hub_namespace="fleet-edge",
            is_agent=True,
        )
    )
    bench.clusters["edge"] = Client("edge", NOWHERE, clock=FakeClock())  # type: ignore[assignment]
    bench.hub.served = frozenset({SEALEDSECRETS})
    bench.hub.put(NAMESPACES, "fleet-edge")
    return bench


def carried() -> Intent:
    wanted = intent_of(clusters=ChosenClusters(("edge",)))
    return replace(wanted, targets=replace(wanted.targets, sealed_as=Scope.STRICT, is_carried=True))


async def test_what_is_planned_lies_on_the_hub_under_the_name_of_its_place(
    bench: LiveBench,
) -> None:
    one_shot = bench.one_shot(carried())
    planned = await one_shot.plan()
    assert told(planned) == [("edge", "create", "")]
    (delivery,) = await one_shot.apply(planned)
    assert (delivery.wrote, delivery.finding) == (True, None)
    found = bench.hub.objects[AT]
    keys = Keyset([load_key(key_pair("one").key)])
    opened = keys.open(found["spec"]["encryptedData"]["k"], b"payments/db")
    assert opened.value == VALUE
    assert found["spec"]["template"]["metadata"]["namespace"] == "payments"
    assert told(await bench.one_shot(carried()).plan()) == [("edge", "none", "")]


async def test_what_is_not_wanted_any_more_is_pruned_there(bench: LiveBench) -> None:
    await bench.apply(carried())
    elsewhere = replace(carried(), targets=intent_of().targets)
    await bench.apply(elsewhere, prune=True)
    assert AT not in bench.hub.objects


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hub_namespace": ""}, "HubNamespaceMissing"),
        ({"hub_namespace": "fleet-absent"}, "HubNamespaceMissing"),
        ({"sealing_certificate": ""}, "SealingCertificateMissing"),
        ({"sealing_certificate": "none"}, "SealingCertificateInvalid"),
    ],
)
async def test_what_is_missing_is_said(
    bench: LiveBench, change: dict[str, str], reason: str
) -> None:
    bench.snapshots[-1] = replace(bench.snapshots[-1], **change)  # type: ignore[arg-type]
    assert told(await bench.one_shot(carried()).plan()) == [("edge", "none", reason)]


async def test_a_hub_that_does_not_serve_the_kind_says_so(bench: LiveBench) -> None:
    bench.hub.served = frozenset()
    planned = await bench.one_shot(carried()).plan()
    assert told(planned) == [("edge", "none", "SealedSecretsNotServed")]


async def test_any_other_delivery_would_have_to_connect(bench: LiveBench) -> None:
    plain = intent_of(clusters=ChosenClusters(("edge",)))
    assert told(await bench.one_shot(plain).plan()) == [("edge", "none", "AgentOnly")]
