# SPDX-License-Identifier: Apache-2.0
"""Truth: nothing, zero and empty are false."""

from typing import Any

import pytest

from keyfleet.transform.gotemplate.truth import is_true
from keyfleet.transform.gotemplate.values import INVALID, GoObject, JsonNumber, nil_list


class Thing(GoObject):
    go_type = "things.Thing"

    def __len__(self) -> int:
        return 0


@pytest.mark.parametrize("value", [INVALID, None, False, 0, 0.0, -0.0, 0j, "", [], {}, nil_list()])
def test_nothing_zero_and_empty_are_false(value: Any) -> None:
    assert not is_true(value)


@pytest.mark.parametrize(
    "value", [True, -1, float("nan"), "00", "false", [0], {"": None}, Thing(), JsonNumber("0")]
)
def test_everything_else_is_true(value: Any) -> None:
    """Also an object that Python takes for empty, and zero as Vault's JSON numbers."""
    assert is_true(value)
