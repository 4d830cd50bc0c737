# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.breadth import has_at_most

documents = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=30,
)


def _values(document: object) -> int:
    if isinstance(document, dict):
        document = list(document.values())
    return 1 + (sum(map(_values, document)) if isinstance(document, list) else 0)


@given(documents, st.integers(0, 40))
def test_counts_every_value(document: object, most: int) -> None:
    assert has_at_most(most, document) is (_values(document) <= most)


@pytest.mark.parametrize("document", [[0] * 5_000_000, {"a": [[]] * 1_000_000}])
def test_stops_where_it_knows(document: object) -> None:
    assert not has_at_most(10, document)
