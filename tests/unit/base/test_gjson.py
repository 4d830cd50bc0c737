# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.gjson import Found, escaped, find
from keyfleet.base.gjson.modifiers import APPLIED
from keyfleet.base.gjson.paths import MODIFIERS
from keyfleet.base.gjson.work import DOCUMENT_MAX_BYTES, PATH_MAX_BYTES
from keyfleet.testing.canary import canary

VECTORS = Path(__file__).parent / "vectors"
DOCUMENTS = [
    msgspec.json.decode(line, type=str).encode()
    for line in (VECTORS / "gjson_documents.jsonl").read_bytes().splitlines()
]
PATHS = st.text(r'ab.|#@*?\:,~!%=<>()[]{}"0123 keysthi', max_size=24) | st.text(max_size=8)


class Vector(msgspec.Struct):
    """What gjson says of a path in a document."""

    document: int
    path: str
    raw: str | None = None
    text: str | None = None


def recorded() -> dict[int, list[Vector]]:
    """Return the recorded answers, by the number of their document."""
    found: dict[int, list[Vector]] = {}
    for line in (VECTORS / "gjson.jsonl").read_bytes().splitlines():
        vector = msgspec.json.decode(line, type=Vector)
        found.setdefault(vector.document, []).append(vector)
    return found


@pytest.mark.parametrize(("number", "vectors"), recorded().items())
def test_finds_what_gjson_finds(number: int, vectors: list[Vector]) -> None:
    for vector in vectors:
        found = find(DOCUMENTS[number], vector.path)
        if vector.raw is None:
            assert found is None, vector.path
            continue
        assert found is not None, vector.path
        assert found.raw.decode() == vector.raw, vector.path
        text = vector.raw if vector.text is None else vector.text
        assert found.text().decode() == text, vector.path


@pytest.mark.parametrize(
    ("document", "path", "raw"),
    [
        (b'{"a":"\xff\\u00e9"}', "a", b'"\xff\\u00e9"'),
        (b'{"\xff":1}', "\udcff", None),
        (b'{"a":{ "b" :\t1 } }', "a", b'{ "b" :\t1 }'),
        (b'{"a":1e400}', "a", b"1e400"),
        (b'{"a":"\\ud800"}', "a", b'"\\ud800"'),
        (b'{"a\\u002eb":1}', r"a\.b", b"1"),
        (b"{}", "a", None),
        (b'{"a":1', "a", None),
        (b'{"a":1} {"a":2}', "a", None),
        (b"a: 1", "a", None),
        (b"", "a", None),
    ],
)
def test_what_is_found_keeps_its_bytes(document: bytes, path: str, raw: bytes | None) -> None:
    found = find(document, path)
    assert (found and found.raw) == raw


def test_foreign_bytes_and_halves_of_pairs_have_a_text() -> None:
    document = b'{"a":"\xff\\n","b":"\\ud800x","c":1e400,"d":-1.50}'
    texts = [found.text() for name in "abcd" if (found := find(document, name))]
    assert texts == [b"\xff\n", "\ufffdx".encode(), b"+Inf", b"-1.5"]


def test_nothing_shows_what_was_found() -> None:
    assert canary("gjson").decode() not in repr(Found(canary("gjson")))


@given(st.dictionaries(st.text(), st.text(), min_size=1), st.data())
def test_an_escaped_key_means_that_key(document: dict[str, str], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(document)))
    found = find(msgspec.json.encode(document), escaped(key))
    assert found is not None
    assert found.text().decode() == document[key]


@given(st.sampled_from(DOCUMENTS) | st.binary(max_size=40), PATHS)
def test_any_path_finds_json_or_nothing(document: bytes, path: str) -> None:
    found = find(document, path)
    if found is not None:
        msgspec.json.decode(found.raw)
        assert isinstance(found.text(), bytes)


NESTED = b'{"a":' * 400 + b"1" + b"}" * 400
WIDE = b"[" + b",".join(b'{"a":[%d,{"b":"x"}]}' % n for n in range(40_000)) + b"]"
BRACKETS = b"[" * 800 + b"]" * 800
HOSTILE: list[tuple[bytes, str]] = [
    (NESTED, ".".join("a" * 400)),
    (NESTED, "@dig:" + "a." * 60 + "a"),
    (NESTED, "@flatten:{deep}|@pretty"),
    (BRACKETS, '@flatten:{"deep":true}'),
    (BRACKETS, "@pretty"),
    (BRACKETS, "#." * 500 + "#"),
    (b"[" * 100_000 + b"]" * 100_000, "0.0"),
    (b"[" * 100_000, "0"),
    (WIDE, "#(" * 300 + ")" * 300),
    (WIDE, "#(a.#(b%\"*x*x*x*x*y\"))#." * 20 + "a"),
    (WIDE, "{" + ",".join(f'"{n}":#.a.1.b' for n in range(200)) + "}"),
    (WIDE, "[" * 2000),
    (WIDE, "[" + "[" * 1000 + "]" * 1001),
    (b'"\\\\"', "|".join(["@tostr"] * 400)),
    (WIDE, "@this|" * 500 + "0"),
    (b"[1,2]", "|".join(["[@this,@this]"] * 60)),
    (b'{"' + b"a" * 100_000 + b'":1}', "*a" * 1000 + "b"),
    (b'{"' + b"a" * 100_000 + b'":1}', "?" * 2000 + "*b"),
    (b'{"' + b"\\u0061" * 100_000 + b'":1}', "a" * 4000),
    (b'["' + b"\\" * 99_999 + b'"]', "0"),
    (b"[" + b" " * 1_000_000 + b"]", "#.#.#"),
    (WIDE, "\\" * 4095),
    (WIDE, '#("' * 1000),
    (b"[" + b"9" * 100_000 + b"]", "#(>1)"),
    (b"[1]", "#(>" + "9" * 4000 + ")"),
    (b"[1]", "9" * 4000),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_paths_and_documents_end(number: int) -> None:
    document, path = HOSTILE[number]
    found = find(document, path)
    assert found is None or len(found.raw) <= 20 * DOCUMENT_MAX_BYTES


def test_what_is_too_long_is_not_looked_at() -> None:
    assert find(b'{"a":1}' + b" " * DOCUMENT_MAX_BYTES, "a") is None
    assert find(b'{"a":1}', "a" + "|@this" * PATH_MAX_BYTES) is None


def test_what_is_large_is_found() -> None:
    document = msgspec.json.encode({f"key{n}": {"value": "x" * 20} for n in range(20_000)})
    found = find(document, "key19999.value")
    assert found is not None
    assert found.text() == b"x" * 20


def test_every_modifier_can_be_applied() -> None:
    assert {*APPLIED, b"dig"} == MODIFIERS


def _documents() -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )


@given(_documents())
def test_modifiers_do_not_change_what_a_document_says(document: Any) -> None:
    raw = msgspec.json.encode(document)
    for path in ("@this", "@ugly", "@pretty", "@valid", "@tostr|@fromstr", "@reverse|@reverse"):
        found = find(raw, path)
        assert found is not None
        assert msgspec.json.decode(found.raw) == document
