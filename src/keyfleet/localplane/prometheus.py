# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus server, to see metrics and rules through the eyes that will read them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from keyfleet.localplane import assets, rig

EMPTY = "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\nrule_files: ['rules/*.yml']\n"


class Prometheus(rig.Rig):
    """Prometheus with an empty configuration until `configure` gives it one."""

    name = "prometheus"

    def configure(self, config: str = EMPTY, rules: Mapping[str, str] | None = None) -> None:
        """Load a configuration, and files of rules that it finds as `rules/<name>.yml`.

        Raises:
            KeyfleetError: `localplane.refused`: Prometheus does not accept them; `log` says why.
        """
        self._write(config, rules or {})
        rig.must(self.url, "POST", "/-/reload", b"")

    def scrape(self, **targets: str) -> None:
        """Scrape each `host:port`, named by its job, every second."""
        jobs = [
            f"  - job_name: {job}\n    static_configs: [{{targets: ['{target}']}}]\n"
            for job, target in targets.items()
        ]
        self.configure(EMPTY + "scrape_configs:\n" + "".join(jobs))

    def get(self, path: str, **parameters: str) -> Any:
        """Return `data` of an answer below `/api/v1/`."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return rig.must(self.url, "GET", f"/api/v1/{path}{query}")["data"]

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and value of every series of an instant query."""
        found = self.get("query", query=expression)["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule as loaded, with its health and last error."""
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that are pending or firing."""
        return list(self.get("alerts")["alerts"])

    def targets(self) -> list[dict[str, Any]]:
        """Return what is scraped, with health and last error."""
        return list(self.get("targets")["activeTargets"])

    # The server.

    def prepare(self) -> None:
        """Write the empty configuration."""
        self._write(EMPTY, {})

    def command(self) -> list[str]:
        """Return the command line; everything it keeps lies in `directory`."""
        return [
            str(assets.ensure_tool("prometheus")),
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            f"--web.listen-address={rig.LOOPBACK}:{self.port}",
            "--web.enable-lifecycle",
            "--log.level=warn",
        ]

    def is_ready(self) -> bool:
        """Return whether it serves queries."""
        return rig.call(self.url, "GET", "/-/ready").status == 200

    def _write(self, config: str, rules: Mapping[str, str]) -> None:
        folder = self.directory / "rules"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, content in rules.items():
            (folder / f"{name}.yml").write_text(content)
        (self.directory / "prometheus.yml").write_text(config)
