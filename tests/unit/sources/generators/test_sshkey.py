# SPDX-License-Identifier: Apache-2.0
"""SSH keys: others can read them, and the loop runs on while they are made."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.stores import How, Query, Store, StoreRef
from keyfleet.plugin.stores import ProviderMeans, StoreReferences
from keyfleet.sources.generators.sshkey import SSH_KEY

MEANS = ProviderMeans(SystemClock(), os.urandom, lambda *_: None)


def store(**spec: Any) -> Store:
    return Store(StoreRef("SSHKey", "made", "team"), "SSHKey", spec, "team")


async def pair(**spec: Any) -> tuple[bytes, bytes]:
    session = await SSH_KEY.open(store(**spec), cast("StoreReferences", None), MEANS)
    made = await session.fetch(session.request(Query(How.GENERATE)))
    assert set(made) == {"privateKey", "publicKey"}
    return made["privateKey"].reveal(), made["publicKey"].reveal()


@pytest.mark.parametrize(
    ("spec", "kind", "size"),
    [
        ({}, rsa.RSAPrivateKey, 2048),
        ({"keyType": "rsa", "keySize": 1024}, rsa.RSAPrivateKey, 1024),
        ({"keyType": "ecdsa"}, ec.EllipticCurvePrivateKey, 256),
        ({"keyType": "ecdsa", "keySize": 384}, ec.EllipticCurvePrivateKey, 384),
        ({"keyType": "ecdsa", "keySize": 521}, ec.EllipticCurvePrivateKey, 521),
        ({"keyType": "ecdsa", "keySize": 4096}, ec.EllipticCurvePrivateKey, 256),
        ({"keyType": "ed25519", "keySize": 4096}, ed25519.Ed25519PrivateKey, None),
    ],
)
async def test_makes_a_pair_of_that_type_and_size(
    spec: dict[str, Any], kind: type, size: int | None, tmp_path: Path
) -> None:
    private, public = await pair(**spec)
    key = load_ssh_private_key(private, None)
    assert isinstance(key, kind)
    assert getattr(key, "key_size", None) == size
    assert private.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----\n")
    wanted = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert public == wanted + b"\n"
    assert load_ssh_public_key(public) == key.public_key()
    assert _as_openssh_reads_it(private, tmp_path) in {None, public}


def _as_openssh_reads_it(private: bytes, folder: Path) -> bytes | None:
    program = shutil.which("ssh-keygen")
    if program is None:
        return None
    file = folder / "key"
    file.touch(mode=0o600)
    file.write_bytes(private)
    return subprocess.run([program, "-y", "-f", str(file)], check=True, capture_output=True).stdout


async def test_appends_the_comment() -> None:
    _, public = await pair(keyType="ed25519", comment="ops@example.com")
    assert public.startswith(b"ssh-ed25519 ")
    assert public.endswith(b" ops@example.com\n")
    assert public.count(b"\n") == 1


async def test_makes_another_pair_each_time() -> None:
    assert await pair(keyType="ed25519") != await pair(keyType="ed25519")


async def test_lets_the_loop_run_while_a_long_key_is_made() -> None:
    turns = 0
    making = asyncio.ensure_future(pair(keySize=4096))  # noqa: TID251 - watched from beside
    while not making.done():
        await asyncio.sleep(0)
        turns += 1
    await making
    assert turns > 100


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"keyType": "dsa"}, "keyType"),
        ({"keySize": 255}, "keySize"),
        ({"keySize": 8193, "keyType": "ed25519"}, "keySize"),
        ({"keySize": 1023}, "keySize"),
        ({"comment": "a\nssh-rsa AAAA"}, "comment"),
    ],
)
def test_refuses_what_cannot_work(spec: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        SSH_KEY.check(store(**spec))
    assert (caught.value.code, caught.value.path) == ("store.invalid", path)
