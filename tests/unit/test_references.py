# SPDX-License-Identifier: Apache-2.0
"""Every field that can reach for something has a test in which somebody hostile uses it.

The fields are read from the types, so that a new one fails here until it is either attacked by a
test or said to reach for nothing, and why. The names of tests are looked up in the sources.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from msgspec import inspect

from keyfleet.dialects.annotated.translate import (
    DELETION_POLICY,
    ENABLED,
    NAME,
    NAMESPACE,
    SYNC,
    TARGETS,
)
from keyfleet.dialects.annotated.translate import WORDS as ANNOTATION_WORDS
from keyfleet.model.v1alpha1 import structure
from keyfleet.model.v1alpha1.reading import SPECS

ROOT = Path(__file__).resolve().parents[2]

_DEFINED = re.compile(r"^ *(?:async )?def (test_\w+)\(", re.MULTILINE)

READS = "test_no_reference_reads_what_is_anothers"
STORES = "test_no_store_is_read_that_is_anothers"
OPENS = "test_nobody_opens_what_was_sealed_for_secrets_that_they_may_not_read"
KEYS = "test_the_keys_of_a_member_open_for_whom_they_are_granted"
PLACES = "test_no_placement_reaches_what_is_anothers"
RENDERS = "test_no_template_reaches_out_or_holds_up_others"
TEMPLATES = "test_no_template_forges_ownership_or_authority"
ANNOTATES = "test_no_annotated_secret_reaches_what_is_anothers"
FORGES = "test_no_forged_marker_moves_anything"
CLAIMS = "test_who_claims_anothers_target_neither_blocks_nor_keeps_it"
SHARES = "test_two_who_share_a_place_learn_nothing_of_each_other"
GRANTS = "test_another_namespace_needs_a_grant_of_its_own_tenant"
SYSTEM_GRANTS = "test_a_grant_opens_the_system_namespace_it_names_to_whom_it_names"
REGISTERS = "test_a_kubeconfig_is_named_by_who_may_get_it"
TURNS = "test_a_cluster_is_not_turned_to_a_strangers_kubeconfig_later"
WRITES_NO_POLICY = "test_tenants_write_no_policies_and_no_clusters"
ANY_SELECTOR = "test_any_selector_is_read_or_refused_and_grants_nothing_more"
MEMBERS_WORD = "test_labels_of_a_members_namespaces_open_that_member_only"
IMPOSTOR = "test_a_member_that_says_to_be_another_draws_nothing_to_itself"
OWN_KEYS = "test_refuses_names_that_an_api_server_refuses"

NARROWS = "only takes away from what was chosen"
OWN_WORDS = "chooses among what the author was let read, or says what becomes of it"
OWN_OBJECTS = "says what happens to the author's own targets; whose they are is the marker's word"
PAUSES = "stops the author's own deliveries, or an administrator's own cluster or policy"
INTERVALS = (
    "how often a store is asked for this author; asking for many is bounded for each service"
)
FIGURES = "a number that an administrator sets"
ADMINISTRATORS = WRITES_NO_POLICY


def _selector(path: str, test: str) -> dict[str, str]:
    below = ("matchLabels", *(f"matchExpressions[].{name}" for name in ("key", "operator")))
    return {
        **{f"{path}.{name}": test for name in below},
        f"{path}.matchExpressions[].values": test,
    }


def _choice(path: str, names: str, selects: str) -> dict[str, str]:
    selector = _selector(f"{path}.selector", selects)
    return {f"{path}.names": names, **selector, f"{path}.exclude": NARROWS}


def _objects(path: str) -> dict[str, str]:
    return {
        f"{path}.name": READS,
        f"{path}.items[].key": OWN_WORDS,
        f"{path}.items[].templateAs": OWN_WORDS,
    }


def _store(path: str) -> dict[str, str]:
    return {
        **{f"{path}.storeRef.{name}": STORES for name in ("name", "namespace", "kind")},
        **{f"{path}.{name}": OWN_WORDS for name in ("key", "property", "version", "to")},
        f"{path}.refreshInterval": INTERVALS,
    }


def _sealed(path: str) -> dict[str, str]:
    return {
        f"{path}.sealed.encryptedData": OPENS,
        f"{path}.sealed.scope": OPENS,
        f"{path}.sealed.cluster": KEYS,
    }


FIELDS: dict[str, str] = {
    "FleetSecret.source.secretRef.name": READS,
    "FleetSecret.source.secretRef.namespace": READS,
    "FleetSecret.source.secretRef.cluster": READS,
    "FleetSecret.source.onMissing": READS,
    **_store("FleetSecret.source"),
    **_store("FleetSecret.sources[]"),
    **_sealed("FleetSecret.source"),
    **_sealed("FleetSecret.sources[]"),
    "FleetSecret.data[].from": OWN_KEYS,
    "FleetSecret.data[].to": OWN_KEYS,
    "FleetSecret.sources[].name": OWN_WORDS,
    "FleetSecret.sources[].secretRef.name": READS,
    "FleetSecret.sources[].secretRef.namespace": READS,
    "FleetSecret.sources[].secretRef.cluster": READS,
    "FleetSecret.template.data": RENDERS,
    **_objects("FleetSecret.template.templateFrom[].secretRef"),
    **_objects("FleetSecret.template.templateFrom[].configMapRef"),
    "FleetSecret.template.mergePolicy": OWN_WORDS,
    "FleetSecret.template.functions": RENDERS,
    "FleetSecret.template.missingKey": OWN_WORDS,
    "FleetSecret.template.type": TEMPLATES,
    "FleetSecret.template.metadata.labels": TEMPLATES,
    "FleetSecret.template.metadata.annotations": TEMPLATES,
    **_choice("FleetSecret.placement.clusters", PLACES, MEMBERS_WORD),
    **_choice("FleetSecret.placement.namespaces", PLACES, PLACES),
    "FleetSecret.placement.name": PLACES,
    "FleetSecret.conflictPolicy": SHARES,
    "FleetSecret.deletionPolicy": OWN_OBJECTS,
    "FleetSecret.replace": OWN_OBJECTS,
    "FleetSecret.paused": PAUSES,
    "FleetSecret.delivery.kind": OWN_OBJECTS,
    "FleetSecret.delivery.scope": OWN_OBJECTS,
    "FleetSecret.delivery.via": "test_the_namespace_of_a_cluster_is_open_to_nobody_by_name",
    "FleetCluster.context": IMPOSTOR,
    "FleetCluster.kubeconfigRef.namespace": REGISTERS,
    "FleetCluster.kubeconfigRef.name": TURNS,
    "FleetCluster.kubeconfigRef.key": REGISTERS,
    "FleetCluster.inCluster": ADMINISTRATORS,
    "FleetCluster.paused": PAUSES,
    "FleetCluster.limits.inFlight": FIGURES,
    "FleetCluster.onRemoved": ADMINISTRATORS,
    "FleetCluster.sealing.certificate": ADMINISTRATORS,
    "FleetCluster.sealing.hubNamespace": ADMINISTRATORS,
    "FleetCluster.agent": ADMINISTRATORS,
    "FleetCluster.namespaces": NARROWS,
    "FleetPolicy.namespaces[].hub": GRANTS,
    **_choice("FleetPolicy.namespaces[].sources.clusters", READS, ANY_SELECTOR),
    "FleetPolicy.namespaces[].sources.namespaces.names": READS,
    "FleetPolicy.namespaces[].sources.namespaces.exclude": NARROWS,
    **_choice("FleetPolicy.namespaces[].targets.clusters", GRANTS, ANY_SELECTOR),
    **_choice("FleetPolicy.namespaces[].targets.namespaces", SYSTEM_GRANTS, ANY_SELECTOR),
    "FleetPolicy.namespaces[].targets.kinds": GRANTS,
    "FleetPolicy.namespaces[].targets.types": GRANTS,
    **_selector("FleetPolicy.flows[].from", ADMINISTRATORS),
    **_selector("FleetPolicy.flows[].to", ADMINISTRATORS),
    "FleetPolicy.flows[].name": ADMINISTRATORS,
    "FleetPolicy.flows[].action": ADMINISTRATORS,
    "FleetPolicy.flows[].onRefused": ADMINISTRATORS,
    **_choice("FleetPolicy.sources[].clusters", ADMINISTRATORS, ADMINISTRATORS),
    "FleetPolicy.sources[].namespaces.names": ADMINISTRATORS,
    "FleetPolicy.sources[].namespaces.exclude": NARROWS,
    "FleetPolicy.sources[].labels": ADMINISTRATORS,
    "FleetPolicy.sources[].stores.names": ADMINISTRATORS,
    "FleetPolicy.sources[].stores.kinds": ADMINISTRATORS,
    "FleetPolicy.defaultFlow": ADMINISTRATORS,
    "FleetPolicy.limits.deletions.targets": FIGURES,
    "FleetPolicy.limits.deletions.percent": FIGURES,
    "FleetPolicy.limits.deletions.total": FIGURES,
    "FleetPolicy.paused": PAUSES,
}
"""Field -> the test in which it is abused, or in words why it reaches for nothing."""

WORDS = {
    ENABLED: ANNOTATES,
    TARGETS: ANNOTATES,
    NAMESPACE: ANNOTATES,
    NAME: ANNOTATES,
    DELETION_POLICY: ANNOTATES,
    SYNC: "test_who_leaves_the_spec_alone_needs_no_right_to_read",
}
"""Word of the annotation form -> the test in which it is abused."""

MARKS = {
    "keyfleet.io/owner": FORGES,
    "keyfleet.io/hub": FORGES,
    "keyfleet.io/origin": ANNOTATES,
    "keyfleet.io/sealed": "test_a_stamp_of_other_values_counts_for_nothing",
    "keyfleet.io/sealed-for": "says whose keys to try: what they do not open stays shut",
    "keyfleet.io/sealed-into": "test_what_others_write_into_its_annotation_leads_nowhere_else",
    "keyfleet.io/carrier": "test_only_a_carrier_is_one",
    "keyfleet.io/key-of": "only in a backup, which its identity alone opens and seals",
    "keyfleet.io/backed-up-at": "only shown: nothing is done or left because of it",
    "keyfleet.io/sync-requested": "test_who_leaves_the_spec_alone_needs_no_right_to_read",
    "keyfleet.io/accepted-names": ADMINISTRATORS,
    "keyfleet.io/annotation-domain": "stands on keyfleet-system, where no tenant writes",
    "keyfleet.io/controller": "stands on keyfleet-system's objects, where no tenant writes",
    "keyfleet.io/first-key": "stands on the key's Secret in keyfleet-system",
}
"""Label or annotation that Keyfleet reads -> the test that forges it, or why it cannot be."""


def _fields(kind: inspect.StructType, path: str) -> Iterator[str]:
    for name, field in structure.fields(kind).items():
        item = structure.item_type(field)
        if isinstance(field, inspect.StructType):
            yield from _fields(field, f"{path}.{name}")
        elif isinstance(item, inspect.StructType):
            yield from _fields(item, f"{path}.{name}[]")
        else:
            yield f"{path}.{name}"


def _declared() -> set[str]:
    return {
        path for kind, spec in SPECS.items() for path in _fields(structure.structure(spec), kind)
    }


@cache
def _tests() -> frozenset[str]:
    paths = (ROOT / "tests").rglob("test_*.py")
    # Not parsed: the trees of all tests took five seconds.
    return frozenset(name for path in paths for name in _DEFINED.findall(path.read_text()))


def test_every_field_of_the_native_kinds_is_judged() -> None:
    """A new field is entered in FIELDS with the test in which somebody hostile uses it."""
    assert _declared() - set(FIELDS) == set()


def test_no_field_is_judged_that_is_gone() -> None:
    assert set(FIELDS) - _declared() == set()


def test_every_word_of_the_annotation_form_is_judged() -> None:
    assert set(WORDS) == set(ANNOTATION_WORDS)


def test_every_label_and_annotation_of_keyfleet_is_judged() -> None:
    """Found in the source as text, so that a new one is not forgotten."""
    found = {
        name.rstrip("-")
        for path in (ROOT / "src" / "keyfleet").rglob("*.py")
        for name in re.findall(r"\"(keyfleet\.io/[a-z-]+)\"", path.read_text())
    }
    assert found - {"keyfleet.io/v"} - set(MARKS) == set()


@pytest.mark.parametrize("word", sorted({*FIELDS.values(), *WORDS.values(), *MARKS.values()}))
def test_every_named_test_exists(word: str) -> None:
    """What is no test name is a sentence."""
    assert word in _tests() if word.startswith("test_") else " " in word
