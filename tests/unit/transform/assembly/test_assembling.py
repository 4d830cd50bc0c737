# SPDX-License-Identifier: Apache-2.0
from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvariantError, TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.assembly import Assembly, Conversion, Piece, RegexpRewrite
from keyfleet.model.decoding import Decoding
from keyfleet.model.stores import How
from keyfleet.testing.canary import canary
from keyfleet.transform.assembly import assembled, is_quick
from keyfleet.transform.assembly.assembling import (
    KEYS_MAX,
    QUICK_BYTES,
    QUICK_KEYS,
    QUICK_REWRITES,
    VALUES_MAX_BYTES,
    Answer,
)

Raw = bytes | dict[str, bytes] | None


def run(*pairs: tuple[Piece, Raw]) -> dict[str, bytes]:
    """Return what pieces and their answers give together."""
    assembly = Assembly(tuple(piece for piece, _ in pairs))
    found = assembled(assembly, [answer(raw) for _, raw in pairs])
    return {key: value.reveal() for key, value in found.items()}


def answer(raw: Raw) -> Answer | None:
    """Return an answer of a store."""
    if isinstance(raw, bytes):
        return SecretValue(raw)
    return None if raw is None else {key: SecretValue(value) for key, value in raw.items()}


def failure(*pairs: tuple[Piece, Raw]) -> TransformError:
    """Return the error that pieces and their answers raise."""
    with pytest.raises(TransformError) as caught:
        run(*pairs)
    return caught.value


def test_later_pieces_win_and_nothing_else_is_lost() -> None:
    extract, find = Piece(How.MAP), Piece(How.SEARCH)
    assert run(
        (extract, {"a": b"1", "b": b"1", "c": b"1"}),
        (find, {"b": b"2", "c": b"2"}),
        (Piece(How.VALUE, "c"), b"3"),
    ) == {"a": b"1", "b": b"2", "c": b"3"}


@pytest.mark.parametrize("how", [How.MAP, How.SEARCH])
def test_keys_of_maps_are_converted_unless_they_are_rewritten(how: How) -> None:
    assert run((Piece(how), {"a/b": b"x"})) == {"a_b": b"x"}
    unicode = Piece(how, conversion=Conversion.UNICODE)
    assert run((unicode, {"a/b": b"x"})) == {"a_U002f_b": b"x"}
    rewritten = Piece(how, rewrites=(RegexpRewrite("^a/", "z/"),), path="spec.dataFrom[1].find")
    error = failure((rewritten, {"a/b": canary("x")}))
    assert (error.code, error.subject) == ("transform.key_invalid", "spec.dataFrom[1].find: z/b")


def test_what_generators_make_is_neither_converted_nor_decoded() -> None:
    piece = Piece(How.GENERATE, decoding=Decoding.BASE64, fails_on_null=True)
    assert run((piece, {"password": b"\0not base64"})) == {"password": b"\0not base64"}
    assert failure((piece, {"a/b": b""})).code == "transform.key_invalid"
    renamed = Piece(How.GENERATE, rewrites=(RegexpRewrite("^", "db_"),))
    assert run((renamed, {"password": b"x"})) == {"db_password": b"x"}


def test_the_key_of_one_value_is_used_as_it_is() -> None:
    assert run((Piece(How.VALUE, "a/b"), b"x")) == {"a/b": b"x"}


@pytest.mark.parametrize("how", [How.VALUE, How.MAP, How.SEARCH])
@given(value=st.binary(max_size=20))
def test_values_are_decoded(how: How, value: bytes) -> None:
    for decoding, encode in (
        (Decoding.BASE64, b64encode),
        (Decoding.BASE64_URL, urlsafe_b64encode),
        (Decoding.NONE, bytes),
        (Decoding.AUTO, b64encode),
    ):
        text = encode(value)
        piece = Piece(how, "k", decoding=decoding)
        assert run((piece, text if how is How.VALUE else {"k": text})) == {"k": value}


def test_a_value_that_is_not_encoded_so_is_named_and_not_quoted() -> None:
    piece = Piece(How.VALUE, "k", decoding=Decoding.BASE64, path="spec.data[3]")
    error = failure((piece, canary("not base64!")))
    assert (error.code, error.subject) == ("transform.decoding", "spec.data[3]: k")
    assert error.__context__ is None


def test_zero_bytes_are_refused_after_decoding_and_only_when_asked() -> None:
    raw = {"b": b64encode(b"a\0b"), "a": b64encode(b"fine"), "c": b64encode(b"\0")}
    strict = Piece(How.MAP, decoding=Decoding.BASE64, fails_on_null=True, path="spec.dataFrom[0]")
    error = failure((strict, raw))
    assert (error.code, error.subject) == ("transform.null_byte", "spec.dataFrom[0]: b")
    assert run((Piece(How.MAP, decoding=Decoding.BASE64), raw))["c"] == b"\0"


def test_absent_secrets_are_skipped_where_that_is_allowed() -> None:
    skips = Piece(How.MAP, skips_missing=True)
    assert run((skips, None), (Piece(How.VALUE, "k"), b"x"), (skips, {})) == {"k": b"x"}
    assert run((skips, None)) == {}


def test_an_absent_secret_elsewhere_is_a_fault_of_ours() -> None:
    with pytest.raises(InvariantError):
        run((Piece(How.MAP), None))


@pytest.mark.parametrize(
    ("how", "raw"),
    [(How.VALUE, {"a": b""}), (How.MAP, b""), (How.SEARCH, b""), (How.GENERATE, b"")],
)
def test_an_answer_of_another_kind_is_a_fault_of_ours(how: How, raw: Raw) -> None:
    with pytest.raises(InvariantError):
        run((Piece(how, "k"), raw))


def test_each_question_has_one_answer() -> None:
    with pytest.raises(InvariantError):
        assembled(Assembly((Piece(How.MAP),)), [])


def test_an_empty_key_is_dropped() -> None:
    assert run((Piece(How.MAP), {"": b"x", "a": b"y"})) == {"a": b"y"}


@pytest.mark.parametrize(
    "raw", [{str(n): b"" for n in range(KEYS_MAX + 1)}, {"a": b"x" * (VALUES_MAX_BYTES + 1)}]
)
def test_there_is_a_limit_to_what_stores_may_give(raw: dict[str, bytes]) -> None:
    error = failure((Piece(How.MAP), {"fine": b""}), (Piece(How.SEARCH, path="here"), raw))
    assert (error.code, error.subject) == ("transform.answers_large", "here")


def test_one_fault_ends_all_of_it() -> None:
    broken = Piece(How.VALUE, "b", decoding=Decoding.BASE64)
    assert failure((Piece(How.VALUE, "a"), b"x"), (broken, b"-")).code == "transform.decoding"


@pytest.mark.parametrize(
    ("count", "size", "is_rewritten", "expected"),
    [
        (QUICK_KEYS, 1, False, True),
        (QUICK_KEYS + 1, 1, False, False),
        (QUICK_REWRITES, 1, True, True),
        (QUICK_REWRITES + 1, 1, True, False),
        (2, QUICK_BYTES // 2, False, True),
        (2, QUICK_BYTES // 2 + 1, False, False),
    ],
)
def test_says_what_is_done_beside_the_loop(
    count: int, size: int, is_rewritten: bool, expected: bool
) -> None:
    rewrites = (RegexpRewrite("a", "b"),) if is_rewritten else ()
    assembly = Assembly((Piece(How.MAP, rewrites=rewrites), Piece(How.VALUE, skips_missing=True)))
    answers = [answer({str(n): b"x" * size for n in range(count)}), None]
    assert is_quick(assembly, answers) == expected
