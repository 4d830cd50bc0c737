# SPDX-License-Identifier: Apache-2.0
"""Generator `SSHKey`: a key pair as OpenSSH writes it.

RSA takes up to seconds for long keys, so keys are made in threads of their own, a few at a time;
the library lets go of Python's lock meanwhile.
Source: docs/compat/eso-generators.md, "SSHKey".
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import invalid
from keyfleet.sources.generators.chance import Chance
from keyfleet.sources.generators.generator import Generator, Values

KEY_SIZES: Final = (256, 8192)
"""Least and most, as upstream's schema has them."""
RSA_MIN: Final = 1024
"""Shorter RSA keys are refused by OpenSSL here and by Go upstream."""
RSA_DEFAULT: Final = 2048
_CURVES: Final[dict[int, Callable[[], ec.EllipticCurve]]] = {
    256: ec.SECP256R1,
    384: ec.SECP384R1,
    521: ec.SECP521R1,
}

_POOL = ThreadPoolExecutor(2, thread_name_prefix="ssh-key")

_PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class SSHKeySpec(msgspec.Struct, frozen=True, rename="camel"):
    """Spec of an SSHKey generator, as written."""

    key_type: str = "rsa"
    key_size: int | None = None
    comment: str = ""


def _rsa(size: int | None) -> _PrivateKey:
    return rsa.generate_private_key(65537, size or RSA_DEFAULT)


def _ecdsa(size: int | None) -> _PrivateKey:
    # Upstream takes P-256 for every size that is no curve's.
    return ec.generate_private_key(_CURVES.get(size or 0, ec.SECP256R1)())


def _ed25519(size: int | None) -> _PrivateKey:
    del size
    return ed25519.Ed25519PrivateKey.generate()


_TYPES: Final = {"rsa": _rsa, "ecdsa": _ecdsa, "ed25519": _ed25519}


def _check(config: SSHKeySpec, store: Store) -> None:
    if config.key_type and config.key_type not in _TYPES:
        raise invalid(store, "keyType", f"use one of {', '.join(_TYPES)}")
    least, most = KEY_SIZES
    if config.key_size is not None and not least <= config.key_size <= most:
        raise invalid(store, "keySize", f"use {least} to {most}")
    if _type(config) == "rsa" and (config.key_size or RSA_DEFAULT) < RSA_MIN:
        raise invalid(store, "keySize", f"an RSA key of less than {RSA_MIN} bits is not safe")
    if not config.comment.isprintable():
        raise invalid(store, "comment", "it must be one line of printable text")


def _type(config: SSHKeySpec) -> str:
    return config.key_type or "rsa"


async def _pair(config: SSHKeySpec, chance: Chance) -> Values:
    # The library has no way to be given random bytes; its own are as good.
    del chance
    return await asyncio.get_running_loop().run_in_executor(_POOL, _made, config)


def _made(config: SSHKeySpec) -> Values:
    key = _TYPES[_type(config)](config.key_size)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    comment = f" {config.comment}" if config.comment else ""
    return {
        "privateKey": SecretValue(private),
        "publicKey": SecretValue(public + comment.encode() + b"\n"),
    }


SSH_KEY = Generator("SSHKey", SSHKeySpec, _check, _pair)
