# SPDX-License-Identifier: Apache-2.0
"""Answers byte for byte: what upstream gives for the same Secret."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base import codec
from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query
from keyfleet.sources.remotecluster.answers import as_json, members, value
from keyfleet.sources.remotecluster.asking import RemoteSecret, Texts
from keyfleet.testing.canary import canary, find_canary

PASSWORD = canary("password")


def texts(**values: str | bytes) -> dict[str, SecretValue]:
    return {
        name.replace("__", "."): SecretValue(one.encode() if isinstance(one, str) else one)
        for name, one in values.items()
    }


DATA = texts(
    password=PASSWORD,
    binary=b"\x00\xff<&>",
    file__json='{"a": 1}',
    doc='{"user": {"name": "Tom", "tags": [ 1, 2 ]}, "a.b": true, "none": null}',
)
LABELS = texts(team="pay", app__kubernetes__io="web")
ANNOTATIONS = texts(note="<a&b>", last=b'{"data":"' + PASSWORD + b'"}')
SECRET = RemoteSecret(DATA, LABELS, ANNOTATIONS)


def one(wanted: str = "", *, secret: RemoteSecret = SECRET, is_metadata: bool = False) -> bytes:
    return value(Query(How.VALUE, "db", wanted, is_metadata=is_metadata), secret).reveal()


def several(
    wanted: str = "", *, secret: RemoteSecret = SECRET, is_metadata: bool = False
) -> dict[str, bytes]:
    found = members(Query(How.MAP, "db", wanted, is_metadata=is_metadata), secret)
    return {name: part.reveal() for name, part in found.items()}


def test_gives_all_values_as_json_with_sorted_keys_and_html_as_it_is() -> None:
    secret = RemoteSecret(texts(z="<&>", a='"', b=b"\xff\n", c="\u2028"))
    assert one(secret=secret) == rb'{"a":"\"","b":"\ufffd\n","c":"\u2028","z":"<&>"}'
    assert one(secret=RemoteSecret({})) == b"{}"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("password", PASSWORD),
        ("binary", b"\x00\xff<&>"),
        ("file.json", b'{"a": 1}'),
        ("doc.user.name", b"Tom"),
        ("doc.user.tags", b"[ 1, 2 ]"),
        ("doc.user.tags.1", b"2"),
        (r"doc.a\.b", b"true"),
        ("doc.none", b""),
    ],
)
def test_gives_a_key_or_a_part_of_the_json_in_it(wanted: str, found: bytes) -> None:
    assert one(wanted) == found


@pytest.mark.parametrize(
    "wanted",
    ["absent", "doc.absent", "doc.a.b", "password.a", "file.a", ".doc", "doc.", "pass*", "@this"],
)
def test_says_which_property_is_missing(wanted: str) -> None:
    with pytest.raises(TransformError) as caught:
        one(wanted)
    assert caught.value.code == "store.property_missing"
    assert caught.value.subject == f"{wanted} of db"


def test_extracts_the_data_as_they_are() -> None:
    assert several() == {name: part.reveal() for name, part in DATA.items()}


def test_extracts_members_encoded_once_more() -> None:
    document = '{"s":"seb","n":1.50,"i":12345678901234567890,"o":{"b":"<","a":[1e3,null]},"t":true}'
    assert several("j", secret=RemoteSecret(texts(j=document))) == {
        "s": b'"seb"',
        "n": b"1.5",
        "i": b"12345678901234567000",
        "o": b'{"a":[1000,null],"b":"<"}',
        "t": b"true",
    }


@pytest.mark.parametrize("wanted", ["file.json", "fi*", "file?json", r"file\.json"])
def test_extracts_a_key_with_dots_or_one_that_a_path_chooses(wanted: str) -> None:
    assert several(wanted) == {"a": b"1"}


@pytest.mark.parametrize("wanted", ["absent", "doc.user"])
def test_extracts_from_keys_only(wanted: str) -> None:
    with pytest.raises(TransformError) as caught:
        several(wanted)
    assert caught.value.code == "store.property_missing"


@pytest.mark.parametrize(
    "text",
    [
        *("", PASSWORD, b'{"a": kf-canary-x', b"[1]", b'"a"', b'{"a":1}x', b"\xff", b'{"a":1e999}'),
        *(b'{"a":' + b"[" * deep + b"]" * deep + b"}" for deep in (101, 190, 300, 900, 100_000)),
        b'{"a":' + b"1" * 5000 + b"}",
    ],
    ids=lambda text: f"{text[:20]!s} {len(text)}",
)
def test_extracts_from_json_objects_only_and_quotes_nothing(text: str | bytes) -> None:
    with pytest.raises(TransformError) as caught:
        several("k", secret=RemoteSecret(texts(k=text)))
    error = caught.value
    assert error.code == "store.not_an_object"
    assert not find_canary(repr(error) + error.diagnostics() + repr(error.__context__))


def test_extracts_nothing_from_what_a_path_makes_of_keys() -> None:
    with pytest.raises(TransformError) as caught:
        several("@keys")
    assert caught.value.code == "store.not_an_object"
    assert caught.value.__context__ is None


def test_gives_metadata_as_json() -> None:
    assert one(is_metadata=True) == (
        b'{"annotations":{"last":"{\\"data\\":\\"' + PASSWORD + b'\\"}","note":"<a&b>"},'
        b'"labels":{"app.kubernetes.io":"web","team":"pay"}}'
    )
    bare = RemoteSecret(DATA)
    assert one(secret=bare, is_metadata=True) == b'{"annotations":null,"labels":null}'
    assert several(secret=bare, is_metadata=True) == {"annotations": b"null", "labels": b"null"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("labels", b'{"app.kubernetes.io":"web","team":"pay"}'),
        ("labels.team", b"pay"),
        ("labels.app.kubernetes.io", b"web"),
        ("annotations.note", b"<a&b>"),
        ("annotations.last.data", PASSWORD),
    ],
)
def test_gives_parts_of_the_metadata(wanted: str, found: bytes) -> None:
    assert one(wanted, is_metadata=True) == found


@pytest.mark.parametrize("wanted", ["password", "labels.absent", "labels.", "data.password", "."])
def test_has_no_other_metadata(wanted: str) -> None:
    with pytest.raises(TransformError) as caught:
        one(wanted, is_metadata=True)
    assert caught.value.code == "store.property_missing"


def test_extracts_metadata() -> None:
    assert several(is_metadata=True) == {
        "labels": one("labels", is_metadata=True),
        "annotations": one("annotations", is_metadata=True),
    }
    assert several("labels", is_metadata=True) == {
        "team": b'"pay"',
        "app.kubernetes.io": b'"web"',
    }


@given(st.dictionaries(st.text("ab.-_", min_size=1), st.text() | st.binary(), max_size=5))
def test_json_of_any_data_can_be_read_again(data: dict[str, str | bytes]) -> None:
    raw = {name: text.encode() if isinstance(text, str) else text for name, text in data.items()}
    found = as_json({name: SecretValue(text) for name, text in raw.items()})
    decoded = codec.decode_json(found.reveal(), subject="")
    assert list(decoded) == sorted(data)
    assert all(decoded[name] == text for name, text in data.items() if isinstance(text, str))


@given(st.binary(), st.text(max_size=20))
def test_raises_nothing_but_its_own_errors(text: bytes, wanted: str) -> None:
    secret = RemoteSecret({"k": SecretValue(text)})
    for prefix in ("", "k."):
        for ask in (one, several):
            with suppress(TransformError):
                ask(prefix + wanted, secret=secret)


def test_shows_no_value() -> None:
    shown: Texts = ANNOTATIONS
    assert not find_canary(f"{SECRET!r} {shown!r} {as_json(DATA)!r}")
    assert base64.b64encode(PASSWORD) not in repr(SECRET).encode()
