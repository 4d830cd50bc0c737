# SPDX-License-Identifier: Apache-2.0
"""PEM as Go's `encoding/pem` reads and writes it.

A block counts when its BEGIN line starts a line, its END line names the same type and holds
nothing more, and all between is base64; what is no block is passed over.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Final, NamedTuple

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.base64 import decode_standard
from keyfleet.transform.gotemplate.run import Run

_BEGIN: Final = b"-----BEGIN "
_END: Final = b"\n-----END "
_DASHES: Final = b"-----"
_WIDTH: Final = 64
_FIRST_HEADER: Final = b"Proc-Type"


class Block(NamedTuple):
    """One block."""

    kind: bytes
    """What stands after BEGIN, for example `CERTIFICATE`."""
    body: bytes
    headers: Mapping[bytes, bytes] = {}


def next_block(run: Run, raw: bytes, at: int = 0) -> tuple[Block | None, int]:
    """Return the first block from a position on, and where the rest begins.

    Without a block the rest is all from the position on.
    """
    start = at
    # An END is looked for first: of several BEGINs the last one before it counts.
    while (end := raw.find(_END, start)) >= 0:
        run.step()
        begin = raw.rfind(_BEGIN, start, end)
        if begin >= 0 and (begin == start or raw[begin - 1] == ord("\n")):
            block, taken = _block(run, raw, begin + len(_BEGIN), end)
            if block is not None:
                return block, _line(raw, end + len(_END))[1]
            if taken > end + len(_END):
                break  # its headers went on behind the END
        start = end + len(_END)
    return None, at


def _block(run: Run, raw: bytes, at: int, end: int) -> tuple[Block | None, int]:
    """Return the block between BEGIN and END, and how far its headers go."""
    line, at = _line(raw, at)
    if not line.endswith(_DASHES):
        return None, 0
    kind = line.removesuffix(_DASHES)
    headers: dict[bytes, bytes] = {}
    while at < len(raw):
        line, following = _line(raw, at)
        key, colon, value = line.partition(b":")
        if not colon:
            break
        headers[key.strip()] = value.strip()
        run.step()
        at = following
    if (headers and at > end) or not _closes(raw, end + len(_END), kind):
        return None, at
    try:
        body = decode_standard(raw[at:end].translate(None, b" \t"))
    except GoError:
        return None, at
    return Block(kind, body, headers), at


def _closes(raw: bytes, at: int, kind: bytes) -> bool:
    """Tell whether the END line names this type and nothing else."""
    wanted = kind + _DASHES
    return raw.startswith(wanted, at) and not _line(raw, at + len(wanted))[0]


def _line(raw: bytes, at: int) -> tuple[bytes, int]:
    """Return the line there without white space at its end, and where the next one starts."""
    end = raw.find(b"\n", at)
    if end < 0:
        return raw[at:].rstrip(b" \t"), len(raw)
    return raw[at:end].removesuffix(b"\r").rstrip(b" \t"), end + 1


def encoded(block: Block) -> bytes:
    """Return the block's text, in lines of 64."""
    lines = [_BEGIN + block.kind + _DASHES]
    if block.headers:
        names = sorted(block.headers, key=lambda name: (name != _FIRST_HEADER, name))
        lines += [b"%b: %b" % (name, block.headers[name]) for name in names]
        lines.append(b"")
    text = b64encode(block.body)
    lines += [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    lines.append(_END[1:] + block.kind + _DASHES)
    return b"\n".join(lines) + b"\n"
