# SPDX-License-Identifier: Apache-2.0
"""What speaks against delivering to a target."""

from dataclasses import replace

import pytest
from tests.unit.plan.questions import EAST, EAST_UID, KEY, OTHER, desired, intent, live, marker
from tests.unit.plan.questions import question as ask

from keyfleet.model.intent import Guard
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import Spot
from keyfleet.model.places import ClusterName, IntentKey, NamespaceFacts, Place
from keyfleet.model.plan import State
from keyfleet.model.policy import Grant, Policies, SourceScope, TargetScope
from keyfleet.model.v1alpha1.limits import SPECIAL_TYPES
from keyfleet.plan.checks import CHECKS, first_objection, not_a_system_namespace
from keyfleet.plan.question import Question

EVERY_CLUSTER = ChosenClusters(("*",))


def at(namespace: str, *, labels: dict[str, str] | None = None) -> Question:
    """Return the question about a target in another namespace."""
    place = Place(ClusterName("east"), namespace, "db")
    return replace(ask(), place=place, namespace=NamespaceFacts(namespace, labels or {}))


def grants(
    hub: str,
    *namespaces: str,
    clusters: ChosenClusters = EVERY_CLUSTER,
    kinds: tuple[str, ...] = (),
    types: tuple[str, ...] = (),
) -> Policies:
    """Return policies that let a hub namespace write to namespaces."""
    scope = TargetScope(clusters, ChosenNamespaces(namespaces), kinds, types)
    return Policies((Grant("p", ChosenNamespaces((hub,)), targets=scope),))


def reason(question: Question) -> tuple[str, str]:
    """Return state and reason of the first objection."""
    finding = first_objection(question)
    return (finding.state, finding.reason) if finding else ("", "")


def test_nothing_speaks_against_the_namespace_of_the_same_name() -> None:
    assert first_objection(ask()) is None


def test_unknown_policies_hold_everything() -> None:
    question = ask(policies=Policies(is_complete=False), intent=intent(paused=True))
    assert reason(question) == (State.HELD, "PolicyUnknown")


def test_a_paused_intent_says_so() -> None:
    assert reason(ask(intent=intent(paused=True))) == (State.PAUSED, "IntentPaused")


def test_an_absent_namespace_is_waited_for() -> None:
    assert reason(ask(namespace=None)) == (State.PENDING, "NamespaceMissing")


def test_a_terminating_namespace_is_waited_for() -> None:
    going = NamespaceFacts("pay", is_terminating=True)
    assert reason(ask(namespace=going)) == (State.PENDING, "NamespaceTerminating")


@pytest.mark.parametrize("namespace", ["kube-system", "kube-public", "keyfleet-system"])
@pytest.mark.parametrize("policies", [Policies(), grants("pay", "*"), Policies(is_operator=True)])
def test_system_namespaces_are_refused(namespace: str, policies: Policies) -> None:
    question = replace(at(namespace), policies=policies)
    assert reason(question) == (State.REFUSED, "SystemNamespace")


def test_a_system_namespace_that_does_not_exist_is_refused_too() -> None:
    question = replace(at("kube-system"), namespace=None)
    assert reason(question) == (State.REFUSED, "SystemNamespace")


def test_a_manifest_that_counts_where_it_was_found_may_be_in_a_system_namespace() -> None:
    for name, is_open in (
        ("kube-system", True),
        ("kube-public", False),
        ("keyfleet-system", False),
    ):
        asked = at(name)
        assert asked.intent is not None
        home = "kube-system" if name != "keyfleet-system" else name
        key = replace(asked.key, namespace=home)
        guard = replace(asked.intent.guard, takes_own_namespace=True)
        taking = replace(asked, key=key, intent=replace(asked.intent, key=key, guard=guard))
        assert (not_a_system_namespace(taking) is None) is is_open
        plain = replace(taking, intent=replace(taking.intent or asked.intent, guard=Guard()))
        assert not_a_system_namespace(plain) is not None


def test_a_grant_opens_the_system_namespace_it_names_to_whom_it_names() -> None:
    granted = replace(at("kube-public"), policies=grants("pay", "kube-public"))
    assert reason(granted) == ("", "")
    for policies in (
        grants("shop", "kube-public"),
        grants("pay", "kube-public", clusters=ChosenClusters(("west",))),
        grants("pay", "kube-node-lease"),
    ):
        assert reason(replace(granted, policies=policies)) == (State.REFUSED, "SystemNamespace")


def test_no_grant_opens_the_own_namespace() -> None:
    question = replace(at("keyfleet-system"), policies=grants("pay", "keyfleet-system"))
    assert reason(question) == (State.REFUSED, "SystemNamespace")


