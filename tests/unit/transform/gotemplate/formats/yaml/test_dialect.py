# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.formats.yaml.dialect import V2, V3


@pytest.mark.parametrize(("asked", "given"), [(0, 4), (1, 2), (2, 2), (9, 9), (10, 2), (-1, 2)])
def test_indents_from_2_to_9_characters(asked: int, given: int) -> None:
    assert V3.indented(asked).indent == given


def test_differs_by_version() -> None:
    assert V2.has_old_booleans
    assert not V3.has_old_booleans
