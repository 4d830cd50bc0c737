# SPDX-License-Identifier: Apache-2.0
"""Annotated Secret -> Intent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.dialects.annotated import dialect
from keyfleet.dialects.annotated.translate import OWN
from keyfleet.kube.objects import Metadata
from keyfleet.model.intent import DeletionPolicy, Intent, Origin, Rejection
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts
from keyfleet.plugin import Translation

DOMAIN = "sync.example.com"
ORIGIN = Origin("annotated", "Secret", "payments", "db")


def translated(annotations: dict[str, str], domain: str = DOMAIN) -> Translation:
    prefixed = {f"{domain}/{word}": text for word, text in annotations.items()}
    return dialect(domain).translate({"metadata": {"annotations": prefixed}}, ORIGIN)


def intent(**annotations: str) -> Intent:
    words = {word.replace("_", "-"): text for word, text in annotations.items()}
    translation = translated({"enabled": "true", "targets": "east"} | words)
    assert translation.rejections == ()
    return translation.intents[0]


def rejection(**annotations: str) -> Rejection:
    words = {word.replace("_", "-"): text for word, text in annotations.items()}
    translation = translated({"enabled": "true", "targets": "east"} | words)
    assert translation.intents == ()
    return translation.rejections[0]


def test_the_secret_is_intent_and_source_at_once() -> None:
    found = intent()
    assert str(found.key) == "Secret/payments/db"
    assert str(found.reads[0].ref) == "hub/payments/db"
    assert found.targets.name == "db"
    assert found.targets.namespaces.matches(NamespaceFacts("payments"))
    assert found.guard.on_intent_deleted is DeletionPolicy.DELETE


def test_takes_namespace_name_and_deletion_policy() -> None:
    found = intent(namespace="shared", name="db-copy", deletion_policy="Retain")
    assert found.targets.namespaces.matches(NamespaceFacts("shared"))
    assert not found.targets.namespaces.matches(NamespaceFacts("payments"))
    assert found.targets.name == "db-copy"
    assert found.guard.on_intent_deleted is DeletionPolicy.RETAIN


@pytest.mark.parametrize("name", sorted(OWN))
def test_what_keyfleet_itself_writes_asks_for_nothing(name: str) -> None:
    """Such as on the Secret with the installation's key, under the default domain."""
    own = {"metadata": {"annotations": {name: "any"}}}
    assert dialect().translate(own, ORIGIN) == Translation()
    assert not dialect().kinds[0].wanted(Metadata(annotations={name: "any"}))


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("east", "names east"),
        ("east, west,east", "names east, west"),
        ("*", "all"),
        ("env=production", "labels env=production"),
        ("env=production,!legacy", "labels env=production,!legacy"),
        ("tier in (a, b)", "labels tier in (a,b)"),
        ("a@b,arn:aws:x/y", "names a@b, arn:aws:x/y"),
    ],
)
def test_targets_are_names_or_a_selector(text: str, described: str) -> None:
    assert intent(targets=text).targets.clusters.describe() == described


def test_a_bare_word_is_a_name_and_no_label() -> None:
    found = intent(targets="production").targets.clusters
    assert not found.matches(ClusterFacts(ClusterName("east"), labels={"production": ""}))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("targets", ""),
        ("targets", " "),
        ("targets", "east,,west"),
        ("targets", "east,"),
        ("targets", "*,east"),
        ("targets", "prod-*"),
        ("targets", "env=a=b"),
        ("targets", "!"),
        ("targets", ",".join(f"c{index}" for index in range(1001))),
        ("namespace", "Shared"),
        ("namespace", ""),
        ("namespace", "a,b"),
        ("name", "db\n"),
        ("name", "a" * 254),
        ("deletion-policy", "delete"),
        ("enabled", "True"),
        ("enabled", ""),
    ],
)
def test_refuses_bad_values_naming_the_annotation(word: str, text: str) -> None:
    found = rejection(**{word: text})
    assert (found.reason, found.path) == ("InvalidAnnotation", f"{DOMAIN}/{word}")


def test_refuses_an_enabled_secret_without_targets() -> None:
    found = translated({"enabled": "true"}).rejections[0]
    assert (found.reason, found.path) == ("InvalidAnnotation", f"{DOMAIN}/targets")


@pytest.mark.parametrize("annotations", [{"enabled": "true"}, {}])
def test_refuses_unknown_words_with_the_nearest_known(annotations: dict[str, str]) -> None:
    found = translated(annotations | {"target": "east"}).rejections[0]
    assert found.reason == "UnknownAnnotation"
    assert (found.path, found.hint) == (f"{DOMAIN}/target", "did you mean `targets`?")


def test_is_silent_while_switched_off() -> None:
    assert translated({"enabled": "false", "target": "east"}) == Translation()
    assert translated({"targets": "east"}) == Translation()


def test_a_delivered_copy_is_never_an_intent() -> None:
    """Copies would beget copies."""
    annotations = {
        "keyfleet.io/owner": "{}",
        "keyfleet.io/enabled": "true",
        "keyfleet.io/targets": "*",
    }
    manifest = {"metadata": {"annotations": annotations}}
    assert dialect("keyfleet.io").translate(manifest, ORIGIN) == Translation()


def test_keyfleets_own_annotations_are_not_unknown_words() -> None:
    annotations = {"enabled": "true", "targets": "east", "sync-requested": "t1"}
    translation = translated(annotations, domain="keyfleet.io")
    assert translation.intents[0].sync_requested == "t1"


def test_only_secrets_that_use_the_form_are_looked_at() -> None:
    wanted = dialect(DOMAIN).kinds[0].wanted
    assert wanted(Metadata(annotations={f"{DOMAIN}/targts": "east"}))
    assert not wanted(Metadata(annotations={"other.example.com/enabled": "true"}))
    assert not wanted(Metadata(annotations={f"{DOMAIN}.evil/enabled": "true"}))
    assert not wanted(Metadata())


def test_its_body_is_never_fetched_and_it_has_no_status() -> None:
    kind = dialect(DOMAIN).kinds[0]
    assert (kind.metadata_only, kind.has_status, kind.annotation_domain) == (True, False, DOMAIN)


def test_counts_on_the_hub_only() -> None:
    origin = Origin("annotated", "Secret", "payments", "db", cluster=ClusterName("east"))
    manifest = {"metadata": {"annotations": {f"{DOMAIN}/enabled": "true"}}}
    assert dialect(DOMAIN).translate(manifest, origin).rejections[0].reason == "NotOnHub"


WORDS = st.sampled_from(["enabled", "targets", "namespace", "name", "deletion-policy", "x"])


@given(st.dictionaries(WORDS, st.text(max_size=12) | st.sampled_from(["true", "*", "a=b", "("])))
def test_never_raises(annotations: dict[str, str]) -> None:
    translation = translated(annotations)
    assert len(translation.intents) + len(translation.rejections) <= 1


@given(st.none() | st.integers() | st.dictionaries(st.text(), st.none() | st.integers()))
def test_takes_any_metadata(metadata: object) -> None:
    assert dialect(DOMAIN).translate({"metadata": metadata}, ORIGIN) == Translation()
