# SPDX-License-Identifier: Apache-2.0
"""Modes that ask the controller through the API server's service proxy, beside kubeseal."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from tests.e2e.sealing.partner import KEYS, Partners, manifest, opened, yaml

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.sealing import Keyset, load_certificate, load_key
from keyfleet.cli.sealing.opening import opened as values_of
from keyfleet.testing.canary import canary

SERVICES = "/api/v1/namespaces/kube-system/services/"
PORTS: dict[str, list[dict[str, Any]]] = {
    "sealed-secrets-controller": [{"port": 8080}],
    "sealed-secrets": [{"port": 8080, "name": "http"}],
}
PLAIN = yaml(manifest(stringData={"password": canary("controller").decode()}))
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: "%s"}}]
users: [{name: a, user: {}}]
"""


class _Cluster(BaseHTTPRequestHandler):
    """An API server with two controllers behind its proxy."""

    throttled = 0

    def do_GET(self) -> None:
        name, _, path = self._asked()
        if path == "v1/cert.pem":
            self._answer(200, KEYS["one"].certificate)
        elif name in PORTS and not path:
            spec = {"ports": PORTS[name]}
            metadata = {"name": name, "namespace": "kube-system"}
            service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
            self._answer(200, msgspec.json.encode(service))
        else:
            status = {"kind": "Status", "apiVersion": "v1", "code": 404, "reason": "NotFound"}
            self._answer(404, msgspec.json.encode(status))

    def do_POST(self) -> None:
        document = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
        if type(self).throttled:
            type(self).throttled -= 1
            self._answer(429, b"limit exceeded")
            return
        try:
            values = values_of(document, Keyset([load_key(KEYS["one"].key)]))
        except KeyfleetError:
            self._answer(409 if self._asked()[2].endswith("verify") else 500, b"")
            return
        if self._asked()[2].endswith("rotate"):
            seal = load_certificate(KEYS["other"].certificate).seal
            items = {key: seal(value, b"shop/db") for key, value in values.items()}
            document["spec"]["encryptedData"] = items
            document["metadata"]["creationTimestamp"] = None
        self._answer(200, msgspec.json.encode(document))

    def _asked(self) -> tuple[str, str, str]:
        name, _, path = unquote(self.path).removeprefix(SERVICES).partition("/proxy/")
        if path:
            scheme, service, port = name.split(":")
            assert (scheme, port) == ("http", PORTS[service][0].get("name", ""))
            return service, port, path
        return name, "", ""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def partners(partners: Partners) -> Iterator[Partners]:
    """Both programs, logged in to a cluster with controllers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Cluster) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        config = KUBECONFIG % f"http://127.0.0.1:{server.server_port}"
        partners.keyfleet.environ["KUBECONFIG"] = partners.write("kubeconfig", config)
        yield partners
        server.shutdown()


@pytest.mark.parametrize("words", [(), ("--controller-name", "sealed-secrets")])
def test_the_controllers_certificate_is_fetched_and_sealed_with(
    partners: Partners, words: tuple[str, ...]
) -> None:
    ours, theirs = partners.both("--fetch-cert", *words)
    assert (ours.code, ours.out) == (theirs.code, theirs.out) == (0, ours.out)
    assert ours.out.encode() == KEYS["one"].certificate
    ours, theirs = partners.both(*words, stdin=PLAIN)
    assert opened(ours.out) == opened(theirs.out)


def test_a_controller_that_is_not_there_is_said_with_what_to_do(partners: Partners) -> None:
    ours, theirs = partners.both("--controller-name", "absent", stdin=PLAIN)
    assert (ours.code, ours.out, theirs.code, theirs.out) == (3, "", 1, "")
    assert "kube-system/absent (services)" in ours.err
    assert "--controller-name and --controller-namespace" in ours.err


def test_validate_asks_the_controller_and_waits_where_it_throttles(partners: Partners) -> None:
    good = partners.ours("--cert", "one.pem", stdin=PLAIN).out
    bad = partners.ours("--cert", "other.pem", stdin=PLAIN).out
    _Cluster.throttled = 1
    ours = partners.ours("--validate", stdin=good)
    assert (ours.code, ours.out) == (0, "")
    ours, theirs = partners.both("--validate", stdin=bad)
    assert (ours.code, ours.out, theirs.code) == (1, "", 1)
    assert "unable to decrypt sealed secret: " in theirs.err
    assert "unable to decrypt sealed secret: shop/db" in ours.err


@pytest.mark.parametrize("flag", ["--re-encrypt", "--rotate"])
def test_re_encrypt_gives_what_the_controller_sealed_anew(partners: Partners, flag: str) -> None:
    sealed = partners.ours("--cert", "one.pem", stdin=PLAIN).out
    ours = partners.ours(flag, "-o", "yaml", stdin=sealed)
    # Theirs says on standard output that --rotate is deprecated.
    theirs = partners.theirs("--re-encrypt", "-o", "yaml", stdin=sealed)
    assert (ours.code, theirs.code) == (0, 0)
    assert opened(ours.out, "other") == opened(theirs.out, "other")
    name = partners.write("in.yaml", partners.ours("--cert", "one.pem", "-oyaml", stdin=PLAIN).out)
    said = partners.ours(flag, "-f", name)
    assert (said.code, said.out) == (0, "")
    written = (partners.folder / "in.yaml").read_text()
    assert written.startswith("---"), "as it was"
    assert opened(written, "other")


def test_what_the_controller_cannot_re_encrypt_is_an_error(partners: Partners) -> None:
    sealed = partners.ours("--cert", "other.pem", stdin=PLAIN).out
    ours, theirs = partners.both("--re-encrypt", "-w", "out.yaml", stdin=sealed)
    assert (ours.code, theirs.code) == (3, 1)
    assert "sealing.refused" in ours.err
    assert not (partners.folder / "out.yaml").exists()
