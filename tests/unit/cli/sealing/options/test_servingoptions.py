# SPDX-License-Identifier: Apache-2.0
"""The flags that say which SealedSecrets are ours, and their variables for every command."""

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.foreign import claims_here
from keyfleet.cli.sealing.options.servingoptions import (
    NO_SERVING_OPTIONS,
    SELECTOR,
    UPDATE_STATUS,
    ServingOptions,
    writes_sealed_status,
)
from keyfleet.model.selectors import parse_selector


def test_all_are_ours_and_get_a_status_unless_somebody_says_otherwise() -> None:
    """Source: compat/sealed-secrets.md 3.6."""
    assert NO_SERVING_OPTIONS.selector is None
    assert NO_SERVING_OPTIONS.update_status
    assert writes_sealed_status({})
    assert claims_here({}).labels == {}


@pytest.mark.parametrize("text", ["tool=keyfleet", " tier in (a,b), !legacy"])
def test_labels_are_chosen_as_kubectl_chooses_them(text: str) -> None:
    assert ServingOptions(label_selector=text).selector == parse_selector(text)
    assert claims_here({SELECTOR: text}).labels == {"sealed-secrets": parse_selector(text)}


@pytest.mark.parametrize("text", ["tool in", "a b", "=x", "tool=keyfleet,", "a" * 70])
def test_a_wrong_selector_is_one_clear_error(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        _ = ServingOptions(label_selector=text).selector
    assert (caught.value.code, caught.value.subject) == (
        "cli.usage",
        "--sealed-secrets-label-selector",
    )
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "writes"), [("false", False), ("0", False), ("No", False), ("true", True), ("1", True)]
)
def test_the_variable_is_read_as_the_flag_reads_it(text: str, *, writes: bool) -> None:
    assert writes_sealed_status({UPDATE_STATUS: text}) is writes
