# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData
from keyfleet.testing.canary import canary
from keyfleet.transform.merging import merged

A, B = SecretValue(canary("a")), SecretValue(canary("b"))


def test_one_source_is_what_it_is() -> None:
    data = SecretData({"k": A}, "example.com/db")
    assert merged({"": data}) is data


def test_keys_of_several_stand_side_by_side() -> None:
    found = merged({"x": SecretData({"a": A}), "y": SecretData({"b": B})})
    assert found.entries() == {"a": A, "b": B}
    assert found.type == "Opaque"


def test_several_have_a_type_only_together() -> None:
    tls = SecretData({"a": A}, "kubernetes.io/tls")
    assert merged({"x": tls, "y": SecretData({"b": B}, "kubernetes.io/tls")}).type == tls.type
    assert merged({"x": tls, "y": SecretData({"b": B})}).type == ""


def test_a_key_that_two_have_is_refused_even_with_one_value() -> None:
    """Which of them is meant would change with the order of a list."""
    with pytest.raises(TransformError) as caught:
        merged({"x": SecretData({"k": A}), "y": SecretData({"k": A})})
    assert str(caught.value) == "two sources have the same key: k of x and of y"
    assert caught.value.hint == "make it with spec.template.data, from .x or .y"
