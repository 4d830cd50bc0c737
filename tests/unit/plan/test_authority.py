# SPDX-License-Identifier: Apache-2.0
"""Who may read what, asked at every delivery."""

import pytest
from tests.unit.plan.questions import EAST, KEY

from keyfleet.model.intent import Read, SecretRef
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid, IntentKey
from keyfleet.model.plan import State
from keyfleet.model.policy import Grant, Policies, SourceScope, TargetScope
from keyfleet.model.sealed import SealedRead
from keyfleet.model.stores import How, Query, StoreRead, StoreRef
from keyfleet.plan.authority import policies_unknown, source_missing, source_objection

HUB = ClusterFacts(ClusterName("hub"), ClusterUid("h"), is_hub=True)
WEST = ClusterFacts(ClusterName("west"), ClusterUid("w"))


def read_of(namespace: str, name: str = "src", cluster: str = "") -> Read:
    return Read("kubernetes", SecretRef(namespace, name, ClusterName(cluster)))


OWN = read_of("pay")
OTHERS = read_of("vault")
MEMBERS = read_of("pay", cluster="east")


def reads(hub: str, *namespaces: str, clusters: tuple[str, ...] = ("*",)) -> Policies:
    """Return policies that let a hub namespace read namespaces."""
    scope = SourceScope(ChosenClusters(clusters), ChosenNamespaces(namespaces))
    return Policies((Grant("p", ChosenNamespaces((hub,)), sources=scope),))


def test_the_own_namespace_of_the_hub_is_readable() -> None:
    assert source_objection(KEY, OWN, HUB, Policies()) is None


def test_unknown_policies_hold_every_read() -> None:
    finding = source_objection(KEY, OWN, HUB, Policies(is_complete=False))
    assert finding is not None
    assert (finding.state, finding.reason) == (State.HELD, "PolicyUnknown")


def test_a_policy_that_cannot_be_read_holds_everything_by_its_name() -> None:
    """It may forbid what others let pass, and it grants nothing that others would."""
    finding = policies_unknown(Policies(unreadable=("environments", "other")))
    assert finding is not None
    assert (finding.state, finding.reason) == (State.HELD, "PolicyUnknown")
    assert "environments, other" in finding.message
    assert "kubectl describe fleetpolicy environments" in finding.hint
    assert policies_unknown(Policies()) is None


@pytest.mark.parametrize(
    ("read", "cluster"), [(OTHERS, HUB), (MEMBERS, EAST), (read_of("vault", "s"), EAST)]
)
@pytest.mark.parametrize(
    "policies",
    [
        Policies(),
        reads("evil", "vault", "pay"),
        reads("pay", "other"),
        reads("pay", "vault", "pay", clusters=("west",)),
        Policies((Grant("p", ChosenNamespaces(("pay",))),)),
        Policies(
            (
                Grant(
                    "p",
                    ChosenNamespaces(("pay",)),
                    targets=TargetScope(ChosenClusters(("*",)), ChosenNamespaces(("*",))),
                ),
            )
        ),
    ],
)
def test_anything_else_needs_a_grant_to_this_tenant(
    read: Read, cluster: ClusterFacts, policies: Policies
) -> None:
    assert source_objection(KEY, read, cluster, policies) == source_missing(KEY, read, Policies())


@pytest.mark.parametrize(
    ("read", "cluster", "policies"),
    [
        (OTHERS, HUB, reads("pay", "vault")),
        (OTHERS, HUB, reads("*", "*")),
        (MEMBERS, EAST, reads("pay", "pay", clusters=("east",))),
        (MEMBERS, EAST, Policies(is_operator=True)),
    ],
)
def test_a_grant_opens_what_it_says(read: Read, cluster: ClusterFacts, policies: Policies) -> None:
    assert source_objection(KEY, read, cluster, policies) is None


def test_an_evil_tenant_reads_nothing_of_the_hub_but_its_own() -> None:
    evil = IntentKey("FleetSecret", "evil", "db")
    assert source_objection(evil, OWN, HUB, Policies()) == source_missing(evil, OWN, Policies())


def test_an_unknown_cluster_looks_like_an_absent_secret() -> None:
    read = read_of("pay", cluster="nowhere")
    assert source_objection(KEY, read, None, reads("*", "*")) == source_missing(
        KEY, read, Policies()
    )


def test_the_finding_names_the_reference_only() -> None:
    assert source_missing(KEY, MEMBERS, Policies()).message == (
        "Secret east/pay/src cannot be read: it is absent or this intent may not read it"
    )


