# SPDX-License-Identifier: Apache-2.0
"""What an exec plugin is told: its command line, its environment and `KUBERNETES_EXEC_INFO`.

Source: docs/compat/fleet.md, 1.1.4.
"""

import shutil
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError, UnreachableError
from keyfleet.kube.access import Endpoint
from keyfleet.kube.auth.printable import printable
from keyfleet.kube.auth.surroundings import Surroundings

API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
MODES = ("Never", "IfAvailable", "Always")

INHERITED = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TMP", "TEMP",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS", "KUBECACHEDIR", "USE_GKE_GCLOUD_AUTH_PLUGIN", "DISPLAY",
    "WAYLAND_DISPLAY", "BROWSER", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK",
})  # fmt: skip
"""Variables a plugin inherits. Others must be named in `exec.env`."""
INHERITED_PREFIXES = (
    "LC_", "XDG_", "AWS_", "GOOGLE_", "CLOUDSDK_", "AZURE_", "AAD_", "ARM_", "OCI_", "TKE_",
    "DIGITALOCEAN_", "PINNIPED_", "KUBELOGIN_",
)  # fmt: skip
"""Beginnings of inherited names: locale, folders, and what cloud SDKs read."""


@dataclass(frozen=True, slots=True)
class ExecConfig:
    """One `exec` stanza, checked, with its command resolved against the kubeconfig's folder."""

    command: str
    api_version: str
    interactive_mode: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    install_hint: str = ""
    """Safe to print: `kubeconfig_login` removes terminal escapes. client-go shows it ten times an
    hour; here it is part of the error, which the engine reports when it changes."""
    cluster: Mapping[str, object] | None = field(default=None, repr=False)
    """`spec.cluster` of the request; None without `provideClusterInfo`."""
    subject: str = ""
    """Context and kubeconfig, for error texts."""

    @property
    def place(self) -> str:
        """The command's name, context and kubeconfig, for error texts; never its arguments."""
        words = Path(self.command).name.split() or [""]
        return f"{printable(words[0])}, {self.subject}"

    def is_interactive(self, stdin_refused: str) -> bool:
        """Tell whether the plugin gets our standard input.

        Raises:
            InvalidInputError: It must ask a person and cannot.
        """
        if self.interactive_mode == "Always" and stdin_refused:
            raise InvalidInputError(
                "login.plugin_interactive",
                "the login plugin must ask a person and cannot",
                f"{stdin_refused} ({self.place})",
                hint="log in from a terminal, or use a plugin with interactiveMode IfAvailable",
            )
        return self.interactive_mode != "Never" and not stdin_refused

    def request(self, *, interactive: bool) -> bytes:
        """Return the JSON of `KUBERNETES_EXEC_INFO`."""
        spec: dict[str, object] = {"interactive": interactive}
        if self.cluster is not None:
            spec["cluster"] = self.cluster
        kind = {"apiVersion": self.api_version, "kind": "ExecCredential"}
        return codec.encode_json({**kind, "spec": spec})

    def environ(self, surroundings: Surroundings, *, interactive: bool) -> dict[str, str]:
        """Return the plugin's whole environment."""
        kept = {name: text for name, text in surroundings.environ.items() if _is_inherited(name)}
        info = self.request(interactive=interactive).decode()
        return {**kept, **dict(self.env), "KUBERNETES_EXEC_INFO": info}

    def executable(self, environ: Mapping[str, str]) -> str:
        """Return the absolute path of the command.

        Raises:
            UnreachableError: There is none (engine: retries, it may be installed meanwhile).
        """
        found = shutil.which(self.command, path=environ.get("PATH", ""))
        # A relative entry in PATH would run whatever lies in the current folder.
        if found is None or not Path(found).is_absolute():
            raise UnreachableError(
                "login.plugin_missing",
                "the executable of the login plugin was not found",
                self.place,
                hint=self.install_hint or "install it, or correct PATH or exec.command",
            )
        return found


def cluster_info(endpoint: Endpoint, *, proxy_url: str, config: object) -> dict[str, object]:
    """Return `spec.cluster`: how to reach the cluster, and the plugin's own `config` for it.

    Args:
        endpoint: Its CA is sent as data, also when it came from a file.
        proxy_url: What the kubeconfig says, not what the environment adds.
        config: The raw extension `client.authentication.k8s.io/exec`, None without.
    """
    ca = b64encode(endpoint.ca_pem).decode("ascii")
    optional = {
        "tls-server-name": endpoint.tls_server_name,
        "insecure-skip-tls-verify": endpoint.insecure,
        "certificate-authority-data": ca,
        "proxy-url": proxy_url,
        "disable-compression": endpoint.disable_compression,
        "config": config,
    }
    given = {name: value for name, value in optional.items() if value}
    return {"server": endpoint.server, **given}


def _is_inherited(name: str) -> bool:
    return name in INHERITED or name.startswith(INHERITED_PREFIXES)
