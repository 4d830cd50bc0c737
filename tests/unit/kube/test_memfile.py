# SPDX-License-Identifier: Apache-2.0
import os
import ssl
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.memfile import check_client_certificate, load_client_certificate, memory_file
from keyfleet.localplane.pki import Authority

FIRST, SECOND = (Authority("memfile").client(name) for name in ("first", "second"))


def test_the_content_lies_in_memory_and_goes_with_the_block() -> None:
    with memory_file(b"kf-canary-key") as path:
        assert Path(path).read_bytes() == b"kf-canary-key"
        assert not Path(path).readlink().exists()
    assert not Path(path).exists()


def test_elsewhere_only_the_owner_can_read_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with memory_file(b"kf-canary-key") as path:
        assert Path(path).read_bytes() == b"kf-canary-key"
        assert Path(path).stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []


def test_loads_a_pair_into_a_context() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pair = ClientCertificate(FIRST.certificate_pem, FIRST.key_pem)
    load_client_certificate(context, pair, subject="s")


def _encrypted() -> bytes:
    key = load_pem_private_key(FIRST.key_pem, None)
    locked = BestAvailableEncryption(b"kf-canary-password")
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        (FIRST.certificate_pem, SECOND.key_pem),
        (FIRST.certificate_pem, b""),
        (b"", FIRST.key_pem),
        (b"kf-canary-certificate", b"kf-canary-key"),
        (FIRST.certificate_pem, _encrypted()),
    ],
)
def test_an_unusable_pair_is_refused_without_a_question(certificate: bytes, key: bytes) -> None:
    with pytest.raises(InvalidInputError, match="cannot be used: s") as caught:
        check_client_certificate(ClientCertificate(certificate, key), subject="s")
    assert "kf-canary" not in caught.value.diagnostics()
