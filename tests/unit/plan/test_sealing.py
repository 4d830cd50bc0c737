# SPDX-License-Identifier: Apache-2.0
"""Targets that are delivered sealed: decided and written without looking into ciphertext."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.plan.questions import (
    DATA,
    EAST,
    INSTALLATION,
    KEY,
    LAPTOP,
    NEW,
    desired,
    digest,
    question,
    verdict,
)

from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import Keyset, Scope, SealingCertificate, load_certificate, load_key
from keyfleet.delivery.bodies import create_body, update_operations
from keyfleet.engine.views import actual_from_sealed
from keyfleet.model.desired import Actual
from keyfleet.model.ownership import HUB_LABEL, OWNER_ANNOTATION, read_marker
from keyfleet.model.places import SEALED_SECRET
from keyfleet.model.plan import Finding, State, Verb
from keyfleet.model.sealed import STAMP, Sealing
from keyfleet.plan.decide import decide
from keyfleet.plan.question import Question
from keyfleet.plan.sealing import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_INVALID,
    declared_certificate,
    expired,
)
from keyfleet.testing.sealing import MADE, key_pair

NAMESPACE_WIDE = "sealedsecrets.bitnami.com/namespace-wide"
MARKS = {HUB_LABEL, "app.kubernetes.io/managed-by"}


def certificate(name: str = "one") -> SealingCertificate:
    return load_certificate(key_pair(name).certificate)


def asked(actual: Actual | None = None, **changes: Any) -> Question:
    """Return the question about a target that is wanted sealed."""
    known = changes.pop("installation", INSTALLATION)
    scope, key = changes.pop("scope", Scope.STRICT), changes.pop("key", "one")
    found = question(
        changes.pop("wanted", None),
        actual=actual,
        installation=known,
        sealing=Sealing(certificate(key), scope, known.ring),
        **changes,
    )
    return replace(found, place=replace(found.place, kind=SEALED_SECRET))


def created(**changes: Any) -> dict[str, Any]:
    """Return the SealedSecret that is made where nothing is, as an API server keeps it."""
    step = decide(asked(**changes))
    assert step.verb is Verb.CREATE
    assert step.write is not None
    body = create_body((step.place.namespace, step.place.name), step.write)
    body["metadata"] |= {"uid": "o1", "resourceVersion": "7"}
    return body


def seen(document: dict[str, Any]) -> Actual:
    return actual_from_sealed(document, INSTALLATION, KEY)


def test_a_sealed_target_opens_with_its_clusters_key_only() -> None:
    body = created(wanted=desired(labels={"team": "shop"}))
    assert body["kind"] == SEALED_SECRET
    items = body["spec"]["encryptedData"]
    place = body["metadata"]
    label = f"{place['namespace']}/{place['name']}".encode()
    for name, value in DATA.items():
        assert Keyset([load_key(key_pair("one").key)]).open(items[name], label).value == value
        with pytest.raises(DeniedError):
            Keyset([load_key(key_pair("two").key)]).open(items[name], label)


def test_the_secret_in_it_wears_the_labels_and_no_mark_of_ours() -> None:
    body = created(wanted=desired(labels={"team": "shop"}, annotations={"a": "b"}))
    template = body["spec"]["template"]["metadata"]
    assert (template["labels"], template["annotations"]) == ({"team": "shop"}, {"a": "b"})
    assert set(body["metadata"]["labels"]) == MARKS
    assert set(body["metadata"]["annotations"]) == {OWNER_ANNOTATION, STAMP}


def test_what_was_sealed_is_left_alone() -> None:
    assert verdict(decide(asked(seen(created())))) == (Verb.NONE, "", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "two"},
        {"scope": Scope.NAMESPACE_WIDE},
        {"wanted": desired(labels={"new": "1"})},
        {"wanted": desired(annotations={"new": "1"})},
        {"wanted": desired(NEW), "fingerprint": digest(NEW)},
    ],
)
def test_another_value_form_or_certificate_is_sealed_anew(changes: dict[str, Any]) -> None:
    step = decide(asked(seen(created()), **changes))
    assert step.verb is Verb.UPDATE
    assert step.write is not None
    assert step.write.data is not None
    assert any(each["path"] == "/spec" for each in update_operations(step.write, "7"))


@pytest.mark.parametrize("field", ["encryptedData", "template"])
def test_what_somebody_changed_is_sealed_anew(field: str) -> None:
    body = deepcopy(created())
    body["spec"][field]["more"] = created()["spec"]["encryptedData"]["password"]
    actual = seen(body)
    assert (actual.fingerprint, actual.is_as_marked) == ("", False)
    assert decide(asked(actual)).verb is Verb.UPDATE


def test_a_stamp_of_other_values_counts_for_nothing() -> None:
    """Who can write there puts back what was delivered before, with its stamp."""
    before, now = created(), created(wanted=desired(NEW), fingerprint=digest(NEW))
    now["spec"] = before["spec"]
    now["metadata"]["annotations"][STAMP] = before["metadata"]["annotations"][STAMP]
    assert seen(now).fingerprint == ""


@pytest.mark.parametrize("spec", [None, [], "text", {"encryptedData": None}])
def test_any_spec_can_be_looked_at(spec: Any) -> None:
    body = {**created(), "spec": spec}
    assert not seen(body).is_as_marked


def test_the_scope_is_said_on_the_sealedsecret_and_taken_back() -> None:
    body = created(scope=Scope.NAMESPACE_WIDE)
    assert body["metadata"]["annotations"][NAMESPACE_WIDE] == "true"
    step = decide(asked(seen(body)))
    assert step.write is not None
    assert step.write.annotations[NAMESPACE_WIDE] is None


def test_the_marker_names_the_key_that_it_is_sealed_for() -> None:
    found = read_marker(created()["metadata"]["annotations"])
    assert found is not None
    assert found.certificate == certificate().fingerprint
    assert found.labels == ()


def test_another_revision_does_not_seal_anew() -> None:
    found = asked(seen(created()))
    step = decide(replace(found, asker=replace(found.asker, revision=9)))
    assert step.write is not None
    assert step.write.data is None


def test_without_the_installations_key_nothing_can_be_told_apart() -> None:
    body = created(installation=LAPTOP)
    assert STAMP not in body["metadata"]["annotations"]
    assert not seen(body).is_as_marked


def test_another_type_is_only_sealed_anew() -> None:
    wanted = desired()
    other = replace(wanted, base=replace(wanted.base, type="example.com/other"))
    step = decide(asked(seen(created()), wanted=other))
    assert (step.verb, step.finding) == (Verb.UPDATE, None)


def test_a_declared_certificate_is_read() -> None:
    pem = key_pair("one").certificate.decode()
    facts = replace(EAST, sealing_certificate=pem)
    found = declared_certificate(facts)
    assert isinstance(found, SealingCertificate)
    assert found.fingerprint == certificate().fingerprint
    assert declared_certificate(EAST) is None


def test_a_declared_certificate_that_is_none_says_so() -> None:
    found = declared_certificate(replace(EAST, sealing_certificate="none"))
    assert isinstance(found, Finding)
    assert (found.state, found.reason) == (State.FAILED, CERTIFICATE_INVALID)


def test_a_certificate_is_good_up_to_its_end() -> None:
    known = certificate()
    assert expired(EAST, known, MADE) is None
    found = expired(EAST, known, known.not_after + timedelta(seconds=1))
    assert found is not None
    assert (found.state, found.reason) == (State.HELD, CERTIFICATE_EXPIRED)
