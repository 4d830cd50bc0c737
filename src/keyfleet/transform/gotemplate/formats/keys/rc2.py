# SPDX-License-Identifier: Apache-2.0
"""RC2, which old PKCS#12 files have around their certificates, often with a key of 40 bits.

No library at hand knows it with such a key; only decryption is needed. Source: RFC 2268.
"""

from typing import Final

_PI: Final = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2"
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82"
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7"
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec"
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9"
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad"
)
_ROTATIONS: Final = (1, 2, 3, 5)
_MASHED_BEFORE: Final = (11, 5)
_BLOCK: Final = 8


def decrypted(key: bytes, start: bytes, raw: bytes) -> bytes:
    """Return what was encrypted in CBC mode under a key whose bits all count.

    Args:
        key: At most 128 bytes.
        start: The initialization vector, 8 bytes.
        raw: Whole blocks of 8 bytes.
    """
    words = _expanded(key)
    pieces, previous = [], int.from_bytes(start)
    for at in range(0, len(raw), _BLOCK):
        block = raw[at : at + _BLOCK]
        pieces.append((_block(words, block) ^ previous).to_bytes(_BLOCK))
        previous = int.from_bytes(block)
    return b"".join(pieces)


def _expanded(key: bytes) -> list[int]:
    size = len(key)
    table = bytearray(key.ljust(128, b"\0"))
    for at in range(size, 128):
        table[at] = _PI[(table[at - 1] + table[at - size]) & 0xFF]
    table[128 - size] = _PI[table[128 - size]]
    for at in range(127 - size, -1, -1):
        table[at] = _PI[table[at + 1] ^ table[at + size]]
    return [table[at] | table[at + 1] << 8 for at in range(0, 128, 2)]


def _block(words: list[int], block: bytes) -> int:
    r = [block[at] | block[at + 1] << 8 for at in range(0, _BLOCK, 2)]
    for rounds in range(15, -1, -1):
        for i in (3, 2, 1, 0):
            turn = _ROTATIONS[i]
            r[i] = (r[i] >> turn | r[i] << 16 - turn) & 0xFFFF
            r[i] -= words[4 * rounds + i] + (r[i - 1] & r[i - 2]) + (~r[i - 1] & r[i - 3])
            r[i] &= 0xFFFF
        if rounds in _MASHED_BEFORE:
            for i in (3, 2, 1, 0):
                r[i] = (r[i] - words[r[i - 1] & 63]) & 0xFFFF
    return int.from_bytes(b"".join(word.to_bytes(2, "little") for word in r))
