# SPDX-License-Identifier: Apache-2.0
import time
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keyfleet.base.codec import (
    convert,
    decode_json,
    decode_json_as,
    decode_yaml,
    encode_canonical,
    encode_json,
    encode_yaml,
)
from keyfleet.base.errors import InvalidInputError
from keyfleet.base.secret import SecretValue

CANARY = "kf-canary-doc"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
yaml_pieces = st.sampled_from(
    [
        *("a: ", "- ", "\n", "  ", "{", "}", "[", "]", "'", '"', "|\n", "? ", "&x ", "*x", "<<: "),
        *("!!int ", "!!bool ", "!!float ", "!!binary ", "!!timestamp ", "!!python/object:x ", "%"),
        *("---\n", "...\n", "2020-13-45", "0x", "1:99", "\t", "\x07", "#", ": ", ", ", "@", "`"),
        *("\\x", "\u2028", "!<", ">", CANARY, f"{CANARY}: ", f'"{CANARY}'),
    ]
)


class Mode(Enum):
    A = "a"


class Cat(msgspec.Struct, tag="cat"):
    pass


class Dog(msgspec.Struct, tag="dog"):
    pass


class Shape(msgspec.Struct, forbid_unknown_fields=False):
    mode: Mode = Mode.A
    word: Literal["x", "y"] = "x"
    number: int = 0
    animal: Cat | Dog | None = None
    names: dict[str, int] = {}


def _chain(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield f"{error} {error!r} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__


def _attempt(decode: Callable[[], object]) -> InvalidInputError | None:
    try:
        decode()
    except InvalidInputError as error:
        return error
    return None


def _refusal(decode: Callable[[], object]) -> InvalidInputError:
    error = _attempt(decode)
    assert error is not None
    assert all(CANARY not in text for text in _chain(error))
    return error


@given(st.lists(yaml_pieces | st.text(max_size=4), max_size=12), st.booleans())
def test_yaml_is_read_or_refused_without_being_quoted(pieces: list[str], damaged: bool) -> None:
    """Whatever the text: a document, or our error with the text nowhere in its whole chain."""
    raw = (CANARY + "".join(pieces) + CANARY).encode("utf-8", "surrogatepass")
    raw = raw + b"\xff" if damaged else raw
    error = _attempt(lambda: decode_yaml(raw, subject="file.yaml"))
    assert all(CANARY not in text for text in _chain(error))


@given(st.text(max_size=30), st.sampled_from(["", "{", '{"a":', "[1,", '"', "{}}"]))
def test_json_is_read_or_refused_without_being_quoted(text: str, start: str) -> None:
    raw = f"{start}{CANARY}{text}".encode("utf-8", "surrogatepass")
    for decode in (
        lambda: decode_json(raw, subject="body"),
        lambda: decode_json_as(Shape, raw, subject="body"),
    ):
        assert all(CANARY not in text for text in _chain(_attempt(decode)))


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"mode": CANARY}, "mode"),
        ({"word": CANARY}, "word"),
        ({"number": CANARY}, "number"),
        ({"animal": {"type": CANARY}}, "animal.type"),
        ({"names": {CANARY: CANARY}}, "names[...]"),
    ],
)
def test_a_wrong_shape_is_named_by_its_path_alone(document: Any, path: str) -> None:
    raw = msgspec.json.encode(document)
    for decode in (
        lambda: decode_json_as(Shape, raw, subject="s"),
        lambda: convert(Shape, document, subject="s"),
    ):
        error = _refusal(decode)
        assert (error.code, error.path) == ("input.shape", path)


@pytest.mark.parametrize(
    "document", [{"mode": f"{CANARY}\udc80"}, {"animal": f"{CANARY}\ud800"}, {CANARY: "\udc80"}]
)
def test_half_a_character_is_refused_or_ignored(document: Any) -> None:
    for text in _chain(_attempt(lambda: convert(Shape, document, subject="s"))):
        assert CANARY not in text


