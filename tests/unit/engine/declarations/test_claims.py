# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.dialects import annotated, eso, native, sealedsecrets
from keyfleet.engine.declarations.claims import Claims, for_members, is_own, kinds_of
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import EXTERNALSECRETS, FLEETSECRETS
from keyfleet.model.selectors import parse_selector

OURS = Metadata(labels={"app.kubernetes.io/managed-by": "keyfleet"})
UPSTREAM = Metadata(labels={"app.kubernetes.io/managed-by": "Helm"})
UNLABELLED = Metadata()
CHILD, NATIVE = eso.DIALECT.child, native.DIALECT.kinds[0]
NAMED = Claims(dialects=frozenset({"eso"}))


@pytest.mark.parametrize(
    ("claims", "crd", "is_served"),
    [
        (Claims(), OURS, True),
        (Claims(), UPSTREAM, False),
        (Claims(), UNLABELLED, False),
        (NAMED, OURS, True),
        (NAMED, UPSTREAM, True),
        (Claims(dialects=frozenset({"other"})), UPSTREAM, False),
    ],
)
def test_a_foreign_kind_is_ours_by_its_crd_or_by_a_setting(
    claims: Claims, crd: Metadata, is_served: bool
) -> None:
    assert claims.serves(eso.DIALECT, CHILD, crd) is is_served
    assert is_own(crd) is (crd is OURS)


def test_a_native_kind_is_always_ours() -> None:
    assert Claims().serves(native.DIALECT, NATIVE, UNLABELLED)
    chosen = Claims(namespaces={native.DIALECT.name: frozenset({"shop"})})
    assert chosen.covers(native.DIALECT, NATIVE, "other")


def test_chosen_namespaces_hold_for_foreign_manifests_that_have_one() -> None:
    chosen = Claims(namespaces={"eso": frozenset({"shop"})})
    assert chosen.covers(eso.DIALECT, CHILD, "shop")
    assert not chosen.covers(eso.DIALECT, CHILD, "other")
    assert chosen.covers(eso.DIALECT, CHILD, "")
    assert Claims().covers(eso.DIALECT, CHILD, "other")


def test_namespaces_that_are_chosen_for_one_tool_hold_for_no_other() -> None:
    chosen = Claims(namespaces={"eso": frozenset({"shop"}), "sealed-secrets": frozenset()})
    (sealed,) = sealedsecrets.DIALECT.kinds
    assert chosen.covers(sealedsecrets.DIALECT, sealed, "other")


def test_only_our_own_crds_are_looked_for_where_no_setting_names_the_dialect() -> None:
    foreign = for_members([native.DIALECT, annotated.dialect(), eso.DIALECT])
    assert {kind.resource.kind for _, kind in foreign} >= {"ExternalSecret", "SecretStore"}
    assert FLEETSECRETS.kind not in {kind.resource.kind for _, kind in foreign}
    assert Claims().are_all_own(foreign)
    assert not NAMED.are_all_own(foreign)
    assert not Claims().are_all_own(kinds_of([native.DIALECT, eso.DIALECT]))


def test_annotated_secrets_have_no_manifests_of_their_own() -> None:
    found = {kind.resource for _, kind in kinds_of([annotated.dialect(), eso.DIALECT])}
    assert EXTERNALSECRETS in found
    assert "Secret" not in {resource.kind for resource in found}


def test_labels_choose_among_one_tools_manifests_and_among_no_others() -> None:
    chosen = Claims(labels={"sealed-secrets": parse_selector("tool=keyfleet,!legacy")})
    (sealed,) = sealedsecrets.DIALECT.kinds
    assert chosen.selects(sealedsecrets.DIALECT, sealed, {"tool": "keyfleet"})
    assert not chosen.selects(sealedsecrets.DIALECT, sealed, {})
    assert not chosen.selects(sealedsecrets.DIALECT, sealed, {"tool": "keyfleet", "legacy": ""})
    assert chosen.selects(eso.DIALECT, CHILD, {})
    assert Claims().selects(sealedsecrets.DIALECT, sealed, {})
