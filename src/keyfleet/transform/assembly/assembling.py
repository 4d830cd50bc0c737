# SPDX-License-Identifier: Apache-2.0
"""The pieces of a manifest, put together in their order: later keys win.

    extract, find   map -> rewrites, or else conversion -> keys -> decoding -> zero bytes
    generate        map -> rewrites -> keys
    data            value -> decoding -> zero bytes, under the key that the manifest names

One fault ends all of it, so that a target is never written in part. Work is bounded: 4 MiB of
values and 10,000 keys altogether (`VALUES_MAX_BYTES`, `KEYS_MAX`), 1 MiB for one merge, and a
budget for all rewriting, which nothing of a store's content gets past: half a second at worst, and
milliseconds where `is_quick` says so. What a Secret may hold is checked later, since templates may
make less of it.
Source: docs/compat/eso.md, "Assembly".
"""

from collections.abc import Mapping, Sequence
from random import SystemRandom
from typing import Final

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvariantError, TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.assembly import Assembly, Piece
from keyfleet.model.decoding import Decoding
from keyfleet.model.stores import How
from keyfleet.transform.assembly.faults import about
from keyfleet.transform.assembly.keys import converted, validated
from keyfleet.transform.assembly.rewriting import LIMITS, rewritten
from keyfleet.transform.decoding import undone
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.keys import shown

VALUES_MAX_BYTES: Final = 4 << 20
KEYS_MAX: Final = 10_000
QUICK_BYTES: Final = 256 << 10
QUICK_KEYS: Final = 1_000
QUICK_REWRITES: Final = 50
"""Keys that are made anew: a template takes about as long as for a value."""

Answer = SecretValue | Mapping[str, SecretValue]
"""What a store gave: one value, or a map of them."""


def assembled(
    assembly: Assembly, answers: Sequence[Answer | None], run: Run | None = None
) -> dict[str, SecretValue]:
    """Return what a manifest's questions give together.

    Args:
        assembly: What to do.
        answers: One for each piece; None where the provider has no such secret, which only a
            piece that `skips_missing` allows.
        run: What rewriting may use; `LIMITS`, the system's clock and randomness by default.
    Returns:
        Key -> value; keys of maps are letters, numbers, `-`, `.`, `_`, at most 253 bytes. It is
        empty where every answer was, or was skipped.
    Raises:
        TransformError: `transform.*`: the piece's path as subject; no value in it.
        InvariantError: The answers do not fit the assembly.
    """
    if len(answers) != len(assembly.pieces):
        raise InvariantError("assembly.answers", "not one answer for each question")
    run = run or Run(now=SystemClock().now, random=SystemRandom(), limits=LIMITS)
    _check_size(assembly, answers)
    found: dict[str, SecretValue] = {}
    for piece, answer in zip(assembly.pieces, answers, strict=True):
        if answer is not None:
            found.update(_of_piece(piece, answer, run))
        elif not piece.skips_missing:
            raise InvariantError("assembly.absent", "an absent secret was let through", piece.path)
    return found


def is_quick(assembly: Assembly, answers: Sequence[Answer | None]) -> bool:
    """Tell whether it takes some milliseconds at most; else it is done beside the event loop."""
    size, count = _measured(answers)
    has_rewrites = any(piece.rewrites for piece in assembly.pieces)
    return size <= QUICK_BYTES and count <= (QUICK_REWRITES if has_rewrites else QUICK_KEYS)


def _measured(answers: Sequence[Answer | None]) -> tuple[int, int]:
    """Return how many bytes and how many keys answers have."""
    maps = [{"": each} if isinstance(each, SecretValue) else each or {} for each in answers]
    values = [value for each in maps for value in each.values()]
    return sum(value.size for value in values), len(values)


def _check_size(assembly: Assembly, answers: Sequence[Answer | None]) -> None:
    size = count = 0
    for piece, answer in zip(assembly.pieces, answers, strict=True):
        more_bytes, more_keys = _measured([answer])
        size, count = size + more_bytes, count + more_keys
        if size > VALUES_MAX_BYTES or count > KEYS_MAX:
            raise TransformError(
                "transform.answers_large",
                "the stores give more than 4 MiB, or more than 10,000 keys",
                piece.path,
                "ask them for fewer secrets",
            )


def _of_piece(piece: Piece, answer: Answer, run: Run) -> dict[str, SecretValue]:
    if piece.how is How.VALUE:
        if not isinstance(answer, SecretValue):
            raise _unfitting(piece)
        return _decoded({piece.secret_key: answer}, piece)
    if isinstance(answer, SecretValue):
        raise _unfitting(piece)
    values = rewritten(answer, piece.rewrites, run, place=piece.path)
    if piece.how is How.GENERATE:
        return validated(values, place=piece.path)
    if not piece.rewrites:
        values = converted(values, piece.conversion, place=piece.path)
    return _decoded(validated(values, place=piece.path), piece)


def _decoded(values: Mapping[str, SecretValue], piece: Piece) -> dict[str, SecretValue]:
    if piece.decoding is Decoding.NONE and not piece.fails_on_null:
        return dict(values)
    found: dict[str, SecretValue] = {}
    for key, value in sorted(values.items()):
        raw = undone(value.reveal(), piece.decoding)
        if raw is None:
            raise _undecodable(piece, key)
        found[key] = SecretValue(raw)
    if piece.fails_on_null:
        for key, value in found.items():
            if b"\0" in value.reveal():
                raise _null_byte(piece, key)
    return found


def _undecodable(piece: Piece, key: str) -> TransformError:
    return TransformError(
        "transform.decoding",
        "a value is not encoded as decodingStrategy says",
        about(piece.path, key),
        "correct the value at the store, or decodingStrategy",
        key=shown(key),
    )


def _null_byte(piece: Piece, key: str) -> TransformError:
    return TransformError(
        "transform.null_byte",
        "a value contains a zero byte",
        about(piece.path, key),
        "correct the value at the store, or set nullBytePolicy: Ignore",
        key=shown(key),
    )


def _unfitting(piece: Piece) -> InvariantError:
    return InvariantError("assembly.kind", "a question has an answer of another kind", piece.path)