@pytest.mark.parametrize(
    ("raw", "code", "where"),
    [
        (f"a: 1\nb: [{CANARY}\n".encode(), "input.yaml", "line 3"),
        (f"a: {CANARY}\nb: 1\na: 2\n".encode(), "input.duplicate_key", "line 3"),
        (f"1: {CANARY}\n'1': x\n".encode(), "input.duplicate_key", "line 2"),
        (b"a: 1\nb: \xff" + CANARY.encode(), "input.encoding", "line 2"),
        (CANARY.encode("utf-16"), "input.encoding", "line 1"),
        (f"? [{CANARY}]\n: x\n".encode(), "input.yaml", "line 1"),
        (f"a: !secret {CANARY}".encode(), "input.yaml", "line 1"),
        (f"a: !!python/name:{CANARY} x".encode(), "input.yaml", "line 1"),
        (f"a: *{CANARY}".encode(), "input.yaml", "line 1"),
        (f"a: !!int {CANARY}".encode(), "input.yaml", "cannot be read"),
        (f"a: !!bool {CANARY}".encode(), "input.yaml", "cannot be read"),
        (b"a: !!float ''", "input.yaml", "cannot be read"),
        (f"{CANARY}: \x07".encode(), "input.yaml", "not valid YAML"),
    ],
)
def test_yaml_errors_say_where_and_quote_nothing(raw: bytes, code: str, where: str) -> None:
    error = _refusal(lambda: decode_yaml(raw, subject="file.yaml"))
    assert error.code == code
    assert where in error.message


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01-01", "2026-01-01T10:00:00Z", "22:22", "1:30:30.5", "=", "0o17", "1e3", "v1"),
        "12_a",
    ],
)
def test_what_kubernetes_reads_as_text_stays_text(text: str) -> None:
    (document,) = decode_yaml(f"a: {text}".encode(), subject="s")
    assert document.content == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("017", 15),
        ("0x1F", 31),
        ("-5", -5),
        ("0", 0),
        ("1.5", 1.5),
        ("+.5", 0.5),
        ("1.5e+3", 1500.0),
        ("yes", True),
        ("~", None),
        ("", None),
    ],
)
def test_what_kubernetes_reads_as_plain_data_is_plain_data(text: str, value: object) -> None:
    (document,) = decode_yaml(f"a: {text}".encode(), subject="s")
    assert document.content == {"a": value}
    assert type(document.content["a"]) is type(value)


def test_keys_are_text_as_written() -> None:
    (document,) = decode_yaml(b"8080: a\non: b\n~: c\n1.5: d", subject="s")
    assert document.content == {"8080": "a", "on": "b", "~": "c", "1.5": "d"}


@pytest.mark.parametrize("tag", ["binary", "timestamp", "set", "omap", "pairs"])
def test_only_plain_data_is_read(tag: str) -> None:
    _refusal(lambda: decode_yaml(f"a: !!{tag} {CANARY}".encode(), subject="s"))


def test_documents_know_their_lines() -> None:
    first, second = decode_yaml(b"# head\na:\n  b: 1\n---\n---\n- x\n-\n  y: z\n", subject="s")
    assert (first.line, first.lines["a", "b"]) == (2, 3)
    assert (second.line, second.lines[1, "y"]) == (6, 8)


@pytest.mark.parametrize("raw", [b"", b"---\n---\n", b"# only a comment\n", b"\xef\xbb\xbf"])
def test_nothing_is_no_document(raw: bytes) -> None:
    assert decode_yaml(raw, subject="s") == []


def test_merged_keys_are_no_duplicates() -> None:
    raw = b"base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n"
    (document,) = decode_yaml(raw, subject="s")
    assert document.content["use"] == {"x": 1, "y": 3}


BOMBS = {
    "laughs": "a0: &a0 [x, x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)),
    "long text, many times": f"a: &a {'x' * 500_000}\nb: [{', '.join(['*a'] * 2000)}]",
    "itself": "a: &a [*a]",
    "itself in a map": "&a {x: *a}",
    "brackets": "[" * 300_000,
    "commas": "[" + "a," * 3_000_000 + "]",
    "braces": "{a: " * 100_000,
    "dashes": "- " * 30_000,
    "steps": "".join(f"{' ' * n}a:\n" for n in range(400)),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_documents_that_explode_are_refused_in_bounded_time(bomb: str) -> None:
    start = time.process_time()
    error = _refusal(lambda: decode_yaml(BOMBS[bomb].encode(), subject="s"))
    assert any(word in error.message for word in ("aliases", "deeply", "too many values"))
    assert time.process_time() - start < 8


@pytest.mark.parametrize("raw", [b"[" * 300_000, b'{"a":' * 100_000])
def test_deep_json_is_refused(raw: bytes) -> None:
    _refusal(lambda: decode_json(raw, subject="s"))


@given(json_values)
def test_json_and_yaml_come_back_as_they_went(value: Any) -> None:
    assert decode_json(encode_json(value), subject="s") == value
    assume(value is not None)
    (document,) = decode_yaml(encode_yaml(value).encode("utf-8", "surrogatepass"), subject="s")
    assert document.content == value


@given(st.dictionaries(st.text(max_size=4), st.integers(-9, 9), max_size=5))
def test_canonical_json_does_not_depend_on_order(value: dict[str, int]) -> None:
    turned = dict(reversed(value.items()))
    assert encode_canonical(turned) == encode_canonical(value)


@pytest.mark.parametrize("encode", [encode_json, encode_canonical, encode_yaml])
def test_a_secret_value_is_never_encoded(encode: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError):
        encode({"a": [SecretValue(CANARY.encode())]})


@pytest.mark.parametrize("text", ["y", "N", "yes", "on", "1e3", "0o17", "017", "0x1f", "1_0", ".5"])
def test_texts_that_go_reads_otherwise_are_quoted(text: str) -> None:
    assert encode_yaml({"a": text}) == f"a: '{text}'\n"
