# SPDX-License-Identifier: Apache-2.0
"""Types. What Go says to many more is in vectors/sprig_reflection.jsonl."""

from keyfleet.transform.gotemplate.formats.semver import parse_version
from keyfleet.transform.gotemplate.functions.sprig.reflection import (
    REFLECTION,
    kind_is,
    type_is,
    type_is_like,
)


def test_a_pointer_is_like_what_it_points_to() -> None:
    version = parse_version("1")
    assert type_is_like("semver.Version", version)
    assert not type_is("semver.Version", version)
    assert type_is("*semver.Version", version)


def test_kinds_and_types_of_nothing() -> None:
    assert kind_is("invalid", None)
    assert type_is("<nil>", None)
    assert REFLECTION["kindOf"].call({}) == "map"
    assert REFLECTION["typeOf"].call(1) == "int"
