# SPDX-License-Identifier: Apache-2.0
"""Make private keys in threads of their own, so that a long one keeps nobody else waiting.

An RSA key of 8192 bits takes seconds or, with bad luck, most of a minute; the library lets go of
Python's lock meanwhile. Who asks may give up before that. The key is made all the same, and goes to
whoever asks next for one of its kind: otherwise those who come again would wait behind all that
they gave up, for ever.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

RSA_DEFAULT: Final = 2048
THREADS: Final = 2
LEFT_MAX: Final = 16
"""Keys of one kind that nobody waits for any more; of more, those not yet begun are dropped."""

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Kind = tuple[str, int | None]
"""Type and size of a key."""

_CURVES: Final[dict[int, Callable[[], ec.EllipticCurve]]] = {
    256: ec.SECP256R1,
    384: ec.SECP384R1,
    521: ec.SECP521R1,
}


def _rsa(size: int | None) -> PrivateKey:
    return rsa.generate_private_key(65537, size or RSA_DEFAULT)


def _ecdsa(size: int | None) -> PrivateKey:
    # Upstream takes P-256 for every size that is no curve's.
    return ec.generate_private_key(_CURVES.get(size or 0, ec.SECP256R1)())


def _ed25519(size: int | None) -> PrivateKey:
    del size
    return ed25519.Ed25519PrivateKey.generate()


MAKERS: Final[dict[str, Callable[[int | None], PrivateKey]]] = {
    "rsa": _rsa,
    "ecdsa": _ecdsa,
    "ed25519": _ed25519,
}
"""By type."""


class KeyMaking:
    """A few threads, and the keys that were asked for and not taken."""

    def __init__(
        self, make: Callable[[Kind], PrivateKey] = lambda kind: MAKERS[kind[0]](kind[1])
    ) -> None:
        """Prepare; threads start when they are needed."""
        self._make = make
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="ssh-key")
        self._left: dict[Kind, deque[Future[PrivateKey]]] = {}

    async def key(self, kind: Kind) -> PrivateKey:
        """Return a key that nobody else has."""
        left = self._left.get(kind)
        making = left.popleft() if left else self._pool.submit(self._make, kind)
        try:
            return await asyncio.shield(asyncio.wrap_future(making))
        except asyncio.CancelledError:
            self._leave(kind, making)
            raise

    def _leave(self, kind: Kind, making: Future[PrivateKey]) -> None:
        left = self._left.setdefault(kind, deque())
        if len(left) < LEFT_MAX or not making.cancel():
            left.append(making)
