# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth.client_cert import CertificateSource, ClientCert
from keyfleet.testing.clock import FakeClock

Pairs = tuple[ClientCertificate, ClientCertificate]


def _write(folder: Path, *, certificate: bytes, key: bytes) -> CertificateSource:
    (folder / "crt").write_bytes(certificate)
    (folder / "key").write_bytes(key)
    return CertificateSource(folder / "crt", folder / "key", "context a")


async def test_presents_inline_pem(pairs: Pairs, clock: FakeClock) -> None:
    source = CertificateSource(pairs[0].certificate_pem, pairs[0].key_pem)
    credential = ClientCert(source, clock)
    assert await credential.headers() == {}
    assert await credential.certificate() == pairs[0]
    assert not await credential.rejected()


async def test_follows_rotated_files_after_a_second(
    pairs: Pairs, clock: FakeClock, tmp_path: Path
) -> None:
    first, second = pairs
    source = _write(tmp_path, certificate=first.certificate_pem, key=first.key_pem)
    credential = ClientCert(source, clock)
    _write(tmp_path, certificate=second.certificate_pem, key=second.key_pem)
    assert await credential.certificate() == first
    await clock.advance(1)
    assert await credential.certificate() == second


async def test_an_unchanged_pair_stays_the_same_object(
    pairs: Pairs, clock: FakeClock, tmp_path: Path
) -> None:
    source = _write(tmp_path, certificate=pairs[0].certificate_pem, key=pairs[0].key_pem)
    credential = ClientCert(source, clock)
    before = await credential.certificate()
    await clock.advance(5)
    assert await credential.certificate() is before


async def test_half_a_rotation_keeps_the_previous_pair(
    pairs: Pairs, clock: FakeClock, tmp_path: Path
) -> None:
    first, second = pairs
    source = _write(tmp_path, certificate=first.certificate_pem, key=first.key_pem)
    credential = ClientCert(source, clock)
    _write(tmp_path, certificate=second.certificate_pem, key=first.key_pem)
    await clock.advance(1)
    assert await credential.certificate() == first
    (tmp_path / "key").unlink()
    await clock.advance(1)
    assert await credential.certificate() == first


async def test_a_401_looks_at_the_files_at_once(
    pairs: Pairs, clock: FakeClock, tmp_path: Path
) -> None:
    first, second = pairs
    source = _write(tmp_path, certificate=first.certificate_pem, key=first.key_pem)
    credential = ClientCert(source, clock)
    assert not await credential.rejected()
    _write(tmp_path, certificate=second.certificate_pem, key=second.key_pem)
    assert await credential.rejected()


def test_an_unusable_pair_is_refused_from_the_start(pairs: Pairs, clock: FakeClock) -> None:
    source = CertificateSource(pairs[0].certificate_pem, pairs[1].key_pem, "context a")
    with pytest.raises(InvalidInputError, match="cannot be used: context a"):
        ClientCert(source, clock)


def test_an_unreadable_file_is_named_by_its_field(clock: FakeClock, tmp_path: Path) -> None:
    source = CertificateSource(tmp_path / "crt", tmp_path / "key", "context a")
    with pytest.raises(InvalidInputError) as caught:
        ClientCert(source, clock)
    assert caught.value.path == "client-certificate"