def test_the_hint_is_the_edit_that_would_allow() -> None:
    def hint(read: Read, policies: Policies) -> str:
        return source_missing(KEY, read, policies).hint

    assert "hub: [pay], sources: {namespaces: {names: [vault]}}" in hint(OTHERS, Policies())
    assert "sources: {clusters: {names: [east]}, namespaces: {names: [pay]}}" in hint(
        MEMBERS, Policies()
    )
    assert hint(OWN, Policies()) == "create it, or correct spec.source.secretRef"
    ref = SecretRef("pay", "t", kind="ConfigMap")
    templates = Read("kubernetes", ref, path="spec.template.templateFrom[0]")
    assert hint(templates, Policies()) == "create it, or correct spec.template.templateFrom[0]"
    assert source_missing(KEY, templates, Policies()).message.startswith("ConfigMap hub/pay/t ")
    assert "FleetPolicy" not in hint(OTHERS, Policies(is_operator=True))


FOUND_IN_EAST = IntentKey("ExternalSecret", "pay", "db", ClusterName("east"))


def store_of(namespace: str, cluster: str = "", kind: str = "SecretStore") -> Read:
    ref = StoreRef(kind, "vault", namespace, ClusterName(cluster))
    return Read("store", StoreRead(ref, Query(How.VALUE, "db")))


WIDE = "ClusterSecretStore"


@pytest.mark.parametrize(
    "read",
    [
        read_of("pay", cluster="east"),
        store_of("pay", "east"),
        store_of("", "east", WIDE),
    ],
)
def test_a_manifest_of_a_member_reads_in_its_namespace_there(read: Read) -> None:
    assert source_objection(FOUND_IN_EAST, read, EAST, Policies()) is None


@pytest.mark.parametrize(
    ("read", "cluster"),
    [
        (read_of("vault", cluster="east"), EAST),
        (store_of("vault", "east"), EAST),
        (OWN, HUB),
        (store_of("pay"), HUB),
        (store_of("", "", WIDE), HUB),
        (store_of("pay", "west"), WEST),
        (store_of("", "west", WIDE), WEST),
    ],
)
def test_a_manifest_of_a_member_reads_nowhere_else_whatever_is_granted(
    read: Read, cluster: ClusterFacts
) -> None:
    """Grants are for namespaces of the hub: who has one of that name elsewhere is somebody else."""
    everything = reads("*", "*", "pay", "vault")
    finding = source_objection(FOUND_IN_EAST, read, cluster, everything)
    assert finding == source_missing(FOUND_IN_EAST, read, everything)


@pytest.mark.parametrize("read", [store_of("pay"), store_of("", kind=WIDE)])
def test_a_store_of_the_hub_is_open_to_its_namespace(read: Read) -> None:
    """Whom a ClusterSecretStore serves it says itself."""
    assert source_objection(KEY, read, HUB, Policies()) is None


def test_a_store_of_another_namespace_needs_a_grant_as_a_secret_does() -> None:
    read = store_of("vault")
    assert source_objection(KEY, read, HUB, Policies()) == source_missing(KEY, read, Policies())
    assert source_objection(KEY, read, HUB, reads("pay", "vault")) is None


def test_no_grant_opens_the_store_of_a_whole_member() -> None:
    read = store_of("", "east", WIDE)
    policies = reads("*", "*")
    assert source_objection(KEY, read, EAST, policies) == source_missing(KEY, read, policies)
    assert source_objection(KEY, read, EAST, Policies(is_operator=True)) is None


def sealed_of(cluster: str = "") -> Read:
    ref = SealedRead(
        KEY.namespace, KEY.name, {"k": "AgB"}, cluster=ClusterName(cluster), kind=KEY.kind
    )
    return Read("sealed", ref, path="spec.source.sealed")


def test_the_keys_of_a_member_open_for_whom_they_are_granted() -> None:
    """Else everybody who sees a sealed text of a cluster could have it opened elsewhere."""
    hub = ClusterFacts(ClusterName("hub"), is_hub=True)
    assert source_objection(KEY, sealed_of(), hub, Policies()) is None
    found = source_objection(KEY, sealed_of("east"), EAST, Policies())
    assert found is not None
    assert (found.state, found.reason) == (State.PENDING, "SourceMissing")
    granted = reads(KEY.namespace, KEY.namespace)
    assert source_objection(KEY, sealed_of("east"), EAST, granted) is None
    assert source_objection(KEY, sealed_of("east"), EAST, reads("others", KEY.namespace))
