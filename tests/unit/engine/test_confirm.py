# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from tests.unit.engine.fakecluster import Asked, FakeCluster
from tests.unit.engine.fakes import HUB_UID, LoopClock, key_of

from keyfleet.base.errors import DeniedError, KeyfleetError, UnreachableError
from keyfleet.base.tasks import all_of, spawn, stop
from keyfleet.dialects import annotated, eso, native
from keyfleet.engine.deletion.confirm import SHARED_S, Confirmations, Ground
from keyfleet.engine.deletion.holds import Home
from keyfleet.kube.resources import CRDS, EXTERNALSECRETS, FLEETCLUSTERS, FLEETSECRETS, NAMESPACES
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import Finding, State
from keyfleet.plugin import Dialect

KEY = key_of()
ANNOTATED = key_of("src", kind="Secret")
EAST = ClusterName("east")
GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


@pytest.fixture
def hub() -> FakeCluster:
    """A hub that serves the native kinds and holds no object of them."""
    found = FakeCluster("hub", HUB_UID)
    for resource in (FLEETSECRETS, FLEETCLUSTERS):
        found.put(CRDS, resource.label)
    return found


async def ask(hub: FakeCluster, uid: str = HUB_UID) -> Finding | None:
    dialect = native.DIALECT
    return await Confirmations(hub, uid).objection(KEY, dialect, dialect.kinds[0])


async def ask_annotated(hub: FakeCluster) -> Finding | None:
    dialect: Dialect = annotated.dialect()
    return await Confirmations(hub, HUB_UID).objection(ANNOTATED, dialect, dialect.kinds[0])


def reason_of(found: Finding | None) -> str:
    assert found is None or found.state is State.HELD
    return found.reason if found else ""


async def test_an_intent_that_the_hub_does_not_have_is_gone(hub: FakeCluster) -> None:
    assert await ask(hub) is None


async def test_an_intent_of_a_namespace_that_is_absent_is_gone(hub: FakeCluster) -> None:
    del hub.objects[NAMESPACES.label, "", "payments"]
    assert await ask(hub) is None


async def test_an_intent_that_exists_after_all_holds(hub: FakeCluster) -> None:
    hub.put(FLEETSECRETS, "db", namespace="payments")
    assert reason_of(await ask(hub)) == "IntentExists"


async def test_a_namespace_on_its_way_out_holds(hub: FakeCluster) -> None:
    hub.put(NAMESPACES, "payments", metadata=GOING)
    assert reason_of(await ask(hub)) == "HubNamespaceTerminating"


async def test_a_crd_that_is_absent_or_on_its_way_out_holds(hub: FakeCluster) -> None:
    hub.put(CRDS, FLEETSECRETS.label, metadata=GOING)
    assert reason_of(await ask(hub)) == "KindGone"
    del hub.objects[CRDS.label, "", FLEETSECRETS.label]
    assert reason_of(await ask(hub)) == "KindGone"


async def test_another_cluster_in_the_place_of_the_hub_holds(hub: FakeCluster) -> None:
    assert reason_of(await ask(hub, "another-uid")) == "HubChanged"


async def test_a_hub_known_by_ca_and_address_only_cannot_be_compared(hub: FakeCluster) -> None:
    assert await ask(hub, "ca-0123") is None


@pytest.mark.parametrize(
    "error",
    [UnreachableError("api.timeout", "no answer"), DeniedError("api.forbidden", "forbidden")],
)
@pytest.mark.parametrize(
    "question", ["get Namespace", "get CustomResourceDefinition", "get FleetSecret"]
)
async def test_every_error_holds(hub: FakeCluster, question: str, error: KeyfleetError) -> None:
    hub.errors[question] = [error]
    assert reason_of(await ask(hub)) == "HubUnknown"


async def test_a_secret_without_a_request_is_no_intent(hub: FakeCluster) -> None:
    assert await ask_annotated(hub) is None
    hub.put_secret("src", metadata={"annotations": {"keyfleet.io/enabled": "false"}})
    assert await ask_annotated(hub) is None


@pytest.mark.parametrize(
    "annotations",
    [
        {"keyfleet.io/enabled": "true", "keyfleet.io/targets": "east"},
        {"keyfleet.io/enabled": "true", "keyfleet.io/tragets": "east"},
    ],
)
async def test_a_secret_that_asks_even_misspelt_is_an_intent(
    hub: FakeCluster, annotations: dict[str, str]
) -> None:
    hub.put_secret("src", metadata={"annotations": annotations})
    assert reason_of(await ask_annotated(hub)) == "IntentExists"


