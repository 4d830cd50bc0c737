# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base import codec
from keyfleet.base.errors import UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth.exec_answer import login_from_output
from keyfleet.kube.auth.exec_config import ExecConfig

V1 = "client.authentication.k8s.io/v1"
CONFIG = ExecConfig("/bin/login --kf-canary-arg", V1, "Never", subject="context a")
Pairs = tuple[ClientCertificate, ClientCertificate]


def _output(status: dict[str, Any] | None, **changes: str) -> bytes:
    answer: dict[str, Any] = {"apiVersion": V1, "kind": "ExecCredential", **changes}
    return codec.encode_json(answer if status is None else {**answer, "status": status})


def test_reads_a_token_with_its_expiry() -> None:
    login = login_from_output(
        _output({"token": "kf-canary-1", "expirationTimestamp": "2026-11-20T10:00:00Z"}), CONFIG
    )
    assert login.token == SecretValue(b"kf-canary-1")
    assert login.expires == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert login.certificate is None


def test_reads_token_and_certificate_together(pairs: Pairs) -> None:
    status = {
        "token": "kf-canary-1",
        "clientCertificateData": pairs[0].certificate_pem.decode(),
        "clientKeyData": pairs[0].key_pem.decode(),
    }
    login = login_from_output(_output(status), CONFIG)
    assert (login.certificate, login.expires) == (pairs[0], None)
    assert login.token == SecretValue(b"kf-canary-1")


def _pem(pair: ClientCertificate) -> dict[str, str]:
    return {"clientCertificateData": pair.certificate_pem.decode()}


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (b"kf-canary-output", "no ExecCredential"),
        (b"", "no ExecCredential"),
        (b'{"kind":"ExecCredential","status":{"token":5}}', "no ExecCredential"),
        (b"[" * 100_000, "no ExecCredential"),
        (_output({"token": "kf-canary-1"}) * 2, "no ExecCredential"),
        (_output({"token": "kf-canary-1"}, kind="Secret"), "no ExecCredential"),
        (_output({"token": "kf-canary-1"}, apiVersion=f"{V1}beta1"), "another apiVersion"),
        (_output(None), "without status"),
        (_output({}), "neither a token nor"),
        (_output({"clientKeyData": "kf-canary-key"}), "certificate without key, or"),
        (_output({"clientCertificateData": "kf-canary-crt"}), "certificate without key, or"),
        (
            _output({"clientCertificateData": "kf-canary-crt", "clientKeyData": "kf-canary-key"}),
            "certificate or key that cannot be used",
        ),
        (_output({"token": "kf-canary-1\n"}), "fits no header"),
        (_output({"token": "kf-canary-1", "expirationTimestamp": "kf-canary"}), "is no time"),
    ],
)
def test_a_broken_answer_is_refused_without_quoting_it(output: bytes, complaint: str) -> None:
    with pytest.raises(UnreachableError, match=complaint) as caught:
        login_from_output(output, CONFIG)
    assert caught.value.subject == "login, context a"
    assert "kf-canary" not in caught.value.diagnostics()
    assert caught.value.__cause__ is None


def test_a_key_of_another_certificate_is_refused(pairs: Pairs) -> None:
    status = {**_pem(pairs[0]), "clientKeyData": pairs[1].key_pem.decode()}
    with pytest.raises(UnreachableError, match="cannot be used"):
        login_from_output(_output(status), CONFIG)


@given(st.binary(max_size=200))
def test_any_output_gives_one_kind_of_error(output: bytes) -> None:
    with pytest.raises(UnreachableError):
        login_from_output(output, CONFIG)
