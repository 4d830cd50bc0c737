# SPDX-License-Identifier: Apache-2.0
"""What upstream's controller made for the very manifest is recognised, and nothing else."""

import pytest

from keyfleet.base.secret import SecretValue
from keyfleet.dialects.eso.hashes import data_hash, owner_hash
from keyfleet.dialects.eso.marks import CREATED_BY, DATA_HASH, MANAGED, ownership
from keyfleet.model.ownership import Evidence
from keyfleet.testing.canary import canary

INHERITANCE = ownership("shop", "db").inheritance
DATA = {"password": SecretValue(canary("password"))}
HASHED = {DATA_HASH: data_hash(DATA)}


@pytest.mark.parametrize(
    ("labels", "annotations", "is_heir"),
    [
        ({MANAGED: "true", CREATED_BY: owner_hash("shop", "db")}, HASHED, True),
        ({MANAGED: "true"}, HASHED, True),
        ({MANAGED: "true", CREATED_BY: owner_hash("shop", "other")}, HASHED, False),
        ({MANAGED: "true", CREATED_BY: owner_hash("other", "db")}, HASHED, False),
        ({MANAGED: "true"}, {}, False),
        ({MANAGED: "false"}, HASHED, False),
        ({CREATED_BY: owner_hash("shop", "db")}, HASHED, False),
        ({}, {}, False),
    ],
)
def test_who_is_the_heir(
    labels: dict[str, str], annotations: dict[str, str], is_heir: bool
) -> None:
    assert INHERITANCE is not None
    assert INHERITANCE.is_heir(Evidence(labels, annotations)) is is_heir


def test_what_upstream_wrote_last_is_told_by_its_hash() -> None:
    assert INHERITANCE is not None
    assert INHERITANCE.is_intact(HASHED, DATA)
    assert not INHERITANCE.is_intact(HASHED, DATA | {"more": SecretValue(b"x")})
    assert not INHERITANCE.is_intact({}, DATA)
    assert INHERITANCE.sheds == (DATA_HASH,)
