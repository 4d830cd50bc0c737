# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts
from keyfleet.model.policy import Grant, Policies, SourceScope, TargetScope
from keyfleet.model.selectors import parse_selector

HUB = ClusterFacts(ClusterName("hub"), is_hub=True)
EAST = ClusterFacts(ClusterName("east"), labels={"env": "prod"})
WEST = ClusterFacts(ClusterName("west"), labels={"env": "dev"})
PLATFORM, APPS = NamespaceFacts("platform"), NamespaceFacts("apps")
ALL = ChosenNamespaces(("*",))
OPAQUE = "Opaque"


def _grant(
    *,
    hub: str = "platform",
    clusters: ChosenClusters | None = None,
    sources: ChosenNamespaces | None = None,
    targets: ChosenNamespaces | None = None,
    kinds: tuple[str, ...] = (),
    types: tuple[str, ...] = (),
) -> Grant:
    where = clusters or ChosenClusters(("east",))
    return Grant(
        "policy",
        ChosenNamespaces((hub,)),
        sources=SourceScope(where, sources) if sources else None,
        targets=TargetScope(where, targets, kinds, types) if targets else None,
    )


def test_without_a_grant_a_namespace_reads_only_its_own_on_the_hub() -> None:
    policies = Policies()
    assert policies.may_read(APPS, HUB, "apps")
    assert not policies.may_read(APPS, HUB, "platform")
    assert not policies.may_read(APPS, EAST, "apps")


def test_without_a_grant_a_namespace_writes_only_to_its_own_name() -> None:
    policies = Policies()
    assert policies.may_write(APPS, EAST, NamespaceFacts("apps"), OPAQUE)
    assert not policies.may_write(APPS, EAST, PLATFORM, OPAQUE)


def test_a_person_at_a_command_line_is_limited_by_the_clusters_alone() -> None:
    policies = Policies(is_operator=True)
    assert policies.may_read(APPS, EAST, "platform")
    assert policies.may_write(APPS, EAST, PLATFORM, OPAQUE)


def test_a_grant_is_for_its_hub_namespace_its_clusters_and_its_namespaces() -> None:
    policies = Policies((_grant(sources=ChosenNamespaces(("db",)), targets=ALL),))
    assert policies.may_read(PLATFORM, EAST, "db")
    assert not policies.may_read(PLATFORM, EAST, "other")
    assert not policies.may_read(PLATFORM, WEST, "db")
    assert not policies.may_read(APPS, EAST, "db")
    assert policies.may_write(PLATFORM, EAST, APPS, OPAQUE)
    assert not policies.may_write(PLATFORM, WEST, APPS, OPAQUE)
    assert not policies.may_write(APPS, EAST, PLATFORM, OPAQUE)


def test_to_read_is_not_to_write() -> None:
    reads, writes = Policies((_grant(sources=ALL),)), Policies((_grant(targets=ALL),))
    assert not reads.may_write(PLATFORM, EAST, APPS, OPAQUE)
    assert not writes.may_read(PLATFORM, EAST, "apps")


def test_two_grants_do_not_add_up_to_a_third() -> None:
    in_east = _grant(targets=ChosenNamespaces(("a",)))
    in_west = _grant(clusters=ChosenClusters(("west",)), targets=ChosenNamespaces(("b",)))
    policies = Policies((in_east, in_west))
    assert not policies.may_write(PLATFORM, EAST, NamespaceFacts("b"), OPAQUE)
    assert not policies.may_write(PLATFORM, WEST, NamespaceFacts("a"), OPAQUE)


def test_targets_may_be_granted_by_label() -> None:
    clusters = ChosenClusters(selector=parse_selector("env=prod"))
    namespaces = ChosenNamespaces(selector=parse_selector("team=pay"))
    policies = Policies((_grant(clusters=clusters, targets=namespaces),))
    pay, ops = NamespaceFacts("x", {"team": "pay"}), NamespaceFacts("x", {"team": "ops"})
    assert policies.may_write(PLATFORM, EAST, pay, OPAQUE)
    assert not policies.may_write(PLATFORM, EAST, ops, OPAQUE)
    assert not policies.may_write(PLATFORM, WEST, pay, OPAQUE)


@pytest.mark.parametrize(
    ("kinds", "types", "allowed"),
    [
        ((), (), True),
        (("Secret",), ("Opaque",), True),
        (("ConfigMap",), (), False),
        ((), ("kubernetes.io/tls",), False),
    ],
)
def test_kinds_and_types_narrow_a_grant(
    kinds: tuple[str, ...], types: tuple[str, ...], *, allowed: bool
) -> None:
    policies = Policies((_grant(targets=ALL, kinds=kinds, types=types),))
    assert policies.may_write(PLATFORM, EAST, APPS, OPAQUE) is allowed


class TestSystemNamespaces:
    SYSTEM = NamespaceFacts("kube-system", {"team": "pay"})
    NAMED = ChosenNamespaces(("kube-system",))

    def test_a_grant_by_name_opens_one(self) -> None:
        policies = Policies((_grant(targets=self.NAMED),))
        assert policies.names_system_namespace(PLATFORM, EAST, self.SYSTEM)

    @pytest.mark.parametrize(
        "targets",
        [
            ALL,
            ChosenNamespaces(selector=parse_selector("team=pay")),
            ChosenNamespaces(("kube-system",), exclude=("kube-system",)),
        ],
        ids=["star", "label", "excluded"],
    )
    def test_nothing_else_does(self, targets: ChosenNamespaces) -> None:
        policies = Policies((_grant(targets=targets),))
        assert not policies.names_system_namespace(PLATFORM, EAST, self.SYSTEM)

    def test_a_grant_opens_it_for_nobody_else_and_nowhere_else(self) -> None:
        everywhere = ChosenClusters(("*",))
        broad = _grant(hub="apps", clusters=everywhere, targets=ALL)
        policies = Policies((_grant(targets=self.NAMED), broad))
        assert not policies.names_system_namespace(APPS, EAST, self.SYSTEM)
        assert not policies.names_system_namespace(PLATFORM, WEST, self.SYSTEM)
