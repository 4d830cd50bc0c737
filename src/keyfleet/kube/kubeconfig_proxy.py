# SPDX-License-Identifier: Apache-2.0
"""The proxy that the environment names for a server, read as Go programs read it."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from keyfleet.kube.kubeconfig_server import proxy_address


def environment_proxy(server: str, environ: Mapping[str, str], *, subject: str) -> str:
    """Return the proxy's URL for `server`, empty for none.

    Loopback is never proxied. `NO_PROXY` lists hosts, domains with their subdomains, addresses and
    networks, each optionally with a port, or `*`.

    Raises:
        InvalidInputError: The variable holds no address.
        UnsupportedError: It names a SOCKS proxy.
    """
    parts = urlsplit(server)
    name = f"{parts.scheme.upper()}_PROXY"
    proxy = environ.get(name) or environ.get(name.lower(), "")
    host = (parts.hostname or "").rstrip(".")
    port = str(parts.port or {"http": 80, "https": 443}[parts.scheme])
    excepted = environ.get("NO_PROXY") or environ.get("no_proxy", "")
    if not proxy or _is_loopback(host) or _is_excepted(host, port, excepted):
        return ""
    whole = proxy if "://" in proxy else f"http://{proxy}"
    return proxy_address(whole, field=name, subject=subject)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_excepted(host: str, port: str, excepted: str) -> bool:
    entries = (entry.strip().lower() for entry in excepted.split(","))
    return any(_matches(host, port, entry) for entry in entries if entry)


def _matches(host: str, port: str, entry: str) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _is_inside(host, entry)
    name, wanted = _with_port(entry)
    if wanted and wanted != port:
        return False
    if name.startswith((".", "*.")):
        return host.endswith(name.removeprefix("*"))
    return host == name or (not _is_address(host) and host.endswith(f".{name}"))


def _with_port(entry: str) -> tuple[str, str]:
    if _is_address(entry):
        return entry, ""
    name, colon, port = entry.rpartition(":")
    if not colon or not port.isdigit():
        return entry.strip("[]"), ""
    return name.strip("[]"), port


def _is_inside(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