def test_the_source_is_recognised_by_the_identity_of_its_cluster() -> None:
    """The same Secret under another name of the cluster is the same Secret."""
    source = Spot(EAST_UID, "pay", "db")
    renamed = replace(EAST, name=ClusterName("alias"))
    assert reason(ask(source_spots=(source,), cluster=renamed)) == (State.REFUSED, "TargetIsSource")
    assert reason(ask(source_spots=(Spot("other", "pay", "db"),))) == ("", "")


@pytest.mark.parametrize("kind", sorted(SPECIAL_TYPES))
def test_types_that_make_authority_are_refused_whatever_is_granted(kind: str) -> None:
    question = ask(desired(type_=kind), policies=grants("pay", "*", types=(kind,)))
    assert reason(question) == (State.REFUSED, "SpecialType")


def test_another_namespace_needs_a_grant_of_its_own_tenant() -> None:
    """Neither of two hostile tenants gets anything from what the other was granted."""
    assert reason(at("shop")) == (State.REFUSED, "TargetNotGranted")
    for policies in (
        grants("evil", "shop"),
        grants("pay", "other"),
        grants("pay", "shop", clusters=ChosenClusters(("west",))),
        grants("pay", "shop", types=("kubernetes.io/tls",)),
        grants("pay", "shop", kinds=("ConfigMap",)),
        Policies((Grant("p", ChosenNamespaces(("pay",))),)),
        Policies(
            (
                Grant(
                    "p",
                    ChosenNamespaces(("pay",)),
                    sources=SourceScope(EVERY_CLUSTER, ChosenNamespaces(("shop",))),
                ),
            )
        ),
    ):
        assert reason(replace(at("shop"), policies=policies)) == (
            State.REFUSED,
            "TargetNotGranted",
        )


def test_a_forbidden_namespace_looks_the_same_whether_it_exists_or_not() -> None:
    """Else a placement would be a way to list the namespaces of every member."""
    there = at("shop")
    found = [
        first_objection(question)
        for question in (
            there,
            replace(there, namespace=None),
            replace(there, namespace=NamespaceFacts("shop", is_terminating=True)),
        )
    ]
    assert found[0] is not None
    assert found[0].reason == "TargetNotGranted"
    assert found == [found[0]] * 3


def test_a_granted_namespace_that_is_absent_is_waited_for() -> None:
    absent = replace(at("shop"), namespace=None, policies=grants("pay", "shop"))
    assert reason(absent) == (State.PENDING, "NamespaceMissing")


def test_a_forbidden_namespace_is_named_only_to_who_named_it() -> None:
    """A selector or `*` matches namespaces of others, whose names are not the author's to know."""
    by_name = intent(namespaces=ChosenNamespaces(("shop",)))
    by_star = intent(namespaces=ChosenNamespaces(("*",)))
    told = [first_objection(replace(at("shop"), intent=one)) for one in (by_name, by_star)]
    assert told[0] is not None
    assert told[1] is not None
    assert "namespace shop" in told[0].message
    assert "shop" not in told[1].advice


def test_a_grant_opens_what_it_says() -> None:
    for policies in (
        grants("pay", "shop"),
        grants("*", "shop"),
        grants("pay", "shop", kinds=("Secret",), types=("Opaque",)),
        Policies(is_operator=True),
    ):
        assert reason(replace(at("shop"), policies=policies)) == ("", "")


def test_an_evil_tenant_writes_nothing_into_the_namespace_of_another() -> None:
    evil = IntentKey("FleetSecret", "evil", "db")
    question = ask(key=evil, intent=intent(evil))
    assert reason(question) == (State.REFUSED, "TargetNotGranted")


def test_the_older_intent_gets_an_unmarked_place() -> None:
    assert reason(ask(rival=OTHER)) == (State.CONFLICT, "ClaimedByOlderIntent")
    foreign = live(mark=marker(OTHER))
    assert reason(ask(rival=OTHER, actual=foreign)) == (State.CONFLICT, "ClaimedByOlderIntent")


def test_the_holder_keeps_its_target_against_an_older_intent() -> None:
    assert reason(ask(rival=OTHER, actual=live(mark=marker(KEY)))) == ("", "")


def test_nothing_is_checked_about_what_is_not_there() -> None:
    """A question without an intent or an object is asked about deletions only."""
    bare = replace(ask(), intent=None, desired=None)
    assert [check(bare) for check in CHECKS] == [None] * len(CHECKS)


def test_every_objection_names_its_rule() -> None:
    found = [
        first_objection(question)
        for question in (
            ask(policies=Policies(is_complete=False)),
            ask(intent=intent(paused=True)),
            ask(namespace=None),
            at("kube-system"),
            ask(source_spots=(Spot(EAST_UID, "pay", "db"),)),
            ask(desired(type_="helm.sh/release.v1")),
            at("shop"),
            ask(rival=OTHER),
        )
    ]
    assert all(finding is not None and finding.rule for finding in found)
