# SPDX-License-Identifier: Apache-2.0
from keyfleet.model.assembly import Assembly, Conversion, MergeRewrite, Piece
from keyfleet.model.decoding import Decoding
from keyfleet.model.stores import How


def test_a_piece_without_more_takes_its_answer_as_it_is() -> None:
    piece = Piece(How.VALUE, secret_key="password")
    assert (piece.conversion, piece.decoding) == (Conversion.DEFAULT, Decoding.NONE)
    assert not any((piece.rewrites, piece.fails_on_null, piece.skips_missing))


def test_the_words_are_those_of_manifests() -> None:
    assert [each.value for each in Conversion] == ["Default", "Unicode"]
    assert str(MergeRewrite().strategy) == "Extract"


def test_equal_assemblies_are_one() -> None:
    one, two = (Assembly((Piece(How.MAP, rewrites=(MergeRewrite("a"),)),)) for _ in range(2))
    assert len({one, two}) == 1
