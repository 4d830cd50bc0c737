# SPDX-License-Identifier: Apache-2.0
"""The flags that say which manifests of other tools are ours."""

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.claimoptions import NO_CLAIM_OPTIONS, ClaimOptions, claims_of
from keyfleet.model.selectors import parse_selector


def test_nothing_is_claimed_unless_it_is_asked_for() -> None:
    found = claims_of(NO_CLAIM_OPTIONS, {})
    assert found.dialects == frozenset()
    assert found.controller_class == "default"


def test_reads_every_flag() -> None:
    options = ClaimOptions("eso, sealed-secrets,", "a,b", "mine", "c")
    found = claims_of(options, {})
    assert found.dialects == {"eso", "sealed-secrets"}
    assert found.namespaces == {"eso": {"a", "b"}, "sealed-secrets": {"c"}}
    assert found.controller_class == "mine"


def test_a_class_without_a_name_is_the_default() -> None:
    assert claims_of(ClaimOptions(eso_class=""), {}).controller_class == "default"


def test_a_dialect_that_there_is_not_is_named_beside_those_that_there_are() -> None:
    with pytest.raises(InvalidInputError) as caught:
        claims_of(ClaimOptions("eso,flux"), {})
    assert caught.value.code == "cli.usage"
    assert caught.value.subject == "--dialects flux"
    assert "eso, sealed-secrets" in str(caught.value.hint)


def test_what_labels_choose_is_a_claim_and_no_selector_claims_everything() -> None:
    selector = parse_selector("tool=keyfleet")
    found = claims_of(ClaimOptions("sealed-secrets"), {"sealed-secrets": selector, "eso": None})
    assert found.labels == {"sealed-secrets": selector}
