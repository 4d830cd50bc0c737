# SPDX-License-Identifier: Apache-2.0
"""The functions of the language itself."""

from keyfleet.transform.gotemplate.functions.builtins import table


def test_are_the_nineteen_of_go() -> None:
    assert " ".join(sorted(table())) == (
        "and call eq ge gt html index js le len lt ne not or print printf println slice urlquery"
    )
