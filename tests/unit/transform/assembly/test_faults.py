# SPDX-License-Identifier: Apache-2.0
from keyfleet.transform.assembly.faults import about


def test_names_the_place_and_the_first_keys() -> None:
    assert about("spec.data[0]") == "spec.data[0]"
    assert about("spec.data[0]", "b", "a") == "spec.data[0]: a, b"
    assert about("x", *"hgfedcba") == "x: a, b, c, d, e, ..."


def test_cuts_what_is_too_long_for_a_name() -> None:
    assert len(about("x", "k" * 5000)) < 100