async def test_one_question_serves_all_clusters_for_a_moment(hub: FakeCluster) -> None:
    clock = LoopClock()
    confirmations = Confirmations(hub, HUB_UID)
    dialect = native.DIALECT

    async def objection() -> Finding | None:
        return await confirmations.objection(KEY, dialect, dialect.kinds[0])

    def questions() -> int:
        return hub.asked.count(Asked("get", "FleetSecret", "db"))

    assert await all_of([objection() for _ in range(9)], name="ask") == [None] * 9
    assert questions() == 1
    await clock.pass_time(SHARED_S + 1, step_s=1)
    hub.put(FLEETSECRETS, "db", namespace="payments")
    assert reason_of(await objection()) == "IntentExists"
    assert questions() == 2


async def test_an_objection_is_asked_again_at_once(hub: FakeCluster) -> None:
    confirmations = Confirmations(hub, HUB_UID)
    dialect = native.DIALECT
    hub.errors["get FleetSecret"] = [UnreachableError("api.timeout", "no answer")]
    first = await confirmations.objection(KEY, dialect, dialect.kinds[0])
    second = await confirmations.objection(KEY, dialect, dialect.kinds[0])
    assert [reason_of(first), reason_of(second)] == ["HubUnknown", ""]


async def test_a_pass_that_is_cancelled_takes_the_answer_from_nobody(hub: FakeCluster) -> None:
    confirmations = Confirmations(hub, HUB_UID)
    kind = native.DIALECT.kinds[0]
    impatient = spawn(confirmations.objection(KEY, native.DIALECT, kind), name="one")
    patient = spawn(confirmations.objection(KEY, native.DIALECT, kind), name="two")
    await stop(impatient)
    assert await patient is None


async def test_a_fleetcluster_that_is_positively_gone_may_be_cleaned_up(hub: FakeCluster) -> None:
    assert await Confirmations(hub, HUB_UID).cluster_objection(EAST) is None


async def test_a_fleetcluster_counts_as_removed_only_without_any_doubt(hub: FakeCluster) -> None:
    confirmations = Confirmations(hub, HUB_UID)
    hub.put(FLEETCLUSTERS, "east")
    assert reason_of(await confirmations.cluster_objection(EAST)) == "ClusterExists"
    hub.put(CRDS, FLEETCLUSTERS.label, metadata=GOING)
    assert reason_of(await confirmations.cluster_objection(EAST)) == "KindGone"
    hub.errors["get CustomResourceDefinition"] = [DeniedError("api.forbidden", "forbidden")]
    assert reason_of(await confirmations.cluster_objection(EAST)) == "HubUnknown"
    other = Confirmations(hub, "another-uid")
    assert reason_of(await other.cluster_objection(EAST)) == "HubChanged"


# Manifests of members.

IN_EAST = replace(KEY, kind="ExternalSecret", cluster=EAST)
CHILD = eso.DIALECT.child


@pytest.fixture
def east() -> FakeCluster:
    """A member that serves ExternalSecrets and holds none."""
    found = FakeCluster()
    found.put(CRDS, EXTERNALSECRETS.label, metadata={"uid": "crd-1"})
    return found


async def ask_east(
    hub: FakeCluster, east: FakeCluster | None, *, uid: str = "uid-east", crd: str = "crd-1"
) -> Finding | None:
    ground = Ground(east, uid, Home(EAST), crd_uid=crd) if east else None
    asked = Confirmations(hub, HUB_UID, lambda *_: ground)
    return await asked.objection(IN_EAST, eso.DIALECT, CHILD)


async def test_a_manifest_of_a_member_is_asked_for_there_and_not_on_the_hub(
    hub: FakeCluster, east: FakeCluster
) -> None:
    hub.put(EXTERNALSECRETS, "db", namespace="payments")
    assert await ask_east(hub, east) is None
    assert hub.asked == []
    east.put(EXTERNALSECRETS, "db", namespace="payments")
    found = await ask_east(hub, east)
    assert reason_of(found) == "IntentExists"
    assert found is not None
    assert "cluster east" in found.message


async def test_every_doubt_about_the_member_holds(hub: FakeCluster, east: FakeCluster) -> None:
    assert reason_of(await ask_east(hub, None)) == "ClusterUnknown"
    assert reason_of(await ask_east(hub, east, uid="another-uid")) == "ClusterChanged"
    assert reason_of(await ask_east(hub, east, crd="crd-0")) == "KindGone"
    east.put(NAMESPACES, "payments", metadata=GOING)
    assert reason_of(await ask_east(hub, east)) == "ClusterNamespaceTerminating"
    east.errors["get Namespace"] = [UnreachableError("api.timeout", "no answer")]
    assert reason_of(await ask_east(hub, east)) == "ClusterUnknown"


async def test_a_crd_of_a_member_that_is_absent_or_on_its_way_out_holds(
    hub: FakeCluster, east: FakeCluster
) -> None:
    east.put(CRDS, EXTERNALSECRETS.label, metadata=GOING)
    assert reason_of(await ask_east(hub, east)) == "KindGone"
    del east.objects[CRDS.label, "", EXTERNALSECRETS.label]
    assert reason_of(await ask_east(hub, east)) == "KindGone"
