# SPDX-License-Identifier: Apache-2.0
"""Generator `SSHKey`: a key pair as OpenSSH writes it.

Source: docs/compat/eso-generators.md, "SSHKey".
"""

from typing import Final

import msgspec
from cryptography.hazmat.primitives import serialization

from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import invalid
from keyfleet.sources.generators.chance import Chance
from keyfleet.sources.generators.generator import Generator, Values
from keyfleet.sources.generators.keymaking import MAKERS, RSA_DEFAULT, KeyMaking, PrivateKey

KEY_SIZES: Final = (256, 8192)
"""Least and most, as upstream's schema has them."""
RSA_MIN: Final = 1024
"""Shorter RSA keys are refused by OpenSSH here and by Go upstream."""

_MAKING = KeyMaking()


class SSHKeySpec(msgspec.Struct, frozen=True, rename="camel"):
    """Spec of an SSHKey generator, as written."""

    key_type: str = "rsa"
    key_size: int | None = None
    comment: str = ""


def _check(config: SSHKeySpec, store: Store) -> None:
    if config.key_type and config.key_type not in MAKERS:
        raise invalid(store, "keyType", f"use one of {', '.join(MAKERS)}")
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
    return _written(await _MAKING.key((_type(config), config.key_size)), config.comment)


def _written(key: PrivateKey, comment: str) -> Values:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    tail = f" {comment}" if comment else ""
    return {
        "privateKey": SecretValue(private),
        "publicKey": SecretValue(public + tail.encode() + b"\n"),
    }


SSH_KEY = Generator("SSHKey", SSHKeySpec, _check, _pair)
