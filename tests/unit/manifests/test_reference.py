# SPDX-License-Identifier: Apache-2.0
"""The reference page."""

from keyfleet.manifests.reference import resources_page


def test_says_each_field_with_type_default_and_meaning() -> None:
    page = resources_page()
    assert "| `spec.data[].from` | text | required | Key in the source. |" in page
    assert "| `spec.source.onMissing` | `Retain` or `Delete` | `Retain` |" in page
    assert "## FleetPolicy" in page
