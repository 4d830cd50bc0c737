# SPDX-License-Identifier: Apache-2.0
"""PEM as Go reads it; the odd texts and what becomes of them were recorded from Go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.formats.keys.pem import Block, encoded, next_block

NAMES = st.text("ABC xyz", min_size=1, max_size=8).map(str.strip).map(str.encode)


@given(st.binary(max_size=200), NAMES, st.dictionaries(NAMES.filter(bool), NAMES, max_size=3))
def test_reads_what_it_writes(body: bytes, kind: bytes, headers: dict[bytes, bytes]) -> None:
    block = Block(kind, body, headers)
    text = encoded(block)
    assert next_block(a_run(), text) == (block, len(text))
    assert next_block(a_run(), b"before\n" + text + b"after") == (block, 7 + len(text))


def kinds(text: str) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    at = 0
    while True:
        block, at = next_block(a_run(), text.encode(), at)
        if block is None:
            return found
        found.append((block.kind, block.body))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "junk",
        "-----BEGIN A-----\nAAAA",
        "x-----BEGIN A-----\nAAAA\n-----END A-----\n",
        "-----BEGIN A-----\nAAAA\n-----END B-----\n",
        "-----BEGIN A-----\nAAAA\n-----END A----- x\n",
        "-----BEGIN A----\nAAAA\n-----END A-----\n",
        "-----BEGIN A-----\nAA\n-----END A-----\n",
        "-----BEGIN A-----\na: b\n-----END A-----\n:",
    ],
)
def test_passes_over_what_is_no_block(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("-----BEGIN A-----\n-----END A-----", [(b"A", b"")]),
        ("-----BEGIN A-----\n A A\tAA \r\n-----END A-----  \r\n", [(b"A", b"\0\0\0")]),
        ("-----BEGIN A-----\n-----BEGIN B-----\nAAAA\n-----END B-----\n", [(b"B", b"\0\0\0")]),
        (
            "-----BEGIN A-----\n!\n-----END A-----\n-----BEGIN B-----\nAAAA\n-----END B-----\n",
            [(b"B", b"\0\0\0")],
        ),
        ("-----BEGIN A-----\nk: v\nAAAA\n-----END A-----\n", [(b"A", b"\0\0\0")]),
        ("-----BEGIN -----\nAAAA\n-----END -----\n" * 2, [(b"", b"\0\0\0")] * 2),
    ],
)
def test_reads_blocks_as_go_does(text: str, found: list[tuple[bytes, bytes]]) -> None:
    assert kinds(text) == found


def test_writes_lines_of_64_and_the_first_header_first() -> None:
    text = encoded(Block(b"A", bytes(50), {b"B": b"2", b"A": b"1", b"Proc-Type": b"4"}))
    assert text.splitlines()[1:5] == [b"Proc-Type: 4", b"A: 1", b"B: 2", b""]
    assert [len(line) for line in text.splitlines()[5:-1]] == [64, 4]


@given(st.text("-BEGIN D:A=\n", max_size=200))
def test_moves_on_with_every_block(text: str) -> None:
    raw, at = text.encode(), 0
    while True:
        block, end = next_block(a_run(), raw, at)
        if block is None:
            assert end == at
            return
        assert end > at
        at = end


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN A-----\n" + "a:\n" * 500 + "\n-----END A-----\n",
        "\n-----END " * 500,
        "-----BEGIN A-----\n!\n-----END A-----\n" * 500,
    ],
)
def test_pays_for_headers_and_for_what_is_no_block(text: str) -> None:
    with pytest.raises(BudgetError):
        next_block(a_run(steps=400), text.encode())
