# SPDX-License-Identifier: Apache-2.0
"""`keyfleet run --sealed-secrets-listen`, as a process beside the one that leads."""

import urllib.error
import urllib.request

import pytest
from tests.e2e.harness import Program, Running


def asked(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, body, timeout=30) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_second_process_serves_the_api_and_stands_by(
    controller: Running, keyfleet: Program
) -> None:
    assert controller.process.poll() is None
    anywhere = ("--listen", "127.0.0.1:0", "--sealed-secrets-listen", "127.0.0.1:0")
    with keyfleet.running("run", *anywhere) as running:
        url = "http://" + running.says(r"app.serving_sealing +address=(\S+)")[1]
        metrics = "http://" + running.says(r"app.listening +address=(\S+)")[1] + "/metrics"
        standby = (503, b"this replica stands by and knows no keys\n")
        assert asked(f"{url}/v1/cert.pem") == standby
        assert asked(f"{url}/v1/rotate", b"{}") == standby
        assert asked(f"{url}/clusters/east/v1/verify", b"{}") == standby
        assert asked(f"{url}/healthz") == (200, b"ok\n")
        assert asked(f"{url}/metrics")[0] == 404
        name = b"sealed_secrets_controller_http_requests_total"
        counted = name + b'{cluster="",code="503",method="POST",path="/v1/verify"} 1.0'
        assert counted in asked(metrics)[1]
        assert running.stop() == 0


@pytest.mark.parametrize(
    ("flag", "given"),
    [
        ("--sealed-secrets-listen", "8081"),
        ("--sealed-secrets-rate-limit", "0"),
        ("--sealed-secrets-rate-limit-burst", "-1"),
    ],
)
def test_what_cannot_be_is_said_at_once(keyfleet: Program, flag: str, given: str) -> None:
    found = keyfleet("run", "--listen", "127.0.0.1:0", f"{flag}={given}")
    assert found.code == 2
    assert given in found.err or flag in found.err
