# SPDX-License-Identifier: Apache-2.0
import copy
import json
import operator
import pprint
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.secret import SecretValue

CANARY = b"kf-canary-secret"
VALUE = SecretValue(CANARY)


@dataclass
class Holder:
    value: SecretValue


SHOWN: dict[str, Callable[[SecretValue], str]] = {
    "str": str,
    "repr": repr,
    "format": lambda value: f"{value}",
    "format with a width": lambda value: f"{value:>100}",
    "percent": lambda value: "%s" % value,  # noqa: UP031 - one of the ways it must refuse
    "percent repr": lambda value: "%r" % (value,),  # noqa: UP031 - the same
    "str.format": "{}".format,
    "pprint": pprint.pformat,
    "json with str as default": lambda value: json.dumps(value, default=str).strip('"'),
    "inside a dataclass": lambda value: repr(Holder(value))[len("Holder(value=") : -1],
}


@pytest.mark.parametrize("way", SHOWN)
def test_every_way_to_text_shows_neither_value_nor_length(way: str) -> None:
    assert SHOWN[way](VALUE) == "SecretValue(***)"


LEAKS: dict[str, Callable[[Any], object]] = {
    "bytes": bytes,
    "list": list,
    "iter": iter,
    "len": len,
    "hash": hash,
    "memoryview": memoryview,
    "join": "".join,
    "index": operator.index,
    "vars": vars,
    "item": lambda value: value[0],
    "contains": lambda value: b"k" in value,
    "add": lambda value: value + b"",
    "set": lambda value: {value},
    "key": lambda value: {value: 1},
    "json": json.dumps,
    "msgspec json": msgspec.json.encode,
    "msgspec builtins": msgspec.to_builtins,
    "msgpack": msgspec.msgpack.encode,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: value.__reduce_ex__(2),
    "old pickle": lambda value: value.__reduce__(),
    "state": lambda value: value.__getstate__(),
    "asdict": lambda value: asdict(Holder(value)),
}


@pytest.mark.parametrize("way", LEAKS)
def test_every_way_out_is_refused_without_quoting(way: str) -> None:
    with pytest.raises(TypeError) as caught:
        LEAKS[way](SecretValue(CANARY))
    assert CANARY.decode() not in str(caught.value)


def test_holds_nothing_but_the_value() -> None:
    with pytest.raises(AttributeError):
        VALUE.label = "x"  # type: ignore[attr-defined]


@given(st.binary(max_size=50))
def test_reveals_what_it_was_given_and_its_size(raw: bytes) -> None:
    assert SecretValue(raw).reveal() == raw
    assert SecretValue(raw).size == len(raw)


@given(st.binary(max_size=3), st.binary(max_size=3))
def test_is_equal_exactly_to_a_secret_of_the_same_bytes(one: bytes, two: bytes) -> None:
    assert (SecretValue(one) == SecretValue(two)) is (one == two)
    assert SecretValue(one) != one


def test_a_later_change_of_the_given_buffer_does_not_reach_it() -> None:
    buffer = bytearray(CANARY)
    value = SecretValue(buffer)  # type: ignore[arg-type]  # what a careless caller does
    buffer[:] = b"x" * len(buffer)
    assert value == SecretValue(CANARY)
