# SPDX-License-Identifier: Apache-2.0
"""Which Secrets count as made for a SealedSecret. Source: compat/sealed-secrets.md 2.5."""

import pytest
from tests.unit.dialects.sealedsecrets.manifests import origin

from keyfleet.dialects.sealedsecrets.marks import MANAGED, PATCH, ownership, reference
from keyfleet.model.dress import OwnerReference
from keyfleet.model.ownership import Evidence

OWNER = OwnerReference("bitnami.com/v1alpha1", "SealedSecret", "db", "u1", blocks_deletion=False)


def owner(**changes: object) -> OwnerReference:
    fields: dict[str, object] = {
        "api_version": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "name": "db",
        "uid": "u1",
        **changes,
    }
    return OwnerReference(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "is_heir"),
    [
        (Evidence(), False),
        (Evidence(owners=(owner(),)), True),
        (Evidence(owners=(owner(uid="of-another-life"),)), True),
        (Evidence(owners=(owner(api_version="bitnami.com/v1"),)), True),
        (Evidence(owners=(owner(is_controller=False),)), False),
        (Evidence(owners=(owner(name="other"),)), False),
        (Evidence(owners=(owner(kind="Other"),)), False),
        (Evidence(owners=(owner(api_version="example.com/v1"),)), False),
        (Evidence(annotations={MANAGED: "true"}), True),
        (Evidence(annotations={PATCH: "true"}), True),
        (Evidence(annotations={MANAGED: "True", PATCH: "1"}), False),
        (Evidence(labels={MANAGED: "true", PATCH: "true"}), False),
    ],
)
def test_who_is_the_heir(found: Evidence, is_heir: bool) -> None:
    inheritance = ownership("db").inheritance
    assert inheritance is not None
    assert inheritance.is_heir(found) is is_heir
    # Nobody knows whether what upstream wrote is still what is there.
    assert inheritance.is_intact(found.annotations, {}) is False


def test_equal_manifests_have_equal_marks() -> None:
    assert ownership("db") == ownership("db") != ownership("other")


def test_the_reference_is_upstreams() -> None:
    assert reference(origin()) == OWNER
    assert OWNER.body() == {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "name": "db",
        "uid": "u1",
        "controller": True,
    }
    assert reference(origin(uid="")) is None
