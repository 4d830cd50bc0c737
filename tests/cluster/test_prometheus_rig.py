# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus loads rules, scrapes, and refuses what it does not understand."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import pytest

from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane.prometheus import EMPTY, Prometheus

RULES = """
groups:
  - name: rig
    interval: 1s
    rules:
      - {alert: AlwaysThere, expr: vector(1), labels: {severity: warning}}
      - {record: rig:sum, expr: sum(rig_things)}
"""


class Metrics(BaseHTTPRequestHandler):
    """One gauge."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"rig_things 7\n")

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def exporter() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Metrics) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def wait_for(condition: Callable[[], object], within_s: float = 30.0) -> bool:
    deadline = monotonic() + within_s
    pause = threading.Event()
    while not condition():
        if monotonic() > deadline:
            return False
        pause.wait(0.1)
    return True


def test_scraped_metric_can_be_asked_for(prometheus: Prometheus, exporter: str) -> None:
    prometheus.scrape(rig=exporter)
    assert wait_for(lambda: prometheus.query("rig_things"))
    [(labels, value)] = prometheus.query("rig_things")
    assert (labels["job"], value) == ("rig", 7.0)
    assert [target["health"] for target in prometheus.targets()] == ["up"]


def test_rules_are_loaded_and_fire(prometheus: Prometheus) -> None:
    prometheus.configure(rules={"rig": RULES})
    assert [rule["name"] for rule in prometheus.rules()] == ["AlwaysThere", "rig:sum"]
    assert wait_for(prometheus.alerts)
    assert prometheus.alerts()[0]["labels"]["alertname"] == "AlwaysThere"


def test_rule_that_is_no_promql_is_refused_and_the_log_says_why(prometheus: Prometheus) -> None:
    with pytest.raises(KeyfleetError, match="refused"):
        prometheus.configure(EMPTY, {"bad": RULES.replace("vector(1)", "vector(")})
    assert "bad.yml" in prometheus.log.read_text()
