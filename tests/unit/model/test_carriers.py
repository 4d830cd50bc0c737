# SPDX-License-Identifier: Apache-2.0
"""What carriers are called, and which places they are for."""

from hypothesis import given
from hypothesis import strategies as st

from keyfleet.model.carriers import (
    NAME_MAX,
    SEALED_INTO,
    carried_place,
    carrier_annotations,
    carrier_name,
    is_carrier,
)
from keyfleet.model.places import ClusterName

EAST = ClusterName("east")
LABELS = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
NAMES = (
    st.lists(LABELS, min_size=1, max_size=5).map(".".join).filter(lambda it: len(it) <= NAME_MAX)
)


@given(LABELS, NAMES)
def test_a_carrier_leads_back_to_its_place(namespace: str, name: str) -> None:
    called = carrier_name(namespace, name)
    assert len(called) <= NAME_MAX
    assert called[-1].isalnum()
    annotations = carrier_annotations(EAST, namespace, name)
    assert carried_place(called, annotations) == (namespace, name)


@given(LABELS, NAMES, st.text(max_size=30))
def test_what_others_write_into_its_annotation_leads_nowhere_else(
    namespace: str, name: str, text: str
) -> None:
    called = carrier_name(namespace, name)
    if called == f"{namespace}.{name}":
        assert carried_place(called, {SEALED_INTO: text}) == (namespace, name)


def test_long_places_stay_apart() -> None:
    name = "a" * 250
    assert carrier_name("shop", f"{name}b") != carrier_name("shop", f"{name}c")


def test_only_a_carrier_is_one() -> None:
    annotations = carrier_annotations(EAST, "shop", "db")
    assert is_carrier(annotations)
    # `keyfleet seal` says this of files that the cluster itself is given.
    assert not is_carrier({"keyfleet.io/sealed-for": "east"})
